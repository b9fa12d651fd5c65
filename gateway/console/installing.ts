// What set-up, import, walk test and settings ask of the box.
import type { Logger } from 'pino'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import type { ConnectFacts, WalkTestAnswer } from '../../protocols/console/installing.ts'
import type { Result } from '../../protocols/kit/result.ts'
import type { CentreChanges } from '../config/centre-changes.ts'
import type { GatewayConfig } from '../config/config.ts'

export interface Installing {
  config: GatewayConfig
  /** Absent where the box was given no file to keep a change beside. */
  centreConfig: CentreChanges | undefined
  logger: Logger
  wallMs: () => number
  health: () => Promise<HealthAnswer>
  walkTest: () => WalkTestAnswer
  /** The port of this console. */
  port: () => number
  /** A new password for a device, and the hash that is stored of it. */
  newPassword: () => Promise<{ password: string; hash: string }>
  /** Puts the passwords that the settings hold into the password file. */
  placePasswords: () => Promise<Result<void>>
  /** How devices connect from the village's network. */
  connect: () => ConnectFacts
  /** Lets new devices join at every bridge; the bridges that did not agree. */
  openPairing: (minutes: number, by: string) => Promise<{ bridge: string; problem: string }[]>
  /** The gateway starts anew with the configuration as it is then. */
  restart: (why: string) => void
  note: (what: string, facts: Record<string, unknown>) => void
}
