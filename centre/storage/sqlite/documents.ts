// Reads JSON from columns. A damaged byte must not make a start, a commit or a list fail: such a row is left out, named
// and counted, and everything else continues.
import { z } from 'zod'
import { alarmKinds, alarmStates, stages } from '../../../protocols/domain/alarm.ts'
import { actionTypes, caseStates, returnReasons, type Case } from '../../../protocols/domain/case.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { nestingMax } from '../../../protocols/domain/limits.ts'
import { snapshotFactsSchema, type SnapshotFacts } from '../../../protocols/domain/snapshot.ts'
import { caseSteps } from '../../../protocols/domain/step-limits.ts'
import type { DailyEntry } from '../../../protocols/desk/daily.ts'
import type { Linkage, LinkageWarning } from '../../../protocols/desk/villages/linkages.ts'
import type { WorkOrder } from '../../../protocols/desk/fleet/work-orders.ts'
import { faultCodes } from '../../../protocols/health/faults.ts'
import { boxVitalsSchema, type BoxVitals } from '../../../protocols/uplink/box-vitals.ts'
import { limitMsMax, limitMsMin, type CaseRules } from '../../../protocols/desk/leading/case-rules.ts'
import { shiftStates, type Shift } from '../../../protocols/desk/shifts.ts'
import { deskCommandStates, type DeskCommand } from '../../../protocols/desk/commands.ts'
import { fromZod } from '../../../protocols/kit/from-zod.ts'
import { isNestedDeeper, parseJson } from '../../../protocols/kit/parse-json.ts'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { DeskRow } from '../../alarms/desk-row.ts'
import type { ActionList } from '../../cases/action-lists.ts'
import type { ListedDevice, ListedZone } from '../../../protocols/uplink/village-list.ts'
import type { CorruptRow } from '../port.ts'
import type { NewBulletin } from '../village-port.ts'
import type { Sqlite } from './database.ts'

/** Damaged rows kept by name; further ones are left out without a name. */
export const corruptRowsMax = 1000
/** A row contains an alarm, which contains readings. */
const documentNestingMax = nestingMax + 4

const words = z.looseObject({ zh: z.string(), en: z.string() })
const order = z.looseObject({ epoch: z.number(), sequence: z.number() })
const time = z.looseObject({
  boot: z.number(),
  sinceBootMs: z.number(),
  atMs: z.number(),
  clock: z.string(),
})
const text = z.string().optional()
const number = z.number().optional()
const flag = z.boolean().optional()
const person = z.looseObject({ who: z.string(), atMs: z.number() })
const colour = z.enum(colours)

const alarmShape = z.looseObject({
  id: z.string(),
  device: z.string(),
  kind: z.enum(alarmKinds),
  variant: text,
  colour,
  latchedColour: colour,
  state: z.enum(alarmStates),
  occurrences: z.number(),
  zone: text,
  place: z.looseObject({}).optional(),
  text: words,
  readings: z.looseObject({}).optional(),
  isDrill: flag,
})

const returnShape = z.looseObject({ why: z.enum(returnReasons), atMs: z.number(), who: text })

const rowShape = z.looseObject({
  id: z.string(),
  box: z.string(),
  alarm: alarmShape,
  newest: order,
  oldest: order,
  raised: time,
  receivedAtMs: z.number(),
  changedAtMs: z.number(),
  again: z.looseObject({ count: z.number(), order, time, receivedAtMs: z.number() }).optional(),
  isKept: z.literal(false).optional(),
  stage: z.enum(stages),
  acceptedBy: text,
  acceptedAtMs: number,
  acceptedOccurrences: number,
  acceptedColour: colour.optional(),
  returned: returnShape.optional(),
})

const caseActionShape = z.looseObject({
  id: z.string(),
  type: z.enum(actionTypes),
  label: words,
  isRequired: z.boolean(),
  done: person.optional(),
})

