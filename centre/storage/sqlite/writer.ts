// The only writer. Every call is one transaction, so that records, alarms, stages, trail and stream always agree.
import { centreAlarmKinds } from '../../../protocols/domain/alarm.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { applyUnstoredCall, endUnrecorded, isOwn, toDeskAlarm, type DeskRow } from '../../alarms/desk-row.ts'
import { createCaseRuleWriter } from './cases/case-rule-table.ts'
import { createLivePolicy, type CasePolicy } from '../../cases/case-policy.ts'
import { summaryOf } from '../../cases/case-summary.ts'
import { seeAlarm } from '../../cases/case-steps.ts'
import type { TrailEntry } from '../../cases/trail.ts'
import { createAccountWriter } from './accounts.ts'
import { createSeal } from './audit-chain.ts'
import { createAlarmTable, type AlarmTable } from './alarm-table.ts'
import { createCaseTable, type CaseTable } from './cases/case-table.ts'
import { createVillageWriter, type ApplyOwn } from './villages/village-writer.ts'
import { createActionLists } from './cases/action-list-table.ts'
import { createOutletWriter, type OutletWriterParts } from './outlets/outlet-table.ts'
import { createUpwardWriter } from './upward/upward-table.ts'
import { plansOf } from '../../cases/action-lists.ts'
import { isOver } from '../../../protocols/domain/case-order.ts'
import { createEnrolmentWriter } from './enrolment/enrolment-table.ts'
import { createFleetWriter } from './fleet/fleet-table.ts'
import { createSearchWriter, type SearchWriter } from './search/search-writer.ts'
import { createBootTimes } from './records/boot-times.ts'
import { createCommandWriter } from './command-table.ts'
import { createChangeLog, createChangeReader } from './change-log.ts'
import { immediately, type Sqlite } from './database.ts'
import { readDocument, corruptRows } from './documents.ts'
import { createEpochs } from './records/epochs.ts'
import { createIntakeWriter } from './records/intake-writer.ts'
import { createOwnerWriter } from './records/owner-table.ts'
import { readKnownLanes } from './records/known-lanes.ts'
import { createPictureWriter } from './pictures/picture-table.ts'
import { createLookWriter } from './pictures/picture-upkeep.ts'
import { createFamilyWriter } from './people/family-table.ts'
import { createPeopleWriter } from './people/people-writer.ts'
import { createUserChanges } from './sign-in/user-table.ts'
import { createSignInWriter } from './sign-in/factor-table.ts'
import { createExpiredWriter } from './retention.ts'
import { createStoredBytesWriter } from './stored-bytes.ts'
import type {
  BoxMessage,
  GonePictures,
  KnownBox,
  OwnAlarmChange,
  StepOutcome,
  StoredChange,
  ReceivedUnstoredCall,
  WriterCalls,
} from '../port.ts'

/** Kinds of the alarms that the running centre raises and ends; storage does this for the alarms of linkages. */
const ownKinds = [
  ...centreAlarmKinds.filter((kind) => kind !== 'upstream-water'),
  'certificate-expires',
  'outlet-failed',
  'outlet-silent',
]

function prepareBoxes(db: Sqlite) {
  const insertBox = db.prepare('INSERT INTO boxes (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const putBox = db.prepare(
    `INSERT INTO boxes (id, name, last_heard_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name,
       last_heard_at_ms = coalesce(excluded.last_heard_at_ms, boxes.last_heard_at_ms)`,
  )
  const returnBox = db.prepare(
    'UPDATE boxes SET retired_at_ms = NULL WHERE id = ? AND retired_at_ms IS NOT NULL',
  )
  const retire = db.prepare('UPDATE boxes SET retired_at_ms = ? WHERE id = ?')
  const boxName = db.prepare<[string], { name: string }>('SELECT name FROM boxes WHERE id = ?')
  const inVillage = db
    .prepare<[string, string, string], string>(
      'SELECT id FROM boxes WHERE retired_at_ms IS NULL AND (id = ? OR (id >= ? AND id < ?)) ORDER BY id',
    )
    .pluck()
  const boxesOf = (village: string): string[] =>
    // From its first numbered box to the character behind the digits.
    (inVillage.all(village, `${village}-0`, `${village}-:`) as string[]).filter(
      (id) => villageOf(id) === village,
    )
  return {
    insertBox,
    putBox,
    returnBox,
    retire,
    boxName,
    boxesOf,
    addBox: (box: string): void => void insertBox.run(box, box),
    nameOf: (box: string): string => boxName.get(box)?.name ?? box,
  }
}

/** The parts that the calls of the writer share. */
interface WriterParts {
  db: Sqlite
  alarms: AlarmTable
  boxes: ReturnType<typeof prepareBoxes>
  epochs: ReturnType<typeof createEpochs>
  logChange: ReturnType<typeof createChangeLog>
  seal: ReturnType<typeof createSeal>
  shown: (row: DeskRow) => DeskAlarm
  hearAlarm: CaseTable['hearAlarm']
  search: SearchWriter
  applyOwn: ApplyOwn
  /** Ends a call that its box could not store, after the box has lost it. */
  endUnrecorded: (row: DeskRow, atMs: number) => StoredChange[]
}

