// Enters into the index what an older program stored. Open cases and active alarms are entered at the start, because an operator of a few
// villages finds them through it; the rest follows in pages after the start, newest first: of millions of rows that takes minutes, in which
// alarms are stored between two pages.
import { colours } from '../../../../protocols/domain/colour.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

/** Rows entered in one transaction: some ten milliseconds. */
const enteredAtOnce = 100
/** Rows compared with the index in one transaction. */
const comparedAtOnce = 2000

interface Put {
  alarm: (arrival: number, row: DeskRow) => void
  case: (number: number, item: Case) => void
}

interface Found {
  row: number
  id: string
  body: string
}

interface Part {
  find: string
  put: (found: Found) => void
}

/** Pages of one table, from the newest row on. */
function createPages(db: Sqlite, table: string, key: string, { find, put }: Part) {
  const window = db
    .prepare<[number, number], number | null>(
      `SELECT min(row) FROM (SELECT ${key} AS row FROM ${table} WHERE ${key} < ? ORDER BY ${key} DESC LIMIT ?) AS page`,
    )
    .pluck()
  const missing = db.prepare<[number, number, number], Found>(
    `${find} WHERE t.${key} < ? AND t.${key} >= ? AND NOT EXISTS (SELECT 1 FROM ${search(table)} s WHERE s.rowid = t.${key})
     ORDER BY t.${key} DESC LIMIT ?`,
  )
  let before = Number.MAX_SAFE_INTEGER
  /** False when none is left. */
  return (): boolean => {
    const to = window.get(before, comparedAtOnce)
    if (typeof to !== 'number') return false
    const rows = missing.all(before, to, enteredAtOnce)
    for (const one of rows) put(one)
    before = rows.length === enteredAtOnce ? (rows.at(-1)?.row ?? to) : to
    return true
  }
}

const search = (table: string): string => (table === 'alarms' ? 'alarm_search' : 'case_search')

export function createSearchCatchUp(db: Sqlite, put: Put) {
  const alarms: Part = {
    find: 'SELECT t.arrival AS row, t.id, t.row AS body FROM alarms t',
    put: ({ row, id, body }) => {
      const parsed = readDocument(db, 'alarms', id, body)
      if (parsed) put.alarm(row, parsed)
    },
  }
  const cases: Part = {
    find: 'SELECT t.number AS row, t.number AS id, t.body FROM cases t',
    put: ({ row, body }) => {
      const parsed = readDocument(db, 'cases', row, body)
      if (parsed) put.case(row, parsed)
    },
  }
  const open = [
    { part: cases, key: 'number', isOpen: 'is_over = 0', table: 'case_search' },
    { part: alarms, key: 'arrival', isOpen: 'is_active = 1', table: 'alarm_search' },
  ]
  const pages = [createPages(db, 'cases', 'number', cases), createPages(db, 'alarms', 'arrival', alarms)]
  return {
    /** Inside a transaction. A row that can not be read is passed over. */
    enterOpen: (): void => {
      for (const { part, key, isOpen, table } of open) {
        // In the order of the index of open rows: no page reads those that are over.
        const page = db.prepare<[number, number, number], Found>(
          `${part.find} WHERE t.${isOpen} AND t.colour_rank = ? AND t.${key} < ?
             AND NOT EXISTS (SELECT 1 FROM ${table} s WHERE s.rowid = t.${key}) ORDER BY t.${key} DESC LIMIT ?`,
        )
        for (const rank of colours.keys())
          for (let before = Number.MAX_SAFE_INTEGER; before > 0;) {
            const rows = page.all(rank, before, enteredAtOnce)
            for (const one of rows) part.put(one)
            before = rows.at(-1)?.row ?? 0
          }
      }
    },
    /** Enters the next page of the rest; false when none is left. */
    catchUpSearch: immediately(db, (): boolean => pages.some((next) => next())),
  }
}
