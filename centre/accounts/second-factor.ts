// The second factor: time-based codes (RFC 6238, with `otpauth`), and recovery codes in case the phone is lost. A code is accepted once,
// also one step early or late. Wrong codes are throttled like wrong passwords.
import { createHash } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { Storage } from '../storage/port.ts'

export const stepSeconds = 30
/** Number of steps before and after the current one that are accepted, because the clocks of phones differ. */
const stepsAround = 1
/** As RFC 4226 recommends: the length of a SHA-1 hash. */
const secretBytes = 20
export const recoveryCodesCount = 10
const recoveryCodeBytes = 5

export interface SecondFactorOptions {
  storage: Pick<
    Storage,
    'factor' | 'putFactor' | 'confirmFactor' | 'useFactorStep' | 'useRecoveryCode' | 'dropFactor'
  >
  clock: Clock
  random: Random
}

const totpOf = (secret: string, user: string): TOTP =>
  new TOTP({ issuer: 'Gengfu', label: user, secret: Secret.fromHex(secret), period: stepSeconds })

/** The step of the code; undefined if the code fits no step near the present time. */
export function stepOfCode(secret: string, code: string, wallMs: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined
  const delta = totpOf(secret, '').validate({ token: code, timestamp: wallMs, window: stepsAround })
  return delta === null ? undefined : Math.floor(wallMs / 1000 / stepSeconds) + delta
}

/** Written with or without the dash, in either case. */
const plain = (code: string): string => code.toLowerCase().replaceAll(/[\s-]/g, '')
export const recoveryHash = (user: string, code: string): string =>
  createHash('sha256')
    .update(`recovery ${user} ${plain(code)}`)
    .digest('hex')

export class SecondFactor {
  readonly #options: SecondFactorOptions

  constructor(options: SecondFactorOptions) {
    this.#options = options
  }

  async stateOf(user: string): Promise<{ isConfirmed: boolean; codesLeft: number }> {
    const known = await this.#options.storage.factor(user)
    return { isConfirmed: known?.isConfirmed === true, codesLeft: known?.isConfirmed ? known.codesLeft : 0 }
  }

  /** True when the user's code, or one of the recovery codes, is right and was not used before. */
  async isRight(user: string, code: string): Promise<boolean> {
    const { storage, clock } = this.#options
    const known = await storage.factor(user)
    if (!known?.isConfirmed) return false
    const trimmed = code.replaceAll(/\s/g, '')
    const step = stepOfCode(known.secret, trimmed, clock.wallMs())
    if (step !== undefined) return storage.useFactorStep(user, step)
    if (plain(code).length !== recoveryCodeBytes * 2) return false
    return storage.useRecoveryCode(user, recoveryHash(user, code))
  }

  /** The text for the person's app; undefined while a confirmed factor exists. */
  async begin(user: string): Promise<{ uri: string; secret: string } | undefined> {
    const { storage, clock, random } = this.#options
    const secret = random.hex(secretBytes)
    if (!(await storage.putFactor(user, secret, clock.wallMs()))) return undefined
    const totp = totpOf(secret, user)
    return { uri: totp.toString(), secret: totp.secret.base32 }
  }

  /** The recovery codes, which are shown only once; undefined if the code is wrong. `session`: the hash of the token that stays valid. */
  async confirm(user: string, code: string, session: string): Promise<string[] | undefined> {
    const { storage, clock, random } = this.#options
    const known = await storage.factor(user)
    if (!known || known.isConfirmed) return undefined
    const step = stepOfCode(known.secret, code.replaceAll(/\s/g, ''), clock.wallMs())
    if (step === undefined) return undefined
    const codes = Array.from({ length: recoveryCodesCount }, () => {
      const text = random.hex(recoveryCodeBytes)
      return `${text.slice(0, 5)}-${text.slice(5)}`
    })
    const hashes = codes.map((one) => recoveryHash(user, one))
    return (await storage.confirmFactor(user, step, hashes, session, clock.wallMs())) ? codes : undefined
  }

  remove(user: string): Promise<boolean> {
    return this.#options.storage.dropFactor(user)
  }
}
