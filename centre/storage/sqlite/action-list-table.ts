// The town's guidance, actions and plans: every version is kept, the newest holds.
import type { ActionList } from '../../cases/action-lists.ts'
import type { Sqlite } from './database.ts'

export function createActionLists(db: Sqlite) {
  const newest = db.prepare<[], { version: number; body: string }>(
    'SELECT version, body FROM action_lists ORDER BY version DESC LIMIT 1',
  )
  const newestVersion = db.prepare<[], number | null>('SELECT max(version) FROM action_lists').pluck()
  const insert = db.prepare('INSERT INTO action_lists (at_ms, who, body) VALUES (?, ?, ?)')
  let known: { version: number; lists: ActionList[] } = { version: -1, lists: [] }
  return {
    newest: (): { version: number; lists: ActionList[] } => {
      const version = newestVersion.get() ?? 0
      if (version === known.version) return known
      const row = newest.get()
      known = { version, lists: row ? (JSON.parse(row.body) as ActionList[]) : [] }
      return known
    },
    put: (lists: readonly ActionList[], who: string, atMs: number): number =>
      Number(insert.run(atMs, who, JSON.stringify(lists)).lastInsertRowid),
  }
}
