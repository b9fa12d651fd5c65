// Families and their notices, in SQLite. A notice is written in the transaction that changes the case, once for each
// alarm; a drill and a call under duress give no notice.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import {
  familyKinds,
  familyNews,
  type Family,
  type FamilyNotice,
} from '../../../../protocols/desk/families.ts'
import { consentWays } from '../../../../protocols/desk/roster.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { FamilyReaderCalls, FamilyWriterCalls, NewFamily } from '../../people/family-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

/** Families of the whole town; a further one is refused. */
export const familiesMax = 50_000
/** Notices are kept for this long, taken or not: an older one is no news. */
const noticesKeptMs = 30 * 86_400_000
/** What a family's page shows. */
const newsMax = 20

interface Row {
  number: number
  label: string
  box: string
  zone: string
  kinds: string
  how: string
  consentAtMs: number
  madeBy: string
  madeAtMs: number
  expiresAtMs: number
}

const columns = `number, label, box, zone, kinds, consent_how AS how, consent_at_ms AS consentAtMs, made_by AS madeBy,
  made_at_ms AS madeAtMs, expires_at_ms AS expiresAtMs`

function familyOf({ number, kinds, how, consentAtMs, ...row }: Row): Family {
  const wanted = kinds.split(',')
  return {
    id: `family-${number}`,
    ...row,
    kinds: familyKinds.filter((kind) => wanted.includes(kind)),
    consent: { how: consentWays.find((one) => one === how) ?? 'paper', atMs: consentAtMs },
  }
}

export function createFamilyReader(db: Sqlite): FamilyReaderCalls {
  const page = db.prepare<[number, string | null, string | null, number], Row>(
    `SELECT ${columns} FROM families WHERE number > ? AND ${inScopeSql('box')} ORDER BY number LIMIT ?`,
  )
  const one = db.prepare<[number], Row>(`SELECT ${columns} FROM families WHERE number = ?`)
  const byHash = db.prepare<[string, number], Row>(
    `SELECT ${columns} FROM families WHERE hash = ? AND expires_at_ms > ?`,
  )
  const news = db.prepare<[number, number], { what: string; atMs: number }>(
    'SELECT what, at_ms AS atMs FROM family_notices WHERE family = ? ORDER BY position DESC LIMIT ?',
  )
  const standing = db.prepare<[number]>(
    `SELECT 1 FROM family_notices r WHERE r.family = ? AND r.what = 'raised' AND NOT EXISTS
       (SELECT 1 FROM family_notices e WHERE e.family = r.family AND e.alarm = r.alarm AND e.what = 'ended')`,
  )
  const waiting = db.prepare<
    [number, string | null, string | null, number],
    { position: number; family: number; alarm: string; what: string; atMs: number }
  >(
    `SELECT n.position, n.family, n.alarm, n.what, n.at_ms AS atMs FROM family_notices n JOIN families f ON f.number = n.family
     WHERE n.is_taken = 0 AND n.position > ? AND ${inScopeSql('f.box')} ORDER BY n.position LIMIT ?`,
  )
  const newsOf = (what: string) => familyNews.find((known) => known === what) ?? 'raised'
  return {
    families: ({ scope, after, limit }) => {
      const only = scopeColumn(scope)
      return page.all(after, only, only, limit).map(familyOf)
    },
    family: (id: number) => {
      const row = one.get(id)
      return row && familyOf(row)
    },
    familyState: (hash: string, nowMs: number) => {
      const row = byHash.get(hash, Math.round(nowMs))
      if (!row) return undefined
      return {
        label: row.label,
        news: news.all(row.number, newsMax).map(({ what, atMs }) => ({ what: newsOf(what), atMs })),
        isRaised: standing.get(row.number) !== undefined,
        expiresAtMs: row.expiresAtMs,
        centreTimeMs: Math.round(nowMs),
      }
    },
    familyNotices: ({ scope, after, limit }) => {
      const only = scopeColumn(scope)
      return waiting.all(after, only, only, limit).map(({ family, what, ...row }): FamilyNotice => ({
        ...row,
        family: `family-${family}`,
        what: newsOf(what),
        state: 'waiting',
      }))
    },
  }
}

export interface FamilyWriter extends FamilyWriterCalls {
  /** Inside the transaction that changes the case. */
  hearCase: (before: Case | undefined, item: Case, atMs: number) => void
  dropExpiredFamilies: (nowMs: number) => number
}