const caseShape = z.looseObject({
  id: z.string().regex(/^case-\d{1,15}$/),
  village: z.string(),
  box: text,
  title: words,
  colour,
  state: z.enum(caseStates),
  isDrill: z.boolean(),
  onTest: z.looseObject({ who: z.string(), untilMs: z.number() }).optional(),
  preCancelled: person.optional(),
  openedAtMs: z.number(),
  changedAtMs: z.number(),
  alarms: z.array(
    z.looseObject({
      id: z.string(),
      kind: z.enum(alarmKinds),
      colour,
      device: z.string(),
      zone: text,
      occurrences: z.number(),
      isActive: z.boolean(),
      endsByReading: z.boolean(),
    }),
  ),
  holder: text,
  claimedBy: person.optional(),
  acceptances: z.array(person),
  needsAnswer: z.boolean(),
  returned: returnShape.optional(),
  reports: z.array(person),
  dispatches: z.array(person),
  feedback: person.optional(),
  verified: person.optional(),
  archived: person.optional(),
  actions: z.array(caseActionShape),
  guidanceVersion: z.number(),
  guidance: words.optional(),
  mergedInto: text,
  handedTo: text,
  handledBefore: z
    .looseObject({ cases: z.number(), lastCase: z.string(), lastAtMs: z.number(), lastOutcome: text })
    .optional(),
  clocks: z.partialRecord(
    z.enum(caseSteps),
    z.looseObject({ sinceMs: z.number(), level: z.number().int().min(0).max(3) }),
  ),
  reopened: z.number(),
  notes: z.number(),
  attachments: z.number(),
})

const commandShape = z.looseObject({
  id: z.string(),
  box: z.string(),
  do: z.string(),
  by: z.string(),
  why: text,
  alarm: text,
  state: z.enum(deskCommandStates),
  askedAtMs: z.number(),
  expiresAtMs: z.number(),
  changedAtMs: z.number(),
  reached: z.array(z.string()).optional(),
  missed: z.array(z.string()).optional(),
  snapshots: z.array(z.string()).optional(),
})

const dailyShape = z.looseObject({
  box: z.string(),
  village: z.string(),
  day: z.string(),
  filedAtMs: number,
  signedBy: text,
  text,
})

const shiftShape = z.looseObject({
  shift: z.number(),
  leaving: z.string(),
  entering: z.string(),
  text: z.string(),
  offeredAtMs: z.number(),
  cases: z.array(z.string()),
  state: z.enum(shiftStates),
})

const listsShape = z.array(
  z.looseObject({
    kind: z.enum([...alarmKinds, '*']),
    scope: z.string(),
    place: z.string(),
    guidance: words.optional(),
    actions: z.array(caseActionShape).optional(),
    without: z.array(z.string()).optional(),
    plans: z
      .array(
        z.looseObject({ id: z.string(), label: words, steps: z.array(z.looseObject({ id: z.string() })) }),
      )
      .optional(),
  }),
)

interface Documents {
  alarms: DeskRow
  cases: Case
  commands: DeskCommand
  snapshots: SnapshotFacts
  action_lists: ActionList[]
  case_rules: CaseRules
  daily_reports: DailyEntry
  shifts: Shift
  bulletins: NewBulletin
  linkages: Linkage[]
  linkage_warnings: LinkageWarning
  listed: ListedZone | ListedDevice
  work_orders: Omit<WorkOrder, 'id' | 'state'>
  box_vitals: BoxVitals
  /** Sent on unchanged: only its JSON syntax is checked. */
  changes: object
  records: object
}

const bulletinShape = z.looseObject({
  id: z.string(),
  text: z.string(),
  villages: z.array(z.string()),
  by: z.string(),
  seconds: z.number(),
  atMs: z.number(),
  expiresAtMs: z.number(),
})

const linkagesShape = z.array(
  z.looseObject({
    id: z.string(),
    from: z.looseObject({ place: z.string(), device: text }),
    colour,
    to: z.array(z.looseObject({ village: z.string(), minutes: number })),
    text,
  }),
)

