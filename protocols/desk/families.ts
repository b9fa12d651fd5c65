// Families who asked for notices: that an alarm at their relatives' home was raised, and that it is over. Never a picture, a kind or
// a name. Shared by the centre and the pages.
import type { AlarmKind } from '../domain/alarm.ts'
import type { Consent } from './roster.ts'

/** Calls of a person and danger at home; a burglary gives no notice, because the wrong person may see the page. */
export const familyKinds = [
  'sos',
  'assist',
  'fire',
  'smoke',
  'gas',
  'carbon-monoxide',
  'no-activity',
] as const satisfies readonly AlarmKind[]
export type FamilyKind = (typeof familyKinds)[number]

export interface Family {
  /** `family-3`. */
  id: string
  /** Such as "daughter": the household's word for the person who gets the notice. */
  label: string
  box: string
  /** The household: a zone of the box. */
  zone: string
  kinds: FamilyKind[]
  consent: Consent
  madeBy: string
  madeAtMs: number
  /** Deleted at this time. */
  expiresAtMs: number
}

export const familyNews = ['raised', 'ended'] as const
export type FamilyNews = (typeof familyNews)[number]

/** A notice for an outlet (telephone, short message) to pass on. `waiting` until the outlet confirms that it has taken it. */
export interface FamilyNotice {
  position: number
  family: string
  alarm: string
  what: FamilyNews
  atMs: number
  state: 'waiting' | 'taken'
}

export interface FamiliesAnswer {
  families: Family[]
}
/** `path` below the address of the desk, shown this once. */
export interface NewFamilyAnswer {
  family: Family
  path: string
}
export interface FamilyNoticesAnswer {
  notices: FamilyNotice[]
}

/** What the family's own page shows: newest first. */
export interface FamilyStateAnswer {
  label: string
  news: { what: FamilyNews; atMs: number }[]
  /** An alarm was raised and is not over. */
  isRaised: boolean
  expiresAtMs: number
  centreTimeMs: number
}
