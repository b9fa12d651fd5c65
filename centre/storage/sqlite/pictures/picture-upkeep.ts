// Which pictures must be deleted, and who looked at which: the queries of the sweep and the supervisor.
import type { NarrowScope } from '../scope-boxes.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import { immediately, type Sqlite } from '../database.ts'
import { userIds } from './picture-table.ts'
import type { Look, LookRow, PictureLimits, PicturePlace, ReaderCalls } from '../../port.ts'

/** Looks kept; at some hundred per day that is years. */
export const looksKept = 1_000_000
/** Pictures in one answer; the sweep asks again. */
const victimsMax = 500
/**
 * If a quota is exceeded, this share of it is freed, so that a box at its quota is not scanned for each new picture.
 */
const freedTo = 0.95
const pruneEvery = 1000

/** A picture is held while an alarm that it shows is open. */
const heldSql = `EXISTS (SELECT 1 FROM snapshots s JOIN alarms a ON a.id = s.alarm
  WHERE s.box = f.box AND s.id IN (${userIds('f.box', 'f.sha256')}) AND a.is_active = 1 AND a.stage <> 'closed')`
const hereSql = 'f.stored_at_ms IS NOT NULL AND f.gone_why IS NULL'

function createLooks(db: Sqlite, narrow: NarrowScope): ReaderCalls['looks'] {
  const looks = db.prepare<[number, string | null, string | null, number], LookRow>(
    `SELECT position, at_ms AS atMs, who, role, box, sha256, size, alarm, camera FROM looks
     WHERE position < ? AND ${inScopeSql('box')} ORDER BY position DESC LIMIT ?`,
  )
  const looksOfBoxes = db.prepare<[string, number, number], LookRow>(
    `SELECT position, at_ms AS atMs, who, role, box, sha256, size, alarm, camera FROM looks
     WHERE position IN (SELECT position FROM looks WHERE box IN (SELECT value FROM json_each(?)) AND position < ?
       ORDER BY position DESC LIMIT ?) ORDER BY position DESC`,
  )
  const looksOfAlarm = db.prepare<[string, number, string | null, string | null, number], LookRow>(
    `SELECT position, at_ms AS atMs, who, role, box, sha256, size, alarm, camera FROM looks
     WHERE alarm = ? AND position < ? AND ${inScopeSql('box')} ORDER BY position DESC LIMIT ?`,
  )

  return ({ alarm, before, limit, scope }) => {
    const only = scopeColumn(scope)
    if (alarm !== undefined) return looksOfAlarm.all(alarm, before, only, only, limit)
    const boxes = narrow(scope)
    return boxes === undefined ? looks.all(before, only, only, limit) : looksOfBoxes.all(boxes, before, limit)
  }
}

export function createPictureUpkeep(db: Sqlite, narrow: NarrowScope) {
  const past = db.prepare<[number, number], PicturePlace>(
    `SELECT box, sha256, bytes FROM picture_files f
     WHERE ${hereSql} AND f.stored_at_ms < ? AND NOT ${heldSql} LIMIT ?`,
  )
  const oldestOfBox = db.prepare<[string], PicturePlace>(
    `SELECT box, sha256, bytes FROM picture_files f WHERE f.box = ? AND ${hereSql} ORDER BY ${heldSql}, f.stored_at_ms`,
  )
  const oldest = db.prepare<[], PicturePlace>(
    `SELECT box, sha256, bytes FROM picture_files f WHERE ${hereSql} ORDER BY ${heldSql}, f.stored_at_ms`,
  )
  const boxBytes = db
    .prepare<[string], number>(`SELECT total(bytes) FROM picture_files f WHERE f.box = ? AND ${hereSql}`)
    .pluck()
  const allBytes = db.prepare<[], number>(`SELECT total(bytes) FROM picture_files f WHERE ${hereSql}`).pluck()
  const here = db
    .prepare<[string], string>(`SELECT sha256 FROM picture_files f WHERE f.box = ? AND ${hereSql}`)
    .pluck()
  const looks = createLooks(db, narrow)

  /** From the least needed on, until there is room. */
  function above(rows: () => Iterable<PicturePlace>, bytesNow: number, bytesMax: number): PicturePlace[] {
    const victims: PicturePlace[] = []
    let bytes = bytesNow
    if (bytes <= bytesMax) return victims
    for (const row of rows()) {
      if (bytes <= bytesMax * freedTo || victims.length >= victimsMax) break
      victims.push(row)
      bytes -= row.bytes
    }
    return victims
  }

  return {
    picturesPastTerm: (storedBeforeMs: number) => past.all(Math.round(storedBeforeMs), victimsMax),
    picturesOverQuota: ({ box, bytesMax }: PictureLimits) =>
      box === undefined
        ? above(() => oldest.iterate(), Number(allBytes.get()), bytesMax)
        : above(() => oldestOfBox.iterate(box), Number(boxBytes.get(box)), bytesMax),
    picturesHere: (box: string) => here.all(box) as string[],
    pictureBytes: (box?: string) => Number(box === undefined ? allBytes.get() : boxBytes.get(box)),
    looks,
  }
}

export function createLookWriter(db: Sqlite, seal: (entry: TrailEntry) => void) {
  const insert = db.prepare(
    'INSERT INTO looks (at_ms, who, role, box, sha256, size, alarm, camera) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const prune = db.prepare('DELETE FROM looks WHERE position <= ?')
  return immediately(db, ({ atMs, who, role, box, sha256, size, alarm, camera }: Look): void => {
    seal({
      alarm: alarm ?? `box ${box}`,
      atMs: Math.round(atMs),
      who,
      what: 'looked',
      why: `${camera} ${size} ${sha256}`,
    })
    const { lastInsertRowid } = insert.run(
      Math.round(atMs),
      who,
      role,
      box,
      sha256,
      size,
      alarm ?? null,
      camera,
    )
    if (Number(lastInsertRowid) % pruneEvery === 0) prune.run(Number(lastInsertRowid) - looksKept)
  })
}
