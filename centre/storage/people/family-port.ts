// Storage's part of families: who asked for news of which household, and the queue of notices for them.
import type { Family, FamilyNotice, FamilyStateAnswer } from '../../../protocols/desk/families.ts'
import type { Scope } from '../../../protocols/desk/scope.ts'

export type NewFamily = Omit<Family, 'id'> & { hash: string }

export interface FamilyWriterCalls {
  /** Undefined when there is no room. */
  putFamily(family: NewFamily): Family | undefined
  dropFamily(id: number, by: string, atMs: number): boolean
  /** By the family itself. */
  leaveFamily(hash: string, atMs: number): boolean
  /** Answers how many of them waited. */
  takeNotices(positions: readonly number[], by: string, atMs: number): number
}

export interface FamilyReaderCalls {
  families(query: { scope?: Scope | undefined; after: number; limit: number }): Family[]
  family(id: number): Family | undefined
  familyState(hash: string, nowMs: number): FamilyStateAnswer | undefined
  /** Those that wait, oldest first, of households in the scope. */
  familyNotices(query: { scope?: Scope | undefined; after: number; limit: number }): FamilyNotice[]
}

export const familyWriterCalls = [
  'putFamily',
  'dropFamily',
  'leaveFamily',
  'takeNotices',
] as const satisfies (keyof FamilyWriterCalls)[]
export const familyReaderCalls = [
  'families',
  'family',
  'familyState',
  'familyNotices',
] as const satisfies (keyof FamilyReaderCalls)[]
