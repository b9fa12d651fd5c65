// Urgent entries overtake routine ones, their documents may not: an older document would undo a newer one.
import type { JournalEntry } from '../port.ts'

export interface DocumentsOfEntry {
  /** Documents still to be written with the entry. */
  state: NonNullable<JournalEntry['state']>
  /** Place in the order of handing in, which is the order of judging. */
  order: number
}

const inOrder = <T extends DocumentsOfEntry>(entries: readonly T[]): T[] =>
  entries.filter(({ state }) => state.length > 0).sort((a, b) => a.order - b.order)

/** What one commit writes, oldest first. */
export function documentsOf(batch: readonly DocumentsOfEntry[]): [key: string, json: string | null][] {
  return inOrder(batch).flatMap(({ state }) =>
    state.map(([key, value]): [string, string | null] => [
      key,
      value === undefined ? null : JSON.stringify(value),
    ]),
  )
}

/** Whoever is left behind by a full batch may not write later what the batch has newer. */
export function supersede(left: readonly DocumentsOfEntry[], batch: readonly DocumentsOfEntry[]): void {
  if (left.length === 0) return
  const newest = new Map(inOrder(batch).flatMap(({ state, order }) => state.map(([key]) => [key, order])))
  for (const entry of left) entry.state = entry.state.filter(([key]) => (newest.get(key) ?? 0) < entry.order)
}
