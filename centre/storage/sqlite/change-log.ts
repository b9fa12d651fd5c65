// The changes table: the messages of the stream, kept for desks that were away; the oldest are deleted.
import type { AlarmChange } from '../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { CaseMessage } from '../../../protocols/desk/cases.ts'
import type { ShiftMessage } from '../../../protocols/desk/shifts.ts'
import { isPostgres, positionMax, startOf, textFor, type Sqlite } from './database.ts'
import { readDocument } from './documents.ts'
import type { BoxMessage, CommandMessage, PictureMessage, StoredChange } from '../port.ts'

/** Changes kept for replay; a desk that missed more must load everything again. */
export const changesKept = 20_000
/** Changes between two deletions. */
const pruneEvery = 500

type Message =
  | { type: `alarm.${AlarmChange | 'stage'}`; alarm: DeskAlarm }
  | Omit<CaseMessage, 'position'>
  | Omit<ShiftMessage, 'position'>
  | BoxMessage
  | CommandMessage
  | PictureMessage

/** Behind the position, which is the last part of each message. */
const ending = '"}'

/** The server puts the position into the text: the change need not wait for it. Read before the commit, its values are asked for. */
function createWaitlessPut(db: Sqlite): (text: string) => StoredChange {
  const insert = db.prepare(
    `INSERT INTO changes (position, message) SELECT given, CAST(? AS TEXT) || given || CAST(? AS TEXT)
     FROM (SELECT nextval('changes_position_seq') AS given) AS number`,
  )
  const notify = db.prepare("SELECT pg_notify('changes', '')")
  return (text) => {
    const made = insert.run(text, ending)
    // Several of one transaction are one.
    notify.run()
    return {
      get position() {
        return Number(made.lastInsertRowid)
      },
      get json() {
        return `${text}${made.lastInsertRowid}${ending}`
      },
    }
  }
}

export function createChangeLog(db: Sqlite) {
  const insert = db.prepare('INSERT INTO changes (message) VALUES (?)')
  const update = db.prepare('UPDATE changes SET message = ? WHERE position = ?')
  const prune = db.prepare(
    'DELETE FROM changes WHERE position <= (SELECT position FROM changes ORDER BY position DESC LIMIT 1 OFFSET ?)',
  )
  leap(db)
  const put = isPostgres(db)
    ? createWaitlessPut(db)
    : (text: string): StoredChange => {
        const position = Number(insert.run('').lastInsertRowid)
        const json = `${text}${position}${ending}`
        update.run(json, position)
        return { position, json }
      }
  let untilPrune = pruneEvery
  /** Inside the caller's transaction. */
  return (message: Message): StoredChange => {
    const stored = put(JSON.stringify({ ...message, position: '' }).slice(0, -ending.length))
    if (--untilPrune === 0) {
      untilPrune = pruneEvery
      prune.run(changesKept)
    }
    return stored
  }
}

/** After an older backup was restored, no position may be used twice: a desk would take it for one that it has. */
function leap(db: Sqlite): void {
  const start = startOf(db)
  if (isPostgres(db)) {
    db.prepare(
      "SELECT setval('changes_position_seq', greatest(last_value, CAST(? AS BIGINT), 1)) FROM changes_position_seq",
    ).get(start)
    return
  }
  const isThere = db
    .prepare("UPDATE sqlite_sequence SET seq = max(iif(seq < ?, seq, 0), ?) WHERE name = 'changes'")
    .run(positionMax, start)
  if (isThere.changes === 0)
    db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?)").run(start)
}

/** Replaces a damaged message: a desk ignores it. */
const nothing = (position: number): string => JSON.stringify({ type: 'left-out', position: String(position) })

export function createChangeReader(db: Sqlite) {
  const select = db.prepare<[number, number], { position: number; message: string }>(
    'SELECT position, message FROM changes WHERE position > ? ORDER BY position LIMIT ?',
  )
  const oldestPosition = db.prepare<[], number | null>('SELECT min(position) FROM changes').pluck()
  const countRows = db.prepare<[], number>('SELECT count(*) FROM changes').pluck()
  const has = db.prepare<[number]>('SELECT 1 FROM changes WHERE position = ?')
  // Of PostgreSQL, the newest that is stored: a position is given before its commit.
  const last = db.prepare<[], { seq: number | null }>(
    textFor(db, {
      sqlite: "SELECT seq FROM sqlite_sequence WHERE name = 'changes'",
      postgres: 'SELECT max(position) AS seq FROM changes',
    }),
  )
  const lastPosition = (): number => last.get()?.seq ?? 0
  /** True when no change after `after` is deleted. An unknown position is from before an older backup. */
  const isKnown = (after: number): boolean => {
    if (after === 0) return (countRows.get() ?? 0) < changesKept
    return (
      after === lastPosition() || after === (oldestPosition.get() ?? 0) - 1 || has.get(after) !== undefined
    )
  }
  const changesAfter = db.transaction((after: number, limit: number): StoredChange[] | undefined => {
    if (!isKnown(after)) return undefined
    const read = select.all(after, limit)
    const sound = read.filter(({ position, message }) => readDocument(db, 'changes', position, message))
    // A page whose rows are all damaged must not look like the end.
    const last = read.at(-1)
    if (last && sound.at(-1) !== last)
      sound.push({ position: last.position, message: nothing(last.position) })
    return sound.map(({ position, message }) => ({ position, json: message }))
  })
  return { lastPosition, changesAfter }
}
