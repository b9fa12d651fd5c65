// A page for an account of a few villages is found box by box: among the rows of a whole town, its own may be the last.
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import type { Sqlite } from './database.ts'

/** Read box by box up to this number; above it, or above a fifth of all boxes, a scan finds a page sooner. */
const narrowBoxesMax = 200
const narrowShare = 0.2

/** The boxes of the scope as a JSON list; undefined when the scope is no small part of the town. */
export type NarrowScope = (scope: Scope | undefined) => string | undefined

export function createNarrowScope(db: Sqlite): NarrowScope {
  // Ids begin with the code of the village, and that with the codes above it.
  const under = db
    .prepare<[string, string, number], string>('SELECT id FROM boxes WHERE id >= ? AND id < ? LIMIT ?')
    .pluck()
  const count = db.prepare<[], number>('SELECT count(*) FROM boxes').pluck()
  return (scope) => {
    if (scope === undefined) return undefined
    const boxes = new Set<string>()
    for (const entry of scope) {
      const found = under.all(entry, `${entry}~`, narrowBoxesMax + 1) as string[]
      if (found.length > narrowBoxesMax) return undefined
      for (const id of found) if (isInScope([entry], id)) boxes.add(id)
      if (boxes.size > narrowBoxesMax) return undefined
    }
    return boxes.size <= (count.get() ?? 0) * narrowShare ? JSON.stringify([...boxes]) : undefined
  }
}
