// Keeps the index of alarms and cases in step with them, in the same transaction; nothing is written where nothing has changed.
import type { AlarmPlace } from '../../../../protocols/domain/alarm.ts'
import { forgetOldest } from '../../../../platform/forget-oldest.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import { villagesOfCase } from '../../../cases/case-villages.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import { isPostgres, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { createSearchCatchUp } from './search-catch-up.ts'
import { indexText, placeTerms } from './search-terms.ts'

/** Entries of each table in memory, of some KB at most. */
const entriesMax = 500
/** Alarms of a case that it is found by. */
const alarmsOfCaseMax = 50

interface Entry {
  text: string
  village: string
  kind: string
}

/** What an entry is made of; it is the same at most changes of an alarm. */
interface Parts {
  text: readonly (string | undefined)[]
  villages: readonly string[]
  kinds: readonly string[]
}

type Place = AlarmPlace | undefined

const wordsOfPlace = (place: Place): (string | undefined)[] => [
  place?.zone,
  place?.device,
  place?.household,
  place?.grid,
  place?.lampPost,
  place?.text,
]

function partsOfAlarm({ id, box, alarm }: DeskRow, boxName: string | undefined): Parts {
  const named = wordsOfPlace(alarm.place)
  const known = [id, box, boxName, alarm.device, alarm.zone, alarm.kind, alarm.text.zh, alarm.text.en]
  return { text: [...known, ...named], villages: [villageOf(box)], kinds: [alarm.kind] }
}

/** A case is found by the places of its alarms: a person asks for a household, not for the name of a sensor. */
function partsOfCase(item: Case, placeOf: (alarm: string) => Place): Parts {
  const { id, box, title, alarms } = item
  const ofAlarms = alarms
    .slice(0, alarmsOfCaseMax)
    .flatMap((alarm) => [alarm.device, alarm.zone, ...wordsOfPlace(placeOf(alarm.id))])
  return {
    text: [id, item.village, box, title.zh, title.en, ...ofAlarms],
    villages: villagesOfCase(item),
    kinds: [...new Set(alarms.map(({ kind }) => kind))],
  }
}

/** Makes entries, and keeps the newest: to make one costs more than all else that is written of an alarm that repeats. */
function createEntries(): (row: number, parts: Parts) => Entry {
  const newest = new Map<number, { made: string; entry: Entry }>()
  return (row, parts) => {
    const made = JSON.stringify(parts)
    const known = newest.get(row)
    if (known?.made === made) return known.entry
    const { text, villages, kinds } = parts
    const entry = { text: indexText(text), village: placeTerms(villages), kind: indexText(kinds) }
    newest.delete(row)
    newest.set(row, { made, entry })
    forgetOldest(newest, entriesMax)
    return entry
  }
}

/** In one statement without an answer: the full-text tables of SQLite have no such form. */
function createUpsert(
  db: Sqlite,
  table: 'alarm_search' | 'case_search',
  entryOf: ReturnType<typeof createEntries>,
): (row: number, parts: Parts) => void {
  const put = db.prepare(
    `INSERT INTO ${table} (rowid, text, village, kind) VALUES (?, ?, ?, ?) ON CONFLICT (rowid) DO UPDATE
       SET text = excluded.text, village = excluded.village, kind = excluded.kind
       WHERE ${table}.text <> excluded.text OR ${table}.village <> excluded.village OR ${table}.kind <> excluded.kind`,
  )
  return (row, parts) => {
    const { text, village, kind } = entryOf(row, parts)
    put.run(row, text, village, kind)
  }
}

export function createSearchWriter(db: Sqlite) {
  const boxName = db.prepare<[string], string>('SELECT name FROM boxes WHERE id = ?').pluck()

  function putter(table: 'alarm_search' | 'case_search'): (row: number, parts: Parts) => void {
    const entryOf = createEntries()
    if (isPostgres(db)) return createUpsert(db, table, entryOf)
    const select = db.prepare<[number], Entry>(`SELECT text, village, kind FROM ${table} WHERE rowid = ?`)
    const drop = db.prepare(`DELETE FROM ${table} WHERE rowid = ?`)
    const put = db.prepare(`INSERT INTO ${table} (rowid, text, village, kind) VALUES (?, ?, ?, ?)`)
    return (row, parts) => {
      const { text, village, kind } = entryOf(row, parts)
      const known = select.get(row)
      if (known?.text === text && known.village === village && known.kind === kind) return
      if (known) drop.run(row)
      put.run(row, text, village, kind)
    }
  }
  const putAlarm = putter('alarm_search')
  const putCase = putter('case_search')
  const alarm = (arrival: number, row: DeskRow): void =>
    putAlarm(arrival, partsOfAlarm(row, boxName.get(row.box)))
  const rowOf = db.prepare<[string], string>('SELECT row FROM alarms WHERE id = ?').pluck()
  const placeOf = (id: string): Place => {
    const row = rowOf.get(id)
    return row === undefined ? undefined : readDocument(db, 'alarms', id, row)?.alarm.place
  }
  const ofCase = (number: number, item: Case): void => putCase(number, partsOfCase(item, placeOf))

  return {
    alarm,
    case: ofCase,
    ...createSearchCatchUp(db, { alarm, case: ofCase }),
  }
}

export type SearchWriter = ReturnType<typeof createSearchWriter>
