// Where a case is, by its alarms: also when all of them are over.
import type { CasePlaceFacts } from '../../../../protocols/desk/cases.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import type { Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

/** Alarms of a case that are asked for their place. */
const placesReadMax = 20

/** Of the first alarm whose box said it; undefined when none did. */
export function createCasePlaces(db: Sqlite): (item: Case) => CasePlaceFacts | undefined {
  const alarmRow = db.prepare<[string], { row: string }>('SELECT row FROM alarms WHERE id = ?')
  return ({ alarms }) => {
    for (const { id } of alarms.slice(0, placesReadMax)) {
      const found = alarmRow.get(id)
      const place = found && readDocument(db, 'alarms', id, found.row)?.alarm.place
      const { utcOffsetMin, grid } = place ?? {}
      if (utcOffsetMin === undefined && grid === undefined) continue
      return {
        ...(utcOffsetMin === undefined ? {} : { utcOffsetMin }),
        ...(grid === undefined ? {} : { grid }),
      }
    }
    return undefined
  }
}
