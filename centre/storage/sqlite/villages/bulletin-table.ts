// Bulletins: each one is stored in one transaction with the commands that carry it to the boxes. Its result at each
// device is read from those commands.
import type { Bulletin, BulletinBox, DeviceReceipt } from '../../../../protocols/desk/villages/bulletins.ts'
import type { DeskCommand } from '../../../../protocols/desk/commands.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { NewBulletin, VillageReaderCalls } from '../../village-port.ts'
import type { StoredChange } from '../../stored-change.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

/** Largest number of stored bulletins; beyond it the oldest are deleted. The trail keeps all of them. */
export const bulletinsKept = 10_000

export function createBulletinWriter(
  db: Sqlite,
  seal: (entry: TrailEntry) => void,
  askCommand: (command: DeskCommand) => StoredChange[],
) {
  const insert = db.prepare('INSERT INTO bulletins (id, villages, body) VALUES (?, ?, ?)')
  const link = db.prepare('INSERT INTO bulletin_commands (bulletin, command) VALUES (?, ?)')
  const prune = db.prepare('DELETE FROM bulletins WHERE number <= ?')
  const pruneLinks = db.prepare('DELETE FROM bulletin_commands WHERE bulletin <= ?')
  /** Inside a transaction. */
  return (bulletin: NewBulletin, commands: readonly DeskCommand[]): StoredChange[] => {
    const { id, villages, by, why, text, atMs } = bulletin
    const number = Number(insert.run(id, villages.join(' '), JSON.stringify(bulletin)).lastInsertRowid)
    prune.run(number - bulletinsKept)
    pruneLinks.run(number - bulletinsKept)
    for (const command of commands) link.run(number, command.id)
    seal({ alarm: id, atMs, who: by, what: 'bulletin', why: why === undefined ? text : `${text} (${why})` })
    return commands.flatMap(askCommand)
  }
}

interface Stored {
  number: number
  id: string
  body: string
}

const final: readonly DeskCommand['state'][] = ['done', 'refused', 'failed', 'expired', 'unanswered']

/** One entry per device that answered, was missed, or has not answered yet. */
export function receiptsOf({ reached = [], missed = [], names = {} }: DeskCommand): DeviceReceipt[] {
  const one = (device: string, state: DeviceReceipt['state']): DeviceReceipt => ({
    device,
    ...(names[device] === undefined ? {} : { name: names[device] }),
    state,
  })
  return [...missed.map((device) => one(device, 'missed')), ...reached.map((device) => one(device, 'done'))]
}

function boxOf(command: DeskCommand): BulletinBox {
  const { box, id, state, changedAtMs, reason } = command
  return {
    box,
    name: box,
    command: id,
    state,
    changedAtMs,
    ...(reason ? { reason } : {}),
    devices: final.includes(state) || state === 'received' ? receiptsOf(command) : [],
  }
}

const cursorPattern = /^\d{1,15}$/

export function createBulletinReader(db: Sqlite): Pick<VillageReaderCalls, 'bulletins' | 'bulletin'> {
  const page = db.prepare<[number, string | null, string | null, number], Stored>(
    `SELECT number, id, body FROM bulletins WHERE number < ? AND ${inScopeSql('villages')}
     ORDER BY number DESC LIMIT ?`,
  )
  const byId = db.prepare<[string], Stored>('SELECT number, id, body FROM bulletins WHERE id = ?')
  const commands = db.prepare<[number], { number: number; body: string }>(
    `SELECT c.number, c.body FROM bulletin_commands b JOIN commands c ON c.id = b.command
     WHERE b.bulletin = ?`,
  )
  const whole = ({ number, id, body }: Stored): Bulletin | undefined => {
    const read = readDocument(db, 'bulletins', id, body)
    if (!read) return undefined
    const boxes = commands
      .all(number)
      .flatMap((stored) => readDocument(db, 'commands', stored.number, stored.body) ?? [])
      .map(boxOf)
      .sort((a, b) => (a.box < b.box ? -1 : 1))
    return { ...read, boxes }
  }
  return {
    bulletins: ({ after, limit, scope }) => {
      if (after !== undefined && !cursorPattern.test(after)) return undefined
      const only = scopeColumn(scope)
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after)
      const rows = page.all(before, only, only, limit + 1)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        bulletins: rows.slice(0, limit).flatMap((row) => whole(row) ?? []),
        ...(last ? { next: String(last.number) } : {}),
      }
    },
    bulletin: (id) => {
      const row = byId.get(id)
      return row && whole(row)
    },
  }
}
