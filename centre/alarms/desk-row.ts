// One alarm on the town's desk: merges the box's AlarmRecords, in any order of arrival, into one row. Pure.
import type { Alarm, AlarmChange, AlarmPlace, Stage } from '../../protocols/domain/alarm.ts'
import { alarmReadingsCharsMax } from '../../protocols/domain/limits.ts'
import { outranks, urgency, type Colour } from '../../protocols/domain/colour.ts'
import { villageOf } from '../../protocols/domain/names.ts'
import { fromZod } from '../../protocols/kit/from-zod.ts'
import { knownPlaceSchema } from '../../protocols/uplink/report.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'
import type { CaseReturn } from '../../protocols/domain/case.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'

/**
 * Position of a record in a box's own order: epochs in the order in which the centre first received them, then
 * `sequence`.
 */
export interface RecordOrder {
  epoch: number
  sequence: number
}

export interface Occurrence {
  count: number
  order: RecordOrder
  time: BoxTime
  /** When the centre had stored it. */
  receivedAtMs: number
}

/** The stored form of an alarm. */
export interface DeskRow {
  id: string
  box: string
  alarm: Alarm
  /** Position of the newest applied record: an older record never changes the state. */
  newest: RecordOrder
  /** Position of the oldest applied record: an escalation may arrive before its own raise, in a more urgent lane. */
  oldest: RecordOrder
  raised: BoxTime
  receivedAtMs: number
  changedAtMs: number
  /** Its latest occurrence after the first, from the earliest record that counts it. */
  again?: Occurrence
  /** False while the box could not store the shown state: no record of it is stored. */
  isKept?: false
  stage: Stage
  acceptedBy?: string
  acceptedAtMs?: number
  acceptedOccurrences?: number
  acceptedColour?: Colour
  /** Its case returned to the queue, and no person has accepted it since. */
  returned?: CaseReturn
}

export const deskAlarmId = (box: string, alarm: string): string => `${box}.${alarm}`

export function isBefore(a: RecordOrder, b: RecordOrder): boolean {
  return a.epoch === b.epoch ? a.sequence < b.sequence : a.epoch < b.epoch
}

/** An alarm raised by the centre itself: epoch 0, which no box can have. */
export const isOwn = (row: DeskRow): boolean => row.newest.epoch === 0

/** Lower than every record of a box, so that the first record replaces the state. */
const unstoredOrder: RecordOrder = { epoch: -1, sequence: 0 }

/** The fields of an alarm that come from the box, and no others: acceptance, stage and holder belong to the centre. */
function boxFields(alarm: Alarm): Alarm {
  const { id, device, kind, variant, colour, latchedColour, state, occurrences } = alarm
  const { zone, place, text, readings, isDrill } = alarm
  return {
    id,
    device,
    kind,
    ...(variant === undefined ? {} : { variant }),
    colour,
    latchedColour,
    state,
    occurrences,
    ...(zone === undefined ? {} : { zone }),
    ...(place === undefined ? {} : { place }),
    text: { zh: text.zh, en: text.en },
    ...(readings === undefined ? {} : { readings }),
    ...(isDrill === undefined ? {} : { isDrill }),
  }
}

/** A box's alarm as a desk's row stores it: known fields, a few KB. */
export function boxAlarm(alarm: Alarm): Alarm {
  const { place, readings, ...rest } = boxFields(alarm)
  const known = place === undefined ? undefined : fromZod(knownPlaceSchema, place)
  const isShort = readings !== undefined && JSON.stringify(readings).length <= alarmReadingsCharsMax
  return {
    ...rest,
    ...(known?.ok ? { place: known.value as AlarmPlace } : {}),
    ...(isShort ? { readings } : {}),
  }
}

export function isActive(row: DeskRow): boolean {
  return row.alarm.state !== 'normal'
}

/** 0 is the most urgent; what the desk sorts by. */
export const colourRank = (row: DeskRow): number => urgency(row.alarm.colour)

/** True when it occurred again, its colour rose, or its case returned to the queue, after a person accepted it. */
export function needsAnswer(row: DeskRow): boolean {
  if (row.acceptedBy === undefined || !isActive(row)) return false
  if (row.returned) return true
  const isMore = row.alarm.occurrences > (row.acceptedOccurrences ?? 0)
  return isMore || (row.acceptedColour !== undefined && outranks(row.alarm.colour, row.acceptedColour))
}

function timeOf({ boot, sinceBootMs, atMs, clock }: BoxTime): BoxTime {
  return { boot, sinceBootMs, atMs, clock }
}

export interface Applied {
  row: DeskRow
  /** The message for open desks; undefined when no shown field has changed. */
  news: AlarmChange | undefined
}

/**
 * Applies one AlarmRecord of `box` at position `order` of the box's own order. The newest wins; an older record can
 * only make the time of the raise earlier. Applying a record twice changes nothing.
 */
