// The parts of the box that the console asks.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { DevicesAnswer, HealthAnswer, HealthQuarantineEntry } from '../../protocols/console/api.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Result } from '../../protocols/kit/result.ts'
import type { AlarmInput } from '../alarms/port.ts'
import type { Cameras } from '../cameras/port.ts'
import type { OnBox } from './access/callers.ts'
import type { ConsoleAccess } from './access/console-access.ts'
import type { Control, ForgetRequest } from './box-controls.ts'
import type { DeviceControls } from './device-controls.ts'
import type { Route } from './routes/route.ts'

export interface ConsoleOptions {
  host: string
  port: number
  /** Where it listens while the village's network is let in. */
  villageHost: string
  /** True for addresses of the box itself: loopback. */
  isOnBox?: OnBox
  /** Further names under which programs may send requests. */
  names?: readonly string[]
  /** Folder of the built page. */
  pageFolder: string
  boxName: string
  access: ConsoleAccess
  /** Sign-ins and changes, for the journal. */
  note: (what: string, facts: Record<string, unknown>) => void
  clock: Clock
  metrics: Registry
  logger: Logger
  /** Why the box is not well, or undefined. */
  fault: () => string | undefined
  health: () => Promise<HealthAnswer>
  quarantine: (limit: number) => Promise<HealthQuarantineEntry[]>
  /** Judges and stores a person's request; otherwise its problems. */
  control: (control: Control, body: Uint8Array) => Promise<Result<AlarmInput>>
  /** A device was reset or replaced: its message ids count as new. */
  forget: (request: ForgetRequest) => Promise<void>
  cameras: Cameras | undefined
  devices: DeviceControls & { answer: () => DevicesAnswer }
  /** Set-up, import, walk test and settings. */
  more?: readonly Route[]
}
