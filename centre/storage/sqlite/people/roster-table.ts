// The duty roster in SQLite. The trail records that an entry was made, changed, looked at or deleted, by its number alone: names and
// telephone numbers would stay in the trail for ever.
import { z } from 'zod'
import {
  consentWays,
  rosterRoles,
  type RosterEntry,
  type RosterPerson,
} from '../../../../protocols/desk/roster.ts'
import { fromZod } from '../../../../protocols/kit/from-zod.ts'
import { parseJson } from '../../../../protocols/kit/parse-json.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { PeopleReaderCalls, PeopleWriterCalls, RosterQuery, WrittenPerson } from '../../people-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { noteCorrupt } from '../documents.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

/** Entries of the whole town or county; a further one is refused. */
export const rosterMax = 20_000

const entryShape = z.looseObject({
  name: z.string(),
  role: z.enum(rosterRoles),
  villages: z.array(z.string()),
  zones: z.array(z.string()),
  cell: z.string().optional(),
  position: z.object({ latitude: z.number(), longitude: z.number() }).optional(),
  hours: z.array(z.object({ days: z.array(z.number()), from: z.string(), to: z.string() })),
  absences: z.array(z.object({ fromMs: z.number(), toMs: z.number() })),
  consent: z.object({ how: z.enum(consentWays), atMs: z.number() }),
  expiresAtMs: z.number(),
})

interface Row {
  number: number
  body: string
  hasPhone: number
  changedAtMs: number
}

const columns = "r.number, r.body, r.phone <> '' AS hasPhone, r.changed_at_ms AS changedAtMs"

function personOf(db: Sqlite, { number, body, hasPhone, changedAtMs }: Row): RosterPerson | undefined {
  const read = parseJson(body, Infinity)
  if (!read.ok || !fromZod(entryShape, read.value).ok) {
    noteCorrupt(db, 'roster', number)
    return undefined
  }
  return { id: `person-${number}`, ...(read.value as RosterEntry), hasPhone: hasPhone === 1, changedAtMs }
}

export function createRosterReader(db: Sqlite): PeopleReaderCalls {
  const one = db.prepare<[number], Row>(`SELECT ${columns} FROM roster r WHERE r.number = ?`)
  const page = db.prepare<[number, string | null, string | null, number], Row>(
    `SELECT ${columns} FROM roster r WHERE r.number > ? AND EXISTS (SELECT 1 FROM roster_villages v
       WHERE v.number = r.number AND ${inScopeSql('v.village')}) ORDER BY r.number LIMIT ?`,
  )
  const ofVillage = db.prepare<[string, number, string | null, string | null, number], Row>(
    `SELECT ${columns} FROM roster_villages v JOIN roster r ON r.number = v.number
     WHERE v.village = ? AND v.number > ? AND ${inScopeSql('v.village')} ORDER BY v.number LIMIT ?`,
  )
  return {
    roster: ({ scope, village, after, limit }: RosterQuery) => {
      const only = scopeColumn(scope)
      const rows =
        village === undefined
          ? page.all(after, only, only, limit + 1)
          : ofVillage.all(village, after, only, only, limit + 1)
      const shown = rows.slice(0, limit)
      const people = shown.flatMap((row) => personOf(db, row) ?? [])
      const last = shown.at(-1)
      return rows.length > limit && last ? { people, next: last.number } : { people }
    },
    person: (id: number) => {
      const row = one.get(id)
      return row && personOf(db, row)
    },
  }
}

/** `dropExpiredPeople` is inside the caller's transaction. */
export function createRosterWriter(
  db: Sqlite,
  seal: (entry: TrailEntry) => void,
): Omit<PeopleWriterCalls, 'dropExpiredPeople'> & { dropExpiredPeople: (nowMs: number) => number } {
  const count = db.prepare<[], number>('SELECT count(*) FROM roster').pluck()
  const insert = db.prepare(
    'INSERT INTO roster (body, phone, expires_at_ms, changed_at_ms) VALUES (?, ?, ?, ?)',
  )
  const update = db.prepare(
    'UPDATE roster SET body = ?, phone = coalesce(?, phone), expires_at_ms = ?, changed_at_ms = ? WHERE number = ?',
  )
  const clearVillages = db.prepare('DELETE FROM roster_villages WHERE number = ?')
  const putVillage = db.prepare(
    'INSERT INTO roster_villages (village, number) VALUES (?, ?) ON CONFLICT DO NOTHING',
  )
  const drop = db.prepare('DELETE FROM roster WHERE number = ?')
  const past = db.prepare<[number], number>('SELECT number FROM roster WHERE expires_at_ms <= ?').pluck()
  const phone = db.prepare<[number], string>('SELECT phone FROM roster WHERE number = ?').pluck()
  const one = db.prepare<[number], Row>(`SELECT ${columns} FROM roster r WHERE r.number = ?`)
  const addToTrail = (number: number, atMs: number, who: string, what: string, why = ''): void =>
    seal({ alarm: `person-${number}`, atMs: Math.round(atMs), who, what, why })

  function write(id: number | undefined, written: WrittenPerson, atMs: number): number | undefined {
    const { phone: given, ...entry } = written
    const body = JSON.stringify(entry)
    const untilMs = Math.round(entry.expiresAtMs)
    if (id !== undefined)
      return update.run(body, given ?? null, untilMs, atMs, id).changes > 0 ? id : undefined
    if ((count.get() ?? 0) >= rosterMax) return undefined
    return Number(insert.run(body, given ?? '', untilMs, atMs).lastInsertRowid)
  }

  return {
    putPerson: immediately(
      db,
      (id: number | undefined, written: WrittenPerson, by: string, wallMs: number) => {
        const atMs = Math.round(wallMs)
        const number = write(id, written, atMs)
        if (number === undefined) return undefined
        clearVillages.run(number)
        for (const village of written.villages) putVillage.run(village, number)
        addToTrail(number, atMs, by, id === undefined ? 'roster-added' : 'roster-changed')
        const row = one.get(number)
        return row && personOf(db, row)
      },
    ),
    dropPerson: immediately(db, (id: number, by: string, atMs: number): boolean => {
      if (drop.run(id).changes === 0) return false
      addToTrail(id, atMs, by, 'roster-removed')
      return true
    }),
    lookAtContact: immediately(db, (id: number, by: string, why: string, atMs: number) => {
      const found = phone.get(id)
      if (found === undefined || found === '') return undefined
      addToTrail(id, atMs, by, 'contact-looked', why)
      return found
    }),
    dropExpiredPeople: (nowMs: number): number => {
      const numbers = past.all(Math.round(nowMs)) as number[]
      for (const number of numbers) {
        drop.run(number)
        addToTrail(number, nowMs, 'centre', 'roster-expired')
      }
      return numbers.length
    },
  }
}
