// Decides which villages an account may see and change. Pages, routes, the stream and storage use this function. Pure.
import { villageOf } from '../domain/names.ts'

/** Codes of towns (9 digits), counties (6), cities (4), provinces (2), or ids of villages. If absent: every village. */
export type Scope = readonly string[]

export const scopeEntriesMax = 200
/** Lengths of division codes above the village. */
const divisionPattern = /^(?:\d{2}|\d{4}|\d{6}|\d{9})$/
const scopeEntryPattern = /^[a-z0-9][a-z0-9-]{0,47}$/
/** The code of a village, or of a town whose centre sends to this centre (county): it is handled as a village here. */
const codedVillagePattern = /^(?:\d{9}|\d{12})$/

/** `place`: the id of a village or of a box. */
export function isInScope(scope: Scope | undefined, place: string): boolean {
  if (scope === undefined) return true
  const village = villageOf(place)
  return scope.some(
    (entry) =>
      entry === village ||
      (divisionPattern.test(entry) && codedVillagePattern.test(village) && village.startsWith(entry)),
  )
}

/** Example: `320612104, upper-brook`. Returns null for `all` (every village), undefined for an invalid scope. */
export function parseScope(text: string): Scope | null | undefined {
  if (text.trim() === 'all') return null
  const entries = text.split(',').map((entry) => entry.trim())
  const areGood = entries.every((entry) => scopeEntryPattern.test(entry) && villageOf(entry) === entry)
  return areGood && entries.length <= scopeEntriesMax ? [...new Set(entries)] : undefined
}
