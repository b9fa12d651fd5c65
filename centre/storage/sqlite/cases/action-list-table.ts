// The town's guidance, actions and plans: every version is kept, the newest applies.
import type { ActionList } from '../../../cases/action-lists.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

export function createActionLists(db: Sqlite) {
  const all = db.prepare<[], { version: number; body: string }>(
    'SELECT version, body FROM action_lists ORDER BY version DESC',
  )
  const newestVersion = db.prepare<[], number | null>('SELECT max(version) FROM action_lists').pluck()
  const insert = db.prepare('INSERT INTO action_lists (at_ms, who, body) VALUES (?, ?, ?)')
  let known: { version: number; lists: ActionList[] } = { version: -1, lists: [] }
  /** The version before, if the newest is damaged. */
  function newestReadable(): ActionList[] {
    for (const { version, body } of all.iterate()) {
      const lists = readDocument(db, 'action_lists', version, body)
      if (lists) return lists
    }
    return []
  }
  return {
    newest: (): { version: number; lists: ActionList[] } => {
      const version = newestVersion.get() ?? 0
      if (version === known.version) return known
      known = { version, lists: newestReadable() }
      return known
    },
    put: (lists: readonly ActionList[], who: string, atMs: number): number =>
      Number(insert.run(atMs, who, JSON.stringify(lists)).lastInsertRowid),
  }
}

export type ActionLists = ReturnType<typeof createActionLists>