const warningShape = z.looseObject({
  id: z.string(),
  linkage: z.string(),
  village: z.string(),
  source: z.string(),
  alarm: z.string(),
  colour,
  raisedAtMs: z.number(),
  minutes: number,
  expectedAtMs: number,
  arrivedAtMs: number,
  sourceOverAtMs: number,
  endedAtMs: number,
  bulletin: text,
})

const listedShape = z.looseObject({ id: z.string(), name: text, kind: text, zone: text, grade: text })

const workShape = z.looseObject({
  box: z.string(),
  code: z.enum(faultCodes),
  about: text,
  problem: words,
  remedy: words,
  by: z.string(),
  madeAtMs: z.number(),
  visits: z.array(z.looseObject({ atMs: z.number(), by: z.string(), text: z.string(), isDone: z.boolean() })),
  photos: z.array(z.looseObject({ sha256: z.string(), atMs: z.number(), by: z.string() })),
})

const rulesShape = z.looseObject({
  limitsMs: z
    .partialRecord(
      z.enum(caseSteps),
      z.partialRecord(z.enum(colours), z.number().min(limitMsMin).max(limitMsMax)),
    )
    .optional(),
  redAcceptances: z.union([z.literal(1), z.literal(2)]).optional(),
  reopenAt: z.number().min(1).max(100).optional(),
  mustReport: z.array(z.enum(colours)).optional(),
})

const anyObject = z.looseObject({})
const shapes: Record<keyof Documents, z.ZodType> = {
  alarms: rowShape,
  cases: caseShape,
  commands: commandShape,
  snapshots: snapshotFactsSchema,
  action_lists: listsShape,
  case_rules: rulesShape,
  daily_reports: dailyShape,
  shifts: shiftShape,
  bulletins: bulletinShape,
  linkages: linkagesShape,
  linkage_warnings: warningShape,
  listed: listedShape,
  work_orders: workShape,
  box_vitals: boxVitalsSchema,
  changes: anyObject,
  records: anyObject,
}

const found = new WeakMap<Sqlite, Map<string, CorruptRow>>()

/** Every damaged row that this connection has found; the number beyond `corruptRowsMax` is unknown. */
export const corruptRows = (db: Sqlite): CorruptRow[] => [...(found.get(db)?.values() ?? [])]

export function noteCorrupt(db: Sqlite, table: string, name: string | number): void {
  const rows = found.get(db) ?? new Map<string, CorruptRow>()
  found.set(db, rows)
  if (rows.size < corruptRowsMax) rows.set(`${table} ${name}`, { table, row: String(name).slice(0, 200) })
}

/** Most rows remembered as written; an alarm that repeats and its case are read back at each repeat. */
const writtenMax = 200
const written = new WeakMap<Sqlite, Map<string, { json: string; value: unknown }>>()

/**
 * The text to store for a document. A document that is read back with the same text needs no second check; after a
 * rollback or a change by another connection the text differs, and it is checked. The value must not be changed later.
 */
export function writeDocument<T extends keyof Documents>(
  db: Sqlite,
  table: T,
  name: string | number,
  value: Documents[T],
): string {
  const json = JSON.stringify(value)
  const rows = written.get(db) ?? new Map<string, { json: string; value: unknown }>()
  written.set(db, rows)
  const key = `${table} ${name}`
  rows.delete(key)
  rows.set(key, { json, value })
  forgetOldest(rows, writtenMax)
  return json
}

/** The document, or undefined when its row is damaged: then it is recorded. */
export function readDocument<T extends keyof Documents>(
  db: Sqlite,
  table: T,
  name: string | number,
  json: string,
): Documents[T] | undefined {
  const own = written.get(db)?.get(`${table} ${name}`)
  if (own?.json === json) return own.value as Documents[T]
  const read = parseJson(json, Infinity)
  // A value that is nested too deep would make the writing of an answer fail.
  if (read.ok && !isNestedDeeper(read.value, documentNestingMax) && fromZod(shapes[table], read.value).ok)
    return read.value as Documents[T]
  noteCorrupt(db, table, name)
  return undefined
}
