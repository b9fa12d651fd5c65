// The reader: every query of desks and programs, on a separate connection so that no commit waits for one.
import type { TrailEntry } from '../../cases/trail.ts'
import { createAccountReader } from './accounts.ts'
import { createAlarmReader, createStageReader } from './alarm-table.ts'
import { createOutletReader } from './outlets/outlet-table.ts'
import { createUpwardReader } from './upward/upward-table.ts'
import { createBulletinReader } from './villages/bulletin-table.ts'
import { createDailyReader } from './villages/daily-report-table.ts'
import { createLinkageReader } from './villages/linkage-reader.ts'
import { createListReader } from './villages/list-table.ts'
import { createCasePolicy, type PolicySettings } from '../../cases/case-policy.ts'
import { ledgerOfCases } from './cases/case-pages.ts'
import { createCaseReader } from './cases/case-reader.ts'
import { verifyAudit } from './audit-chain.ts'
import { createChangeReader } from './change-log.ts'
import type { Sqlite } from './database.ts'
import { createCommandReader } from './command-table.ts'
import { createLevelReader } from './records/level-reader.ts'
import { createOwnerReader } from './records/owner-table.ts'
import { createEventReader } from './records/event-pages.ts'
import { createPictureReader } from './pictures/picture-table.ts'
import { createPictureUpkeep } from './pictures/picture-upkeep.ts'
import { createAttachmentReader } from './people/attachment-table.ts'
import { createEnrolmentReader } from './enrolment/enrolment-table.ts'
import { createFleetReader } from './fleet/fleet-table.ts'
import { createFamilyReader } from './people/family-table.ts'
import { createResponseReader } from './people/response-table.ts'
import { createRosterReader } from './people/roster-table.ts'
import { createFigureReader } from './figure-reader.ts'
import { createNarrowScope } from './scope-boxes.ts'
import { addScopeFunction } from './scope-column.ts'
import { createExpiredReader } from './retention.ts'
import { corruptRows } from './documents.ts'
import { createSignInReader } from './sign-in/factor-table.ts'
import { createStoredBytesReader } from './stored-bytes.ts'
import type { ReaderCalls } from '../port.ts'

/** Box by box: what is over is not read. */
function createAlarmCounts(db: Sqlite): ReaderCalls['openAlarmCounts'] {
  const count = (boxes: string): string =>
    `SELECT a.box, a.colour_rank AS colourRank, count(*) AS count FROM ${boxes} b CROSS JOIN alarms a
     ON a.box = b.id AND a.is_active = 1 GROUP BY a.box, a.colour_rank`
  type Row = { box: string; colourRank: number; count: number }
  const all = db.prepare<[], Row>(count('boxes'))
  const some = db.prepare<[string], Row>(count('(SELECT value AS id FROM json_each(?))'))
  return (boxes) => (boxes === undefined ? all.all() : some.all(JSON.stringify(boxes)))
}

export function createReader(db: Sqlite): ReaderCalls {
  addScopeFunction(db)
  const counts = createAlarmCounts(db)
  const narrow = createNarrowScope(db)
  const trail = db.prepare<[string], TrailEntry & { hash: string }>(
    'SELECT alarm, at_ms AS atMs, who, what, why, hash FROM trail WHERE alarm = ? ORDER BY position',
  )
  const quarantined = db.prepare<
    [],
    { box: string; topic: string; cause: string; atMs: number; bytes: number }
  >(
    'SELECT box, topic, cause, at_ms AS atMs, length(payload) AS bytes FROM quarantine ORDER BY position DESC',
  )
  const { pictureFile, picturesOfAlarm, picturesOfBox, findPicture } = createPictureReader(db)
  let policy = createCasePolicy()
  const { alarm, alarms, ledgerOfAlarms } = createAlarmReader(db, narrow)
  return {
    ...createCaseReader(db, () => policy, narrow),
    setReaderCasePolicy: (settings: PolicySettings): void => {
      policy = createCasePolicy(settings)
    },
    readerAnswers: () => corruptRows(db),
    storedBytes: createStoredBytesReader(db),
    pictureFile,
    picturesOfAlarm,
    picturesOfBox,
    findPicture,
    ...createPictureUpkeep(db, narrow),
    alarm,
    alarms,
    ledgerRows: (kind, find) =>
      kind === 'alarms' ? { cases: [], ...ledgerOfAlarms(find) } : { alarms: [], ...ledgerOfCases(db, find) },
    ...createDailyReader(db),
    ...createFleetReader(db),
    ...createListReader(db),
    ...createLevelReader(db),
    ...createBulletinReader(db),
    ...createLinkageReader(db),
    ...createUpwardReader(db),
    ...createOutletReader(db),
    openAlarmCounts: counts,
    pendingStages: createStageReader(db),
    events: createEventReader(db),
    trail: (alarm) => trail.all(alarm),
    verifyAudit: (anchor) => verifyAudit(db, anchor),
    quarantined: () => quarantined.all(),
    ...createCommandReader(db, narrow),
    ...createChangeReader(db),
    ...createAccountReader(db),
    ...createExpiredReader(db),
    ...createFigureReader(db, () => policy),
    ...createRosterReader(db),
    ...createResponseReader(db),
    ...createFamilyReader(db),
    ...createEnrolmentReader(db),
    ...createSignInReader(db),
    ...createOwnerReader(db),
    ...createAttachmentReader(db),
  }
}
