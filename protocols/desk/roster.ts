// The duty roster: the people of a village who can be sent, when, and how long the entry may be kept. Shared by the
// centre and the pages. No list contains telephone numbers: a separate call returns each, and it is in the audit trail.

export const rosterRoles = ['grid-keeper', 'village-doctor', 'volunteer', 'fire-post'] as const
export type RosterRole = (typeof rosterRoles)[number]

/** WGS-84, in degrees; kept to four decimals, some ten metres. */
export interface Position {
  latitude: number
  longitude: number
}

/** Local time of the town. `days`: 1 Monday to 7 Sunday; `to` at or before `from` is on the next day. */
export interface DutyHours {
  days: number[]
  from: string
  to: string
}

/** Absent from duty; the reason is not stored. */
export interface Absence {
  fromMs: number
  toMs: number
}

/** How the person agreed to be listed. */
export const consentWays = ['paper', 'in-person', 'telephone'] as const

export interface Consent {
  how: (typeof consentWays)[number]
  atMs: number
}

export interface RosterEntry {
  /** A name or a designation such as "post 3". */
  name: string
  role: RosterRole
  /** Villages that this person serves. */
  villages: string[]
  /** Zones inside them, by id; none: every zone. */
  zones: string[]
  /** The grid cell that this person looks after. */
  cell?: string | undefined
  /** The usual place of this person. */
  position?: Position | undefined
  /** None: always on duty. */
  hours: DutyHours[]
  absences: Absence[]
  consent: Consent
  /** Deleted at this time, unless the person agrees again. */
  expiresAtMs: number
}

export interface RosterPerson extends RosterEntry {
  /** `person-12`. */
  id: string
  hasPhone: boolean
  changedAtMs: number
}

export interface RosterAnswer {
  people: RosterPerson[]
  next?: string
}

export interface PersonAnswer {
  person: RosterPerson
}

/** Why a person has this position in the list of the nearest. */
export const nearReasons = ['cell', 'zone', 'distance', 'village'] as const
export type NearReason = (typeof nearReasons)[number]

export interface PersonOnDuty {
  person: RosterPerson
  why: NearReason
  /** Metres in a straight line, if both positions are known. */
  distanceM?: number
}

/** `GET /api/v1/roster/duty?village=&zone=&cell=&latitude=&longitude=`: the nearest first. */
export interface DutyAnswer {
  people: PersonOnDuty[]
}

/** `GET /api/v1/roster/{personId}/contact`: the access is in the audit trail. */
export interface ContactAnswer {
  phone: string
}