export function createFamilyWriter(
  db: Sqlite,
  seal: (entry: TrailEntry) => void,
  alarmOf: (id: string) => DeskAlarm | undefined,
): FamilyWriter {
  const of = db.prepare<[string, string, number], { number: number; kinds: string }>(
    'SELECT number, kinds FROM families WHERE box = ? AND zone = ? AND expires_at_ms > ?',
  )
  const notice = db.prepare(
    'INSERT INTO family_notices (family, alarm, what, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const noticed = db
    .prepare<[string], number>("SELECT family FROM family_notices WHERE alarm = ? AND what = 'raised'")
    .pluck()
  const drop = db.prepare('DELETE FROM families WHERE number = ?')
  const past = db.prepare<[number], number>('SELECT number FROM families WHERE expires_at_ms <= ?').pluck()
  const dropNotices = db.prepare('DELETE FROM family_notices WHERE at_ms < ?')
  const addToTrail = (number: number, atMs: number, who: string, what: string): void =>
    seal({ alarm: `family-${number}`, atMs: Math.round(atMs), who, what, why: '' })
  return {
    hearCase: (before, item, atMs) => {
      if (item.isDrill) return
      const known = new Set(before?.alarms.map(({ id }) => id))
      for (const { id, kind, zone } of item.alarms) {
        if (known.has(id) || zone === undefined) continue
        const families = of.all(id.slice(0, id.indexOf('.')), zone, atMs)
        if (families.length === 0 || alarmOf(id)?.variant === 'duress') continue
        for (const { number, kinds } of families)
          if (kinds.split(',').includes(kind)) notice.run(number, id, 'raised', atMs)
      }
      if (item.state !== 'archived' || before?.state === 'archived') return
      for (const { id } of item.alarms)
        for (const family of noticed.all(id) as number[]) notice.run(family, id, 'ended', atMs)
    },
    dropExpiredFamilies: (nowMs: number): number => {
      dropNotices.run(Math.round(nowMs - noticesKeptMs))
      const numbers = past.all(Math.round(nowMs)) as number[]
      for (const number of numbers) {
        drop.run(number)
        addToTrail(number, nowMs, 'centre', 'family-expired')
      }
      return numbers.length
    },
    ...familyCalls(db, addToTrail),
  }
}

function familyCalls(
  db: Sqlite,
  addToTrail: (number: number, atMs: number, who: string, what: string) => void,
): FamilyWriterCalls {
  const count = db.prepare<[], number>('SELECT count(*) FROM families').pluck()
  const insert = db.prepare(
    `INSERT INTO families (hash, label, box, zone, kinds, consent_how, consent_at_ms, made_by, made_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const drop = db.prepare('DELETE FROM families WHERE number = ?')
  const byHash = db.prepare<[string], number>('SELECT number FROM families WHERE hash = ?').pluck()
  const take = db.prepare('UPDATE family_notices SET is_taken = 1 WHERE position = ? AND is_taken = 0')
  return {
    putFamily: immediately(db, ({ hash, ...family }: NewFamily): Family | undefined => {
      if ((count.get() ?? 0) >= familiesMax) return undefined
      const { label, box, zone, kinds, consent, madeBy } = family
      const [consentAtMs, madeAtMs, expiresAtMs] = [consent.atMs, family.madeAtMs, family.expiresAtMs].map(
        Math.round,
      )
      const { lastInsertRowid } = insert.run(
        hash,
        label,
        box,
        zone,
        kinds.join(','),
        consent.how,
        consentAtMs,
        madeBy,
        madeAtMs,
        expiresAtMs,
      )
      addToTrail(Number(lastInsertRowid), family.madeAtMs, madeBy, 'family-added')
      return { ...family, id: `family-${lastInsertRowid}` }
    }),
    dropFamily: immediately(db, (id: number, by: string, atMs: number): boolean => {
      if (drop.run(id).changes === 0) return false
      addToTrail(id, atMs, by, 'family-removed')
      return true
    }),
    leaveFamily: immediately(db, (hash: string, atMs: number): boolean => {
      const number = byHash.get(hash)
      if (number === undefined) return false
      drop.run(number)
      addToTrail(number, atMs, 'family', 'family-left')
      return true
    }),
    takeNotices: immediately(db, (positions: readonly number[]): number => {
      let taken = 0
      for (const position of positions) taken += take.run(position).changes
      return taken
    }),
  }
}