const withTime = (times: ReturnType<typeof createBootTimes>, row: DeskRow): DeskRow => ({
  ...row,
  raised: times.repaired(row.oldest.epoch, row.raised),
})

function endingOf({
  alarms,
  logChange,
  shown,
  hearAlarm,
}: Pick<WriterParts, 'alarms' | 'logChange' | 'shown' | 'hearAlarm'>): WriterParts['endUnrecorded'] {
  return (row, atMs) => {
    const over = endUnrecorded(row, atMs)
    alarms.put(over)
    return [logChange({ type: 'alarm.ended', alarm: shown(over) }), ...hearAlarm(over, atMs)]
  }
}

function openOutbox(db: Sqlite, alarms: AlarmTable) {
  const lists = createActionLists(db)
  return createUpwardWriter(db, {
    rowOf: (id) => alarms.get(id),
    plansOf: (item) => plansOf(item, lists.newest().lists),
  })
}

function createPictureCalls(
  db: Sqlite,
  pictures: ReturnType<typeof createPictureWriter>,
  logChange: ReturnType<typeof createChangeLog>,
) {
  return {
    storePicture: immediately(db, (box: string, sha256: string, atMs: number) =>
      pictures.store(box, sha256, Math.round(atMs)).map(logChange),
    ),
    dropPictures: immediately(db, ({ files, why }: GonePictures, atMs: number) =>
      files.flatMap(({ box, sha256 }) => pictures.lose(box, sha256, why, Math.round(atMs)).map(logChange)),
    ),
  }
}

function outletParts(
  { seal, logChange }: Pick<WriterParts, 'seal' | 'logChange'>,
  caseOf: CaseTable['caseOf'],
  policy: () => CasePolicy,
): OutletWriterParts {
  return {
    seal,
    caseOf,
    logCase: (item, nowMs) =>
      logChange({
        type: isOver(item.state) ? 'case.over' : 'case.changed',
        case: summaryOf(item, policy(), nowMs),
      }),
  }
}

const createAccountCalls = (db: Sqlite) => ({
  ...createAccountWriter(db),
  ...createExpiredWriter(db),
  ...createStoredBytesWriter(db),
  ...createSignInWriter(db),
  ...createUserChanges(db),
  ...createEnrolmentWriter(db),
  ...createFleetWriter(db),
  ...createOwnerWriter(db),
})

export function createWriter(db: Sqlite): WriterCalls {
  const search = createSearchWriter(db)
  const alarms = createAlarmTable(db, search)
  const logChange = createChangeLog(db)
  const boxes = prepareBoxes(db)
  const seal = createSeal(db)
  const epochs = createEpochs(db)
  const bootTimes = createBootTimes(db)
  const pictures = createPictureWriter(db)

  const shown = (row: DeskRow): DeskAlarm =>
    toDeskAlarm(withTime(bootTimes, row), boxes.nameOf(row.box), pictures.countOf(row.id))
  const { policy, use } = createLivePolicy()
  const alarmOf = (id: string): DeskAlarm | undefined => {
    const row = alarms.get(id)
    return row && shown(row)
  }
  const families = createFamilyWriter(db, seal, alarmOf)
  const upward = openOutbox(db, alarms)
  const cases = createCaseTable({
    db,
    alarms,
    search,
    upward,
    policy: () => policy,
    shown,
    logChange,
    seal,
    hearCase: families.hearCase,
  })
  const { hearAlarm: hearCase, hearPackage, caseOf, renewDue, ...caseCalls } = cases
  const { askCommand, ...commandCalls } = createCommandWriter(db, logChange, seal)
  const villages = createVillageWriter({ db, seal, alarms, logChange, shown, hearCase, askCommand, ...boxes })
  const { hearAlarm, applyOwn } = villages
  const kept = { db, alarms, boxes, epochs, logChange, seal, shown, hearAlarm, search, applyOwn }
  const parts = { ...kept, endUnrecorded: endingOf(kept) }

  const intake = { ...parts, ...boxes, ...villages, bootTimes, pictures, hearPackage }
  return {
    writerAnswers: () => corruptRows(db),
    ...createStartCalls(parts),
    storeIntake: createIntakeWriter(db, intake),
    ...createAlarmCalls(parts),
    ...createBoxCalls(parts),
    askCommand,
    ...commandCalls,
    ...villages.calls,
    ...createPictureCalls(db, pictures, logChange),
    ...caseCalls,
    ...createCaseRuleWriter(db, { seal, renewDue, use }),
    noteLook: createLookWriter(db, seal),
    ...upward.calls,
    ...createOutletWriter(
      db,
      outletParts({ seal, logChange }, caseOf, () => policy),
    ),
    ...createAccountCalls(db),
    ...createPeopleWriter({
      db,
      seal,
      caseOf,
      alarmOf,
      families,
      takeCaseStep: (target, input, actor, atMs) => caseCalls.takeCaseStep(target, input, actor, atMs),
    }),
  }
}

