// The changes table: what the stream pushed, kept for desks that were away, the oldest pruned.
import type { AlarmChange } from '../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'
import type { Sqlite } from './database.ts'
import type { BoxMessage, StoredChange } from './port.ts'

/** Changes kept for replay; a desk that missed more is told to load everything again. */
export const changesKept = 20_000
/** Pruning runs once in so many changes, not at each. */
const pruneEvery = 500

type Message = { type: `alarm.${AlarmChange | 'stage'}`; alarm: DeskAlarm } | BoxMessage

export function createChangeLog(db: Sqlite) {
  const insert = db.prepare('INSERT INTO changes (message) VALUES (?)')
  const update = db.prepare('UPDATE changes SET message = ? WHERE position = ?')
  const prune = db.prepare('DELETE FROM changes WHERE position <= ?')
  /** Inside the caller's transaction. */
  return (message: Message): StoredChange => {
    const position = Number(insert.run('').lastInsertRowid)
    const json = JSON.stringify({ ...message, position: String(position) })
    update.run(json, position)
    if (position % pruneEvery === 0) prune.run(position - changesKept)
    return { position, json }
  }
}

export function createChangeReader(db: Sqlite) {
  const select = db.prepare<[number, number], { position: number; message: string }>(
    'SELECT position, message FROM changes WHERE position > ? ORDER BY position LIMIT ?',
  )
  const oldest = db.prepare<[], { position: number | null }>('SELECT min(position) AS position FROM changes')
  const last = db.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")
  const lastPosition = (): number => last.get()?.seq ?? 0
  const changesAfter = db.transaction((after: number, limit: number): StoredChange[] | undefined => {
    if (after > lastPosition()) return undefined
    const first = oldest.get()?.position ?? lastPosition() + 1
    if (after < first - 1) return undefined
    return select.all(after, limit).map(({ position, message }) => ({ position, json: message }))
  })
  return { lastPosition, changesAfter }
}
