// What both sides of the linkage read in SQLite: the rules that apply, learned travel times, and the lists for the desk.
import type { Linkage } from '../../../../protocols/desk/villages/linkages.ts'
import { arrivalsMax, learnedMinutes } from '../../../alarms/linkage.ts'
import type { VillageReaderCalls } from '../../village-port.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { inScopeSql, scopeColumn } from '../scope-column.ts'

interface Stored {
  number: number
  body: string
}

export function createRules(db: Sqlite) {
  const all = db.prepare<[], { version: number; body: string }>(
    'SELECT version, body FROM linkages ORDER BY version DESC',
  )
  const newestVersion = db.prepare<[], number | null>('SELECT max(version) FROM linkages').pluck()
  let known: { version: number; linkages: Linkage[] } = { version: -1, linkages: [] }
  return (): { version: number; linkages: Linkage[] } => {
    const version = newestVersion.get() ?? 0
    if (version === known.version) return known
    // The version before, if the newest is damaged.
    let linkages: Linkage[] = []
    for (const { version: one, body } of all.iterate()) {
      const read = readDocument(db, 'linkages', one, body)
      if (!read) continue
      linkages = read
      break
    }
    known = { version, linkages }
    return known
  }
}

export function prepareArrivals(db: Sqlite) {
  const arrivals = db
    .prepare<[string, string], number>(
      `SELECT arrival_minutes FROM linkage_warnings WHERE linkage = ? AND village = ?
       AND arrival_minutes IS NOT NULL ORDER BY number DESC LIMIT ${arrivalsMax}`,
    )
    .pluck()
  return (linkage: string, village: string): number[] => arrivals.all(linkage, village) as number[]
}

const cursorPattern = /^\d{1,15}$/

export function createLinkageReader(db: Sqlite): Pick<VillageReaderCalls, 'linkages' | 'linkageWarnings'> {
  const rules = createRules(db)
  const arrivals = prepareArrivals(db)
  const columns = `number, body FROM linkage_warnings WHERE number < ? AND ${inScopeSql('village')}`
  type Values = [number, string | null, string | null, number]
  const all = db.prepare<Values, Stored>(`SELECT ${columns} ORDER BY number DESC LIMIT ?`)
  const open = db.prepare<Values, Stored>(`SELECT ${columns} AND is_open = 1 ORDER BY number DESC LIMIT ?`)
  return {
    linkages: () => {
      const { version, linkages } = rules()
      const learned = linkages.flatMap(({ id: linkage, to }) =>
        to.flatMap(({ village }) => {
          const known = arrivals(linkage, village)
          const minutes = learnedMinutes(known)
          return minutes === undefined ? [] : [{ linkage, village, minutes, arrivals: known.length }]
        }),
      )
      return { version, linkages, learned }
    },
    linkageWarnings: ({ state, after, limit, scope }) => {
      if (after !== undefined && !cursorPattern.test(after)) return undefined
      const only = scopeColumn(scope)
      const before = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after)
      const rows = (state === 'open' ? open : all).all(before, only, only, limit + 1)
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return {
        warnings: rows
          .slice(0, limit)
          .flatMap(({ number, body }) => readDocument(db, 'linkage_warnings', number, body) ?? []),
        ...(last ? { next: String(last.number) } : {}),
      }
    },
  }
}
