// Storage's part of people: the duty roster. `lookAtContact` is the only call that returns telephone numbers, and it
// seals the access in the trail.
import type { RosterEntry, RosterPerson } from '../../protocols/desk/roster.ts'
import type { Scope } from '../../protocols/desk/scope.ts'

/** An entry as a supervisor writes it. `phone` absent: the stored number stays. */
export interface WrittenPerson extends RosterEntry {
  phone?: string | undefined
}

export interface RosterQuery {
  scope?: Scope | undefined
  village?: string | undefined
  /** After this number. */
  after: number
  limit: number
}

export interface PeopleWriterCalls {
  /** Undefined: there is no such person, or no room for a new one. */
  putPerson(id: number | undefined, person: WrittenPerson, by: string, atMs: number): RosterPerson | undefined
  dropPerson(id: number, by: string, atMs: number): boolean
  /** The number, once the access is in the trail; undefined without a number. */
  lookAtContact(id: number, by: string, why: string, atMs: number): string | undefined
  /** Deletes entries after their term and returns the number of each kind. */
  dropExpiredPeople(nowMs: number): Record<string, number>
}

export interface PeopleReaderCalls {
  roster(query: RosterQuery): { people: RosterPerson[]; next?: number }
  person(id: number): RosterPerson | undefined
}

export const peopleWriterCalls = [
  'putPerson',
  'dropPerson',
  'lookAtContact',
  'dropExpiredPeople',
] as const satisfies (keyof PeopleWriterCalls)[]
export const peopleReaderCalls = ['roster', 'person'] as const satisfies (keyof PeopleReaderCalls)[]
