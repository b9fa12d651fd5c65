// Keeps the index of alarms and cases in step with them, in the same transaction; nothing is written where nothing has changed.
import type { Case } from '../../../../protocols/domain/case.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import { villagesOfCase } from '../../../cases/case-villages.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'
import { indexText, placeTerms } from './search-terms.ts'

interface Entry {
  text: string
  village: string
  kind: string
}

function entryOfAlarm({ id, box, alarm }: DeskRow, boxName: string | undefined): Entry {
  const { place } = alarm
  const named = [place?.zone, place?.device, place?.household, place?.grid, place?.lampPost, place?.text]
  const known = [id, box, boxName, alarm.device, alarm.zone, alarm.kind, alarm.text.zh, alarm.text.en]
  return {
    text: indexText([...known, ...named]),
    village: placeTerms([villageOf(box)]),
    kind: indexText([alarm.kind]),
  }
}

function entryOfCase(item: Case): Entry {
  const { id, box, title, alarms } = item
  const ofAlarms = alarms.slice(0, 50).flatMap((alarm) => [alarm.device, alarm.zone])
  return {
    text: indexText([id, item.village, box, title.zh, title.en, ...ofAlarms]),
    village: placeTerms(villagesOfCase(item)),
    kind: indexText([...new Set(alarms.map(({ kind }) => kind))]),
  }
}

export function createSearchWriter(db: Sqlite) {
  const boxName = db.prepare<[string], string>('SELECT name FROM boxes WHERE id = ?').pluck()

  function putter(table: 'alarm_search' | 'case_search'): (row: number, entry: Entry) => void {
    const select = db.prepare<[number], Entry>(`SELECT text, village, kind FROM ${table} WHERE rowid = ?`)
    const put = db.prepare(`INSERT OR REPLACE INTO ${table} (rowid, text, village, kind) VALUES (?, ?, ?, ?)`)
    return (row, { text, village, kind }) => {
      const known = select.get(row)
      if (known?.text === text && known.village === village && known.kind === kind) return
      put.run(row, text, village, kind)
    }
  }
  const putAlarm = putter('alarm_search')
  const putCase = putter('case_search')
  const alarm = (arrival: number, row: DeskRow): void =>
    putAlarm(arrival, entryOfAlarm(row, boxName.get(row.box)))
  const ofCase = (number: number, item: Case): void => putCase(number, entryOfCase(item))

  return {
    alarm,
    case: ofCase,
    /** What an older program stored, once. */
    catchUp: (): void => {
      const alarms = db.prepare<[], { arrival: number; id: string; row: string }>(
        'SELECT arrival, id, row FROM alarms WHERE arrival NOT IN (SELECT rowid FROM alarm_search)',
      )
      for (const { arrival, id, row } of alarms.all()) {
        const parsed = readDocument(db, 'alarms', id, row)
        if (parsed) alarm(arrival, parsed)
      }
      const cases = db.prepare<[], { number: number; body: string }>(
        'SELECT number, body FROM cases WHERE number NOT IN (SELECT rowid FROM case_search)',
      )
      for (const { number, body } of cases.all()) {
        const parsed = readDocument(db, 'cases', number, body)
        if (parsed) ofCase(number, parsed)
      }
    },
  }
}

export type SearchWriter = ReturnType<typeof createSearchWriter>
