// Checks device passwords off the event loop, a few at a time, and remembers right ones for a while: after a power
// cut five hundred devices come back at once.
import { createHash, createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { readPasswordFile } from './password-file.ts'
import { parsePasswordLines, passwordBytesMax, passwordMatches, type PasswordLines } from './passwords.ts'
import type { Credentials, CredentialVerdict } from '../port.ts'

export interface PasswordCredentialsOptions {
  /** Undefined: no device has a password. */
  file: string | undefined
  limits: { passwordChecks: number; passwordChecksWaiting: number }
  clock: Clock
  logger: Logger
}

const rememberMs = 3_600_000
const rememberedMax = 5000
/** Wrong passwords for one device from one address in `failureWindowMs` after which that pair has to wait. */
const failuresMax = 30
const failureWindowMs = 60_000
const failingPairsMax = 5000

export class PasswordCredentials implements Credentials {
  readonly #options: PasswordCredentialsOptions
  #entries: PasswordLines['entries'] = new Map()
  // Keys, not passwords: useless outside this process, and void when the entry changes.
  readonly #secret = createSystemRandom().hex(32)
  readonly #remembered = new Map<string, number>()
  readonly #failures = new Map<string, { count: number; sinceMs: number }>()
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: PasswordCredentialsOptions) {
    this.#options = options
  }

  get deviceCount(): number {
    return this.#entries.size
  }

  /** Reads the file (again). Lines that can not be read admit nobody and are named in the log. */
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

  /** A hash of the entry, whose salt is another one for each password. */
  markOf(device: string): string | undefined {
    const entry = this.#entries.get(device)
    return entry && createHash('sha256').update(entry.text).digest('base64url').slice(0, 16)
  }

  async verify(device: string, password: Uint8Array, address: string): Promise<CredentialVerdict> {
    const entry = this.#entries.get(device)
    if (!entry) return 'unknown-device'
    const { clock } = this.#options
    const key = createHmac('sha256', this.#secret)
      .update(`${device}:${entry.text}:`)
      .update(password)
      .digest('base64')
    const untilMs = this.#remembered.get(key)
    if (untilMs !== undefined && clock.monotonicMs() < untilMs) return 'right'
    if (password.byteLength === 0 || password.byteLength > passwordBytesMax) return 'wrong'
    const pair = `${address} ${device}`
    if (this.#mustWait(pair) || !(await this.#turn())) return 'busy'
    try {
      const isRight = await passwordMatches(password, entry.hash)
      if (isRight) this.#remember(key)
      else this.#noteFailure(pair)
      return isRight ? 'right' : 'wrong'
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  /** Waits for one of the few places; false when too many wait already. */
  async #turn(): Promise<boolean> {
    const { passwordChecks, passwordChecksWaiting } = this.#options.limits
    if (this.#running < passwordChecks) {
      this.#running++
      return true
    }
    if (this.#waiting.length >= passwordChecksWaiting) return false
    // Whoever is done hands its place on.
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return true
  }

  #remember(key: string): void {
    const oldest = this.#remembered.keys().next()
    if (this.#remembered.size >= rememberedMax && !oldest.done) this.#remembered.delete(oldest.value)
    this.#remembered.set(key, this.#options.clock.monotonicMs() + rememberMs)
  }

  #mustWait(pair: string): boolean {
    const failures = this.#failures.get(pair)
    if (!failures) return false
    if (this.#options.clock.monotonicMs() - failures.sinceMs > failureWindowMs) {
      this.#failures.delete(pair)
      return false
    }
    return failures.count >= failuresMax
  }

  #noteFailure(pair: string): void {
    const failures = this.#failures.get(pair)
    if (failures) {
      failures.count++
      return
    }
    const oldest = this.#failures.keys().next()
    if (this.#failures.size >= failingPairsMax && !oldest.done) this.#failures.delete(oldest.value)
    this.#failures.set(pair, { count: 1, sinceMs: this.#options.clock.monotonicMs() })
  }
}
