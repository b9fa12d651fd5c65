// The registry by division code: what is where, with its health and whom to call.
import type { AlarmKind } from '../../domain/alarm.ts'
import type { Colour, ZoneGrade } from '../../domain/colour.ts'
import type { PlanPoint } from '../../domain/places/coordinates.ts'
import type { BoxPresence } from '../api.ts'
import type { RosterPerson } from '../roster.ts'

/** By the length of its code: 2, 4, 6, 9 and 12 digits. */
export const divisionLevels = ['province', 'city', 'county', 'town', 'village'] as const
export type DivisionLevel = (typeof divisionLevels)[number]
const levelByDigits: Readonly<Record<number, DivisionLevel>> = {
  2: 'province',
  4: 'city',
  6: 'county',
  9: 'town',
  12: 'village',
}

/** Undefined for a slug. */
export const levelOf = (code: string): DivisionLevel | undefined =>
  /^\d+$/.test(code) ? levelByDigits[code.length] : undefined

export interface RegistryDivision {
  code: string
  level: DivisionLevel
  name?: string
  villages: number
}

export interface RegistryZone {
  id: string
  name?: string
  grade: ZoneGrade
  plan?: PlanPoint
}

export interface RegistryDevice {
  id: string
  name?: string
  kind: string
  zone?: string
  /** Its own place on the village plan, or that of its zone. */
  plan?: PlanPoint
  /** Kinds of its alarms that stand; empty: nothing is known against it. */
  alarms: AlarmKind[]
}

export interface RegistryBox {
  id: string
  name: string
  presence: BoxPresence
  lastHeardAtMs?: number
  /** The most closely watched first. */
  zones: RegistryZone[]
  /** Those with alarms first. */
  devices: RegistryDevice[]
  /** More than an answer holds. */
  isCut?: true
}

/** Who serves the village; numbers are asked for one by one, and each look is in the trail. */
export type RegistryContact = Pick<RosterPerson, 'id' | 'name' | 'role' | 'hasPhone'> & { isOnDuty: boolean }

export interface RegistryVillage {
  id: string
  name?: string
  /** Codes of the divisions above it, the town first. */
  above: string[]
  boxes: RegistryBox[]
  openAlarms: Record<Colour, number>
  /** Absent for a role that sees no roster. */
  contacts?: RegistryContact[]
}

/** `GET /api/v1/registry?under=&after=&limit=`: villages in the order of their codes. */
export interface RegistryAnswer {
  /** Those above the villages of the whole scope, not of this page alone. */
  divisions: RegistryDivision[]
  villages: RegistryVillage[]
  next?: string
}
