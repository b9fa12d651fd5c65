// What the writer does about people: the roster, links of those who were sent, and the files of cases.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { CaseTarget, CaseWriterCalls } from '../../case-port.ts'
import type { FamilyWriterCalls } from '../../people/family-port.ts'
import type { PeopleWriterCalls } from '../../people-port.ts'
import type { ResponseWriterCalls } from '../../response-port.ts'
import { immediately, type Sqlite } from '../database.ts'
import { createAttachmentWriter } from './attachment-table.ts'
import type { FamilyWriter } from './family-table.ts'
import { createResponseWriter } from './response-table.ts'
import { createRosterWriter } from './roster-table.ts'

export interface PeopleWriterOptions {
  families: FamilyWriter
  db: Sqlite
  seal: (entry: TrailEntry) => void
  caseOf: (target: CaseTarget) => Case | undefined
  alarmOf: (id: string) => DeskAlarm | undefined
  takeCaseStep: CaseWriterCalls['takeCaseStep']
}

export function createPeopleWriter(
  options: PeopleWriterOptions,
): PeopleWriterCalls & ResponseWriterCalls & FamilyWriterCalls {
  const { db, seal, takeCaseStep } = options
  const { dropExpiredPeople: dropExpiredRoster, ...roster } = createRosterWriter(db, seal)
  const attachments = createAttachmentWriter(db, seal, takeCaseStep)
  const { dropExpiredLinks, ...responses } = createResponseWriter({ ...options, attach: attachments.attach })
  const { hearCase: _hear, dropExpiredFamilies, ...families } = options.families
  return {
    ...roster,
    ...families,
    ...attachments,
    ...responses,
    dropExpiredPeople: immediately(db, (nowMs: number): Record<string, number> => ({
      roster: dropExpiredRoster(nowMs),
      links: dropExpiredLinks(nowMs),
      families: dropExpiredFamilies(nowMs),
    })),
  }
}
