// One sign-in from the password to the session: throttled, queued, checked, and logged.
import { Gauge, type Registry } from 'prom-client'
import type { Role } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'
import type { Storage } from '../storage/port.ts'
import type { DeviceCookies } from './device-cookie.ts'
import { HashQueue } from './hash-queue.ts'
import { LoginLimit } from './login-limit.ts'
import type { SecurityLog } from './security-log.ts'
import type { SecondFactor } from './second-factor.ts'
import type { Sessions } from './sessions.ts'

/** Throttled attempts are logged at most once in this time. */
const throttledNoteEveryMs = 10_000

export interface SignInTry {
  user: string
  password: string
  address: string
  /** The cookie of a known browser, if there is one. */
  deviceCookie: string | undefined
  /** True when the browser has closed the connection: the password need not be checked. */
  isGone: () => boolean
}

export type PasswordCheck =
  | { type: 'right'; role: Role; salt: string }
  | { type: 'wrong' | 'throttled' | 'busy' }

export type SignInOutcome =
  | { type: 'done'; token: string; role: Role; deviceCookie: string; mustEnrol: boolean }
  | { type: 'wrong' | 'throttled' | 'busy' | 'code-needed' | 'wrong-code' }

export interface SignInOptions {
  storage: Pick<Storage, 'password'>
  sessions: Sessions
  devices: DeviceCookies
  log: SecurityLog
  secondFactor: SecondFactor
  /** True for the roles that must have a second factor. */
  needsSecondFactor: (role: Role) => boolean
  clock: Clock
  registry: Registry
}

export class SignIn {
  readonly #options: SignInOptions
  readonly #limit: LoginLimit
  readonly #queue = new HashQueue()
  #throttledNotedAtMs = -Infinity

  constructor(options: SignInOptions) {
    this.#options = options
    this.#limit = new LoginLimit(options.clock)
    const queue = this.#queue
    new Gauge({
      name: 'gengfu_centre_sign_ins_waiting',
      help: 'Sign-ins that wait for their password to be checked',
      registers: [options.registry],
      collect() {
        this.set(queue.waiting)
      },
    })
  }

  async signIn(attempt: SignInTry & { code?: string | undefined }): Promise<SignInOutcome> {
    const { sessions, devices, log, secondFactor, needsSecondFactor } = this.#options
    const { user, address, code } = attempt
    const { isConfirmed } = await secondFactor.stateOf(user)
    const checked = await this.check(attempt, isConfirmed)
    if (checked.type !== 'right') return checked
    if (isConfirmed) {
      if (code === undefined) return { type: 'code-needed' }
      if (!(await this.checkCode(attempt, checked.salt, code))) return { type: 'wrong-code' }
    }
    const mustEnrol = !isConfirmed && needsSecondFactor(checked.role)
    const token = await sessions.open(user, checked.role, { address, mustEnrol })
    log.note('sign-in', user, address, checked.role)
    const deviceCookie = devices.issue(user, checked.salt)
    return { type: 'done', token, role: checked.role, deviceCookie, mustEnrol }
  }

  /** A wrong code counts as a failure, as a wrong password does. The count is reset only when the code is right. */
  async checkCode(attempt: SignInTry, salt: string, code: string): Promise<boolean> {
    const { devices, log, secondFactor } = this.#options
    const { user, address } = attempt
    const guess = { user, address, browser: devices.check(attempt.deviceCookie, user, salt) }
    if (await secondFactor.isRight(user, code)) {
      this.#limit.succeed(guess)
      return true
    }
    this.#limit.fail(guess)
    log.note('sign-in-failed', user, address, 'second factor')
    return false
  }

  /** Checks the password. The check takes as long for an unknown user, so that the time does not show who exists. */
  async check(attempt: SignInTry, isCodeNext = false): Promise<PasswordCheck> {
    const { storage, sessions, devices, log } = this.#options
    const { user, password, address, isGone } = attempt
    const row = await storage.password(user)
    const browser = devices.check(attempt.deviceCookie, user, row?.salt ?? '')
    const guess = { user, address, browser }
    // A throttled attempt is answered at once.
    if (!this.#limit.isAllowed(guess)) return this.#throttled(attempt)
    const network = networkOf(address)
    const checked = await this.#queue.run<PasswordCheck>({
      network,
      key: `${network} ${user}`,
      isKnown: browser !== undefined,
      isGone,
      work: async () => {
        // Checked again: attempts that were before this one in the queue may have failed since.
        if (!this.#limit.isAllowed(guess)) return this.#throttled(attempt)
        if (await sessions.isPassword(row, password)) {
          // If a code follows, the count is not reset yet: otherwise each right password would allow five more codes.
          if (!isCodeNext) this.#limit.succeed(guess)
          return row ? { type: 'right', role: row.role, salt: row.salt } : { type: 'wrong' }
        }
        this.#limit.fail(guess)
        log.note('sign-in-failed', user, address)
        return { type: 'wrong' }
      },
    })
    return typeof checked === 'string' ? { type: 'busy' } : checked
  }

  #throttled({ user, address }: SignInTry): PasswordCheck {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#throttledNotedAtMs >= throttledNoteEveryMs) {
      this.#throttledNotedAtMs = nowMs
      this.#options.log.note('sign-in-throttled', user, address)
    }
    return { type: 'throttled' }
  }
}
