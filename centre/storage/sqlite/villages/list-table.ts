// What each box lists: zones with their grades, and devices. Parts arrive one by one; when the last one of a list is
// there, entries of older lists are deleted.
import type { AlarmKind } from '../../../../protocols/domain/alarm.ts'
import { alarmKinds } from '../../../../protocols/domain/alarm.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import {
  villageListSchema,
  type ListedDevice,
  type ListedZone,
} from '../../../../protocols/uplink/village-list.ts'
import type { BoxListing } from '../../village-port.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

/** Entries kept of one box; further ones of its list are left out, and the answer says so. */
export const listedPerBoxMax = 3000

export function createListWriter(db: Sqlite) {
  const put = db.prepare(`INSERT INTO listed (box, type, id, hash, body) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (box, type, id) DO UPDATE SET hash = excluded.hash, body = excluded.body`)
  const count = db.prepare<[string], number>('SELECT count(*) FROM listed WHERE box = ?').pluck()
  const putPart = db.prepare(
    'INSERT INTO listed_parts (box, hash, part) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const parts = db
    .prepare<[string, string], number>('SELECT count(*) FROM listed_parts WHERE box = ? AND hash = ?')
    .pluck()
  const dropOthers = db.prepare('DELETE FROM listed WHERE box = ? AND hash <> ?')
  const dropParts = db.prepare('DELETE FROM listed_parts WHERE box = ? AND hash <> ?')
  return {
    /** Inside the commit that stores the record. */
    hearList: (box: string, record: LogRecord): void => {
      const parsed = villageListSchema.safeParse(record.facts)
      if (!parsed.success) return
      const { hash, part, parts: wanted, zones = [], devices = [] } = parsed.data
      const entries = [
        ...zones.map((one) => ['zone', one] as const),
        ...devices.map((one) => ['device', one] as const),
      ]
      // A box that begins list after list and completes none keeps no more than one.
      if ((count.get(box) ?? 0) + entries.length > listedPerBoxMax) dropOthers.run(box, hash)
      if ((count.get(box) ?? 0) + entries.length <= listedPerBoxMax)
        for (const [type, one] of entries) put.run(box, type, one.id, hash, JSON.stringify(one))
      putPart.run(box, hash, part)
      dropParts.run(box, hash)
      if ((parts.get(box, hash) ?? 0) >= wanted) dropOthers.run(box, hash)
    },
  }
}

interface Stored {
  type: string
  id: string
  body: string
}

export function createListReader(db: Sqlite): { listed: (boxes: readonly string[]) => BoxListing[] } {
  const entries = db.prepare<[string, number], Stored>(
    'SELECT type, id, body FROM listed WHERE box = ? ORDER BY type DESC, id LIMIT ?',
  )
  const standing = db.prepare<[string], { device: string; kind: string }>(
    `SELECT json_extract(row, '$.alarm.device') AS device, kind FROM alarms
     WHERE box = ? AND is_active = 1 AND json_valid(row)`,
  )
  const isKind = (word: string): word is AlarmKind => (alarmKinds as readonly string[]).includes(word)
  return {
    listed: (boxes) =>
      boxes.map((box) => {
        const alarms = new Map<string, AlarmKind[]>()
        for (const { device, kind } of standing.iterate(box))
          if (isKind(kind)) alarms.set(device, [...(alarms.get(device) ?? []), kind])
        const zones: ListedZone[] = []
        const devices: BoxListing['devices'] = []
        const found = entries.all(box, listedPerBoxMax + 1)
        for (const { type, id, body } of found) {
          const entry = readDocument(db, 'listed', `${box} ${type} ${id}`, body)
          if (!entry) continue
          if (type === 'zone') zones.push(entry as ListedZone)
          else devices.push({ ...(entry as ListedDevice), alarms: alarms.get(entry.id) ?? [] })
        }
        return { box, zones, devices, isCut: found.length >= listedPerBoxMax }
      }),
  }
}
