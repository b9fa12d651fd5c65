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
import { createCaseReader, ledgerOfCases } from './cases/case-reader.ts'
import { verifyAudit } from './audit-chain.ts'
import { createChangeReader } from './change-log.ts'
import type { Sqlite } from './database.ts'
import { createCommandReader } from './command-table.ts'
import { createEventReader } from './records/event-pages.ts'
import { createPictureReader } from './pictures/picture-table.ts'
import { createPictureUpkeep } from './pictures/picture-upkeep.ts'
import { createAttachmentReader } from './people/attachment-table.ts'
import { createFamilyReader } from './people/family-table.ts'
import { createResponseReader } from './people/response-table.ts'
import { createRosterReader } from './people/roster-table.ts'
import { createFigureReader } from './figure-reader.ts'
import { addScopeFunction } from './scope-column.ts'
import { createExpiredReader } from './retention.ts'
import { spoiltRows } from './documents.ts'
import { createSignInReader } from './sign-in/factor-table.ts'
import { createStoredBytesReader } from './stored-bytes.ts'
import type { ReaderCalls } from '../port.ts'

export function createReader(db: Sqlite): ReaderCalls {
  addScopeFunction(db)
  const counts = db.prepare<[], { box: string; colourRank: number; count: number }>(
    `SELECT box, colour_rank AS colourRank, count(*) AS count FROM alarms WHERE is_active = 1
     GROUP BY box, colour_rank`,
  )
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
  const { alarms, ledgerOfAlarms } = createAlarmReader(db)
  return {
    ...createCaseReader(db, () => policy),
    setReaderCasePolicy: (settings: PolicySettings): void => {
      policy = createCasePolicy(settings)
    },
    readerAnswers: () => spoiltRows(db),
    storedBytes: createStoredBytesReader(db),
    pictureFile,
    picturesOfAlarm,
    picturesOfBox,
    findPicture,
    ...createPictureUpkeep(db),
    alarms,
    ledgerRows: (kind, find) =>
      kind === 'alarms' ? { cases: [], ...ledgerOfAlarms(find) } : { alarms: [], ...ledgerOfCases(db, find) },
    ...createDailyReader(db),
    ...createListReader(db),
    ...createBulletinReader(db),
    ...createLinkageReader(db),
    ...createUpwardReader(db),
    ...createOutletReader(db),
    openAlarmCounts: () => counts.all(),
    pendingStages: createStageReader(db),
    events: createEventReader(db),
    trail: (alarm) => trail.all(alarm),
    verifyAudit: (anchor) => verifyAudit(db, anchor),
    quarantined: () => quarantined.all(),
    ...createCommandReader(db),
    ...createChangeReader(db),
    ...createAccountReader(db),
    ...createExpiredReader(db),
    ...createFigureReader(db),
    ...createRosterReader(db),
    ...createResponseReader(db),
    ...createFamilyReader(db),
    ...createSignInReader(db),
    ...createAttachmentReader(db),
  }
}
