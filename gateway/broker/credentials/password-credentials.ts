// Checks device passwords off the event loop, a few at a time, delays repeated wrong guesses, and caches correct
// passwords for a while: after a power cut five hundred devices reconnect at once.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { createHash, createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { GuessLimit } from '../../../platform/strangers/guess-limit.ts'
import { networkOf } from '../../../platform/strangers/network-address.ts'
import { CheckQueue, type CheckQueueLimits } from './check-queue.ts'
import { readPasswordFile } from './password-file.ts'
import {
  decoyHash,
  parsePasswordLines,
  passwordBytesMax,
  passwordMatches,
  type PasswordLines,
} from './passwords.ts'
import type { Credentials, CredentialVerdict } from '../port.ts'

export interface PasswordCredentialsOptions {
  /** Undefined: no device has a password. */
  file: string | undefined
  limits: CheckQueueLimits
  clock: Clock
  logger: Logger
}

const rememberMs = 3_600_000
const rememberedMax = 5000
/** Networks from which a device has signed in; beyond it the oldest is removed. */
const networksMax = 5000

export class PasswordCredentials implements Credentials {
  readonly #options: PasswordCredentialsOptions
  #entries: PasswordLines['entries'] = new Map()
  // Keys, not passwords: useless outside this process, and void when the entry changes.
  readonly #secret = createSystemRandom().hex(32)
  readonly #remembered = new Map<string, number>()
  readonly #networks = new Set<string>()
  readonly #guesses: GuessLimit
  readonly #queue: CheckQueue

  constructor(options: PasswordCredentialsOptions) {
    this.#options = options
    this.#guesses = new GuessLimit(options.clock)
    this.#queue = new CheckQueue(options.limits, (network) => this.#networks.has(network))
  }

  get deviceCount(): number {
    return this.#entries.size
  }

  /** Reads the file (again). Invalid lines admit no device and are named in the log. */
  async load(): Promise<void> {
    const { file, logger } = this.#options
    if (file === undefined) return
    const { entries, problems } = parsePasswordLines(await readPasswordFile(file))
    this.#entries = entries
    logger.info({ file, devices: entries.size }, 'password file read')
    if (problems.length > 0)
      logger.error({ file, problems: problems.slice(0, 20) }, 'password file has bad lines')
  }

  has(device: string): boolean {
    return this.#entries.has(device)
  }

  /** A hash of the entry, which has a different salt for each password. */
  markOf(device: string): string | undefined {
    const entry = this.#entries.get(device)
    return entry && createHash('sha256').update(entry.text).digest('base64url').slice(0, 16)
  }

  /**
   * A name without a password takes the same time as one with a password: the answer must not show which names exist.
   */
  async verify(device: string, password: Uint8Array, address: string): Promise<CredentialVerdict> {
    const entry = this.#entries.get(device)
    const key = createHmac('sha256', this.#secret)
      .update(`${device}:${entry?.text ?? ''}:`)
      .update(password)
      .digest('base64')
    const untilMs = this.#remembered.get(key)
    if (untilMs !== undefined && this.#options.clock.monotonicMs() < untilMs) return 'right'
    if (password.byteLength === 0 || password.byteLength > passwordBytesMax) return 'wrong'
    if (!this.#guesses.allows(device, address)) return 'too-many-guesses'
    const network = networkOf(address)
    return this.#queue.run(network, async () => {
      // Other attempts with the same name may have failed while this one waited.
      if (!this.#guesses.allows(device, address)) return 'too-many-guesses'
      const isRight = (await passwordMatches(password, entry?.hash ?? decoyHash)) && entry !== undefined
      if (!isRight) {
        this.#guesses.note(device, address)
        return entry ? 'wrong' : 'unknown-device'
      }
      this.#remember(key)
      this.#know(network)
      return 'right'
    })
  }

  #remember(key: string): void {
    this.#remembered.set(key, this.#options.clock.monotonicMs() + rememberMs)
    forgetOldest(this.#remembered, rememberedMax)
  }

  #know(network: string): void {
    this.#networks.delete(network)
    this.#networks.add(network)
    forgetOldest(this.#networks, networksMax)
  }
}
