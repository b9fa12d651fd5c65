// Wires the accounts: sessions, sign-in, the cookies of known browsers, and the security log.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Role } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { Attendance } from '../accounts/attendance.ts'
import { DeviceCookies } from '../accounts/device-cookie.ts'
import { SecondFactor } from '../accounts/second-factor.ts'
import { SecurityLog } from '../accounts/security-log.ts'
import { Sessions } from '../accounts/sessions.ts'
import { SignIn } from '../accounts/sign-in.ts'
import type { Storage } from '../storage/port.ts'

/** The command line writes into the log, too: then streams of ended users and tokens are closed soon. */
const lookEveryMs = 1000

export interface OpenAccountsOptions {
  storage: Storage
  clock: Clock
  random: Random
  logger: Logger
  registry: Registry
  /** Roles that may not work without a second factor. */
  secondFactorRoles: readonly Role[]
}

export interface Accounts {
  attendance: Attendance
  sessions: Sessions
  signIn: SignIn
  secondFactor: SecondFactor
  needsSecondFactor: (role: Role) => boolean
  securityLog: SecurityLog
  /** The command line may have disabled or removed a user or changed the password: `listener` checks open streams. */
  onChanged: (listener: () => Promise<void>) => void
  stop: () => Promise<void>
}

export async function openAccounts(options: OpenAccountsOptions): Promise<Accounts> {
  const { storage, clock, random, logger, registry } = options
  const key = await storage.keepSecret('device-cookies', random.hex(32))
  const attendance = new Attendance(clock)
  const onHeard = (user: string): void => attendance.heard(user)
  const sessions = new Sessions({ storage, clock, random, onHeard })
  const devices = new DeviceCookies({ key, clock, random })
  const securityLog = new SecurityLog({ storage, clock, logger, registry })
  const secondFactor = new SecondFactor({ storage, clock, random })
  const needsSecondFactor = (role: Role): boolean => options.secondFactorRoles.includes(role)
  const signIn = new SignIn({
    storage,
    sessions,
    devices,
    log: securityLog,
    secondFactor,
    needsSecondFactor,
    clock,
    registry,
  })
  let last = await storage.lastSecurityPosition()
  let cancel: () => void = () => undefined
  let recheck: () => Promise<void> = () => Promise.resolve()
  let isStopped = false
  const look = async (): Promise<void> => {
    try {
      const now = await storage.lastSecurityPosition()
      if (now !== last) await recheck()
      last = now
    } catch (error) {
      if (!isStopped) logger.error({ err: error }, 'the security log can not be read')
    }
    schedule()
  }
  const schedule = (): void => {
    if (!isStopped) cancel = clock.after(lookEveryMs, () => void look())
  }
  schedule()
  return {
    attendance,
    sessions,
    signIn,
    secondFactor,
    needsSecondFactor,
    securityLog,
    onChanged: (listener) => {
      recheck = listener
    },
    stop: async () => {
      isStopped = true
      cancel()
      await securityLog.stop()
    },
  }
}
