// Who is at the desks, for the person who leads them; and the rules that the centre runs by. All times are ms.
import type { CaseStep } from '../../domain/step-limits.ts'
import type { StoredCaseRules } from './case-rules.ts'
import type { Colour } from '../../domain/colour.ts'
import type { Role } from '../roles.ts'

/** A person with an open session, or who holds cases. */
export interface StaffPerson {
  user: string
  role?: Role
  /** The first of the open sessions; absent: none is open. */
  sinceMs?: number
  /** Without a request or an open page for this long; absent without a session. */
  silentForMs?: number
  /** Open cases in this person's hands. */
  held: number
}

/** `GET /api/v1/staff`. */
export interface StaffAnswer {
  staff: StaffPerson[]
}

/** `POST /api/v1/staff/{name}/redistribute`, body `{why}`: the cases go back to the queue. */
export interface RedistributeAnswer {
  moved: number
}

/** `GET /api/v1/settings`: the rules as they apply; those for cases are changed by `POST /api/v1/settings/case-rules`. */
export interface SettingsAnswer {
  /** ms by step and colour, as they apply; a step without a limit is left out. */
  limitsMs: Record<CaseStep, Partial<Record<Colour, number>>>
  /** Keys under `cases.limitsMs` of the configuration file. */
  changed: string[]
  redAcceptances: number
  reopenAt: number
  mustReport: Colour[]
  night: { to: string; from: string; until: string; weekdays?: number[] }[]
  daily: { due: string; mustSign: boolean }
  retentionDays: { routine: number; alarms: number; pictures: number; attachments: number }
  secondFactorRoles: Role[]
  /** Sign-in by the town's directory. */
  hasDirectory: boolean
  /** The next centre up, by its name here. */
  upward?: string
  timeZone: string
  linkHours: number
  /** What was set at the desk, before the file. */
  desk: StoredCaseRules
}