function createStartCalls({ db, boxes, epochs, shown, search }: WriterParts) {
  const { lastPosition } = createChangeReader(db)
  return {
    catchUpSearch: search.catchUpSearch,
    /** The state that the program loads before boxes may connect. */
    remember: immediately(db, (configured: { id: string; name: string }[]) => {
      for (const { id, name } of configured) boxes.putBox.run(id, name, null)
      search.enterOpen()
      const known = db
        .prepare<[], { id: string; name: string; at: number | null; retired: number | null }>(
          'SELECT id, name, last_heard_at_ms AS at, retired_at_ms AS retired FROM boxes',
        )
        .all()
        .map(({ id, name, at, retired }): KnownBox => ({
          id,
          name,
          ...(at === null ? {} : { lastHeardAtMs: at }),
          ...(retired === null ? {} : { isRetired: true }),
        }))
      const rememberedEpochs = epochs.rememberAll()
      const { known: lanes, setAside } = readKnownLanes(db)
      const own = db
        .prepare<[], { id: string; box: string; row: string }>(
          `SELECT id, box, row FROM alarms WHERE is_active = 1
           AND kind IN (${ownKinds.map((kind) => `'${kind}'`).join(', ')})`,
        )
        .all()
        .flatMap(({ id, box, row }) => {
          const parsed = readDocument(db, 'alarms', id, row)
          if (parsed) return isOwn(parsed) ? [shown(parsed)] : []
          setAside.push({ box, alarm: id, why: 'its row can not be read' })
          return []
        })
      return {
        boxes: known,
        epochs: rememberedEpochs,
        lanes,
        lastPosition: lastPosition(),
        ownAlarms: own,
        setAside,
      }
    }),
  }
}

/** Changes of alarms that do not come from records of a box. */
function createAlarmCalls(parts: WriterParts) {
  const { db, alarms, boxes, logChange, seal, shown, hearAlarm, applyOwn } = parts
  function takeStep(row: DeskRow, entry: TrailEntry): StepOutcome {
    alarms.put(row)
    seal(entry)
    const alarm = shown(row)
    return { type: 'done', alarm, changes: [logChange({ type: 'alarm.stage', alarm })] }
  }

  return {
    seeAlarm: immediately(db, (id: string, user: string, wallMs: number): StepOutcome => {
      const current = alarms.get(id)
      if (!current) return { type: 'unknown' }
      const atMs = Math.round(wallMs)
      const row = seeAlarm(current, atMs)
      if (!row) return { type: 'done', alarm: shown(current), changes: [] }
      return takeStep(row, { alarm: id, atMs, who: user, what: 'seen', why: '' })
    }),

    changeOwnAlarm: immediately(db, ({ box, change, alarm, atMs }: OwnAlarmChange) =>
      applyOwn(box, change, alarm, Math.round(atMs)),
    ),

    storeUnstoredCall: immediately(db, ({ box, at, alarm, receivedAtMs }: ReceivedUnstoredCall) => {
      const atMs = Math.round(receivedAtMs)
      const applied = applyUnstoredCall(alarms.get(`${box}.${alarm.id}`), box, { at, alarm }, atMs)
      if (!applied) return []
      boxes.insertBox.run(box, box)
      alarms.put(applied.row)
      return [
        logChange({ type: `alarm.${applied.news ?? 'updated'}`, alarm: shown(applied.row) }),
        ...hearAlarm(applied.row, atMs),
      ]
    }),

    endUnrecordedCalls: immediately(db, (acceptedBeforeMs: number, wallMs: number) =>
      alarms
        .unrecorded()
        .filter(({ acceptedAtMs }) => acceptedAtMs !== undefined && acceptedAtMs <= acceptedBeforeMs)
        .flatMap((row) => parts.endUnrecorded(row, Math.round(wallMs))),
    ),
  }
}

function createBoxCalls({ db, boxes, logChange, seal }: WriterParts) {
  return {
    noteBoxes: immediately(db, (heard: KnownBox[], messages: BoxMessage[]) => {
      for (const { id, name, lastHeardAtMs } of heard) {
        boxes.putBox.run(id, name, lastHeardAtMs === undefined ? null : Math.round(lastHeardAtMs))
        if (lastHeardAtMs !== undefined) boxes.returnBox.run(id)
      }
      return messages.map(logChange)
    }),

    retireBox: immediately(db, (box: string, by: string, why: string, wallMs: number) => {
      if (!boxes.boxName.get(box)) return undefined
      const atMs = Math.round(wallMs)
      boxes.retire.run(atMs, box)
      seal({ alarm: `box ${box}`, atMs, who: by, what: 'retired', why })
      return [logChange({ type: 'box.retired', box, by })]
    }),
  }
}
