// Urgent entries overtake routine ones, but their documents may not: an older document would overwrite a newer one.
import type { JournalEntry } from '../port.ts'

export interface DocumentsOfEntry {
  /** Documents of the entry that still have to be written. */
  state: NonNullable<JournalEntry['state']>
  /** Position in the order of `append`, which is the order of judging. */
  order: number
}

const inOrder = <T extends DocumentsOfEntry>(entries: readonly T[]): T[] =>
  entries.filter(({ state }) => state.length > 0).sort((a, b) => a.order - b.order)

/** The documents of one commit, oldest first. */
export function documentsOf(batch: readonly DocumentsOfEntry[]): [key: string, json: string | null][] {
  return inOrder(batch).flatMap(({ state }) =>
    state.map(([key, value]): [string, string | null] => [
      key,
      value === undefined ? null : JSON.stringify(value),
    ]),
  )
}

/** An entry that did not fit into the batch must not later write a document of which the batch has a newer version. */
export function supersede(left: readonly DocumentsOfEntry[], batch: readonly DocumentsOfEntry[]): void {
  if (left.length === 0) return
  const newest = new Map(inOrder(batch).flatMap(({ state, order }) => state.map(([key]) => [key, order])))
  for (const entry of left) entry.state = entry.state.filter(([key]) => (newest.get(key) ?? 0) < entry.order)
}