export function applyAlarmRecord(
  row: DeskRow | undefined,
  box: string,
  order: RecordOrder,
  record: AlarmRecord,
  receivedAtMs: number,
): Applied {
  if (!row) {
    const again = laterOccurrence(undefined, order, record, receivedAtMs)
    const fresh: DeskRow = {
      id: deskAlarmId(box, record.alarm.id),
      box,
      alarm: boxAlarm(record.alarm),
      newest: order,
      oldest: order,
      raised: timeOf(record),
      receivedAtMs,
      changedAtMs: receivedAtMs,
      ...(again === undefined ? {} : { again }),
      stage: 'centre',
    }
    return { row: fresh, news: record.change }
  }
  if (row.isKept === false) return joinKept(row, order, record, receivedAtMs)
  const again = laterOccurrence(row.again, order, record, receivedAtMs)
  const counted = again === undefined ? row : { ...row, again }
  if (isBefore(row.newest, order))
    return {
      row: { ...counted, alarm: boxAlarm(record.alarm), newest: order, changedAtMs: receivedAtMs },
      news: record.change,
    }
  if (isBefore(order, row.oldest))
    return { row: { ...counted, oldest: order, raised: timeOf(record) }, news: 'updated' }
  return { row: counted, news: again === row.again ? undefined : 'updated' }
}

/**
 * The first record of a call that the box could not store at first: the same alarm, still raised when first received.
 */
function joinKept(row: DeskRow, order: RecordOrder, record: AlarmRecord, receivedAtMs: number): Applied {
  const { isKept: _isKept, ...known } = row
  const isFirst = isBefore(row.newest, { epoch: 0, sequence: 0 })
  const isAll = record.alarm.occurrences >= row.alarm.occurrences
  if (isFirst) {
    const alarm = isAll
      ? boxAlarm(record.alarm)
      : { ...boxAlarm(record.alarm), occurrences: row.alarm.occurrences }
    return {
      row: {
        ...known,
        newest: order,
        oldest: order,
        alarm,
        changedAtMs: receivedAtMs,
        ...(isAll ? {} : { isKept: false as const }),
      },
      news: record.change === 'raised' ? 'updated' : record.change,
    }
  }
  const applied = applyAlarmRecord(known, row.box, order, record, receivedAtMs)
  if (isAll) return applied
  // An older record, or one about another occurrence: the occurrence that was not stored still stands.
  const alarm = { ...applied.row.alarm, occurrences: row.alarm.occurrences }
  return { row: { ...applied.row, alarm, isKept: false }, news: applied.news }
}

/** Applies a call that the box could not store. Undefined when it adds nothing to the row. */
export function applyUnstoredCall(
  row: DeskRow | undefined,
  box: string,
  { at, alarm }: { at: BoxTime; alarm: Alarm },
  receivedAtMs: number,
): Applied | undefined {
  const fresh: Pick<DeskRow, 'alarm' | 'changedAtMs' | 'isKept'> = {
    alarm: boxAlarm(alarm),
    changedAtMs: receivedAtMs,
    isKept: false,
  }
  if (row) {
    const isMore = alarm.occurrences > row.alarm.occurrences || outranks(alarm.colour, row.alarm.colour)
    if (!isMore || !isActive(row) || isOwn(row)) return undefined
    return { row: { ...row, ...fresh }, news: 'updated' }
  }
  const id = deskAlarmId(box, alarm.id)
  const order = { newest: unstoredOrder, oldest: unstoredOrder }
  const times = { raised: timeOf(at), receivedAtMs }
  return { row: { id, box, ...order, ...times, ...fresh, stage: 'centre' }, news: 'raised' }
}

/** A call that its box could not store, and of which no record has come since. */
export const isUnrecorded = (row: DeskRow): boolean =>
  isActive(row) && row.isKept === false && row.newest.epoch === unstoredOrder.epoch

/** Its box does not know it any more, so no record will end it. */
export const endUnrecorded = (row: DeskRow, atMs: number): DeskRow => ({
  ...row,
  alarm: { ...row.alarm, state: 'normal' },
  changedAtMs: atMs,
})

function laterOccurrence(
  known: Occurrence | undefined,
  order: RecordOrder,
  record: AlarmRecord,
  receivedAtMs: number,
): Occurrence | undefined {
  const count = record.alarm.occurrences
  if (count < 2 || count < (known?.count ?? 0)) return known
  if (known?.count === count && !isBefore(order, known.order)) return known
  return { count, order, time: timeOf(record), receivedAtMs }
}

/** The row as desks and programs see it; `pictures` is the number of its snapshots. */
export function toDeskAlarm(row: DeskRow, boxName: string, pictures = 0): DeskAlarm {
  return {
    // Rows of an older version contain every field that a box sent.
    ...boxFields(row.alarm),
    id: row.id,
    box: row.box,
    boxName,
    village: villageOf(row.box),
    raised: row.raised,
    receivedAtMs: row.receivedAtMs,
    changedAtMs: row.changedAtMs,
    ...(row.again === undefined ? {} : { again: row.again.time, againReceivedAtMs: row.again.receivedAtMs }),
    ...(row.isKept === undefined ? {} : { isKept: row.isKept }),
    stage: row.stage,
    ...(row.acceptedBy === undefined ? {} : { acceptedBy: row.acceptedBy }),
    ...(row.acceptedAtMs === undefined ? {} : { acceptedAtMs: row.acceptedAtMs }),
    needsAnswer: needsAnswer(row),
    ...(row.returned === undefined ? {} : { returned: row.returned }),
    ...(pictures > 0 ? { pictures } : {}),
  }
}
