// One record that can not be read does not hold up its lane: it goes to quarantine, a note with its number takes its place, and the
// other records of its Report are stored. Without this the box would send the same Report again for ever.
import {
  bootMax,
  isWallMs,
  recordCharsMax,
  sequenceMax,
  sinceBootMsMax,
} from '../../protocols/domain/limits.ts'
import { clockQualities } from '../../protocols/domain/event.ts'
import type { Colour } from '../../protocols/domain/colour.ts'
import type { LogRecord } from '../../protocols/domain/record.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'
import type { Report } from '../../protocols/uplink/report.ts'
import { colourOfUnreadable, worse, type UnreadableAlarm } from '../alarms/unreadable-alarm.ts'
import { checkReport, findWrongInRecord } from './check-report.ts'

/** The note in its place. */
export const recordUnreadable = 'record-unreadable'

/** Of each record, for the quarantine. */
const keptCharsMax = 2000

export interface FaultyRecord {
  /** In its lane. */
  number: number
  problem: string
  /** Its JSON, or the beginning of it. */
  text: string
  /** Of the alarm that it may be. */
  colour: Colour | undefined
}

/** Undefined when more than its records is wrong with the Report. */
export function setFaultyAside(value: unknown): { report: Report; faulty: FaultyRecord[] } | undefined {
  if (!isObject(value) || !Array.isArray(value['records'])) return undefined
  const { records } = value
  const outer = checkReport({ ...value, records: records.map(() => note({}, 1, '')) })
  if (!outer.ok) return undefined
  const faulty: FaultyRecord[] = []
  const sound = records.map((record: unknown, at) => {
    const problem = findWrongInRecord(record) ?? tooLong(record)
    if (problem === undefined) return record
    const number = outer.value.first + at
    const text = textOf(record).slice(0, keptCharsMax)
    faulty.push({ number, problem, text, colour: colourOfUnreadable(outer.value.lane, record) })
    return note(isObject(record) ? record : {}, number, problem)
  })
  return { report: { ...outer.value, records: sound as Report['records'] }, faulty }
}

/** For the quarantine: why, and the records one under the other. */
export const causeOf = (faulty: readonly FaultyRecord[]): string =>
  `${faulty.length} records; number ${faulty[0]?.number}: ${faulty[0]?.problem}`
export const rawOf = (faulty: readonly FaultyRecord[]): Buffer =>
  Buffer.from(faulty.map(({ text }) => text).join('\n'))

/** The most urgent of the alarms that may be among them. */
export function alarmAmong(faulty: readonly FaultyRecord[]): UnreadableAlarm | undefined {
  let found: UnreadableAlarm | undefined
  for (const { colour, text: beginning } of faulty)
    if (colour !== undefined) found = worse(found, { colour, beginning })
  return found
}

const tooLong = (record: unknown): string | undefined =>
  textOf(record).length > recordCharsMax ? `at most ${recordCharsMax} characters` : undefined

/** Nesting beyond the stack is no text. */
function textOf(record: unknown): string {
  try {
    return JSON.stringify(record) ?? 'null'
  } catch {
    return 'nested too deep'
  }
}

const counter = (value: unknown, max: number, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max ? value : otherwise

/** With the times of the record as far as these can be read. */
function note(record: Record<string, unknown>, number: number, problem: string): LogRecord {
  const { sequence, boot, sinceBootMs, atMs, clock } = record
  const isSince = typeof sinceBootMs === 'number' && sinceBootMs >= 0 && sinceBootMs <= sinceBootMsMax
  return {
    type: 'log',
    sequence: counter(sequence, sequenceMax, counter(number, sequenceMax, 1)),
    boot: counter(boot, bootMax, 1),
    sinceBootMs: isSince ? sinceBootMs : 0,
    atMs: isWallMs(atMs) ? atMs : 0,
    clock: clockQualities.find((one) => one === clock) ?? 'unsynced',
    what: recordUnreadable,
    facts: { problem },
  }
}
