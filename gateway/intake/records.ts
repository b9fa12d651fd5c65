// Parts of an entry: records with their times and lanes, and which events a nearly full disk still accepts.
import { outranks, type Lane } from '../../protocols/domain/colour.ts'
import type { BoxTime, DeviceEvent } from '../../protocols/domain/event.ts'
import type { AlarmRecord, EventRecord, JournalRecord, LogRecord } from '../../protocols/domain/record.ts'
import { nestingMax } from '../../protocols/domain/limits.ts'
import { withPlainText } from '../../protocols/domain/plain-text.ts'
import { cutNesting } from '../../protocols/kit/parse-json.ts'
import type { LocalCommand, Transition } from '../alarms/port.ts'
import { JournalError, type Journal, type JournalEntry } from '../journal/port.ts'
import type { CommitParts } from './intake-options.ts'
import { notTaking } from './storage-answer.ts'
import { causeKey, commandKey, type CauseDocument, type CommandDocument } from './port.ts'

/** Rows read at a time when records are replayed. */
const replayRowsMax = 1000

const telemetryOnly = new Set(['batteryPercent', 'signalDbm', 'temperatureC'])

/** True when the event contains more than telemetry: such an event is accepted as long as there is any room. */
export function canAlarm({ readings }: DeviceEvent): boolean {
  return Object.keys(readings).some((name) => !telemetryOnly.has(name))
}

/** Why a plain report is not taken now; what can raise an alarm is always taken. */
export function refusalOf(
  event: DeviceEvent,
  isRebuilding: boolean,
  isForAlarmsOnly: boolean,
): Error | undefined {
  if (canAlarm(event)) return undefined
  if (isRebuilding) return notTaking()
  return isForAlarmsOnly ? new JournalError('RESERVED', 'the room that is left belongs to alarms') : undefined
}

/** Facts about an event that its alarm needs later. */
export function causeOf({ device, messageId }: EventRecord): CauseDocument {
  return { device, messageId }
}

export function boxTime({ boot, sinceBootMs, atMs, clock }: BoxTime): BoxTime {
  return { boot, sinceBootMs, atMs, clock }
}

/** Built field by field, like everything on this path: spreads take a tenth of the time of an event. */
export function eventRecord(
  event: DeviceEvent,
  time: BoxTime,
  sequence: number,
  flags: readonly string[] | undefined,
): EventRecord & { flags?: readonly string[] } {
  const record: EventRecord & { flags?: readonly string[] } = {
    type: 'event',
    sequence,
    boot: time.boot,
    sinceBootMs: time.sinceBootMs,
    atMs: time.atMs,
    clock: time.clock,
    device: event.device,
    messageId: event.messageId,
    readings: event.readings,
  }
  if (event.deviceAtMs !== undefined) record.deviceAtMs = event.deviceAtMs
  if (event.setAside) record.setAside = event.setAside
  if (flags && flags.length > 0) record.flags = flags
  return record
}

export function logRecord(
  sequence: number,
  time: BoxTime,
  what: string,
  facts: Record<string, unknown>,
): LogRecord {
  // Only devices and cameras can send these.
  return {
    type: 'log',
    sequence,
    ...boxTime(time),
    what,
    // One level is the object itself: the centre reads nothing deeper.
    facts: cutNesting(withPlainText(facts), nestingMax + 1) as Record<string, unknown>,
  }
}

/** One record for each change of an alarm; `cause` is the sequence of its event. */
export function alarmRecords(
  transitions: readonly Transition[],
  time: BoxTime,
  cause: number | undefined,
  nextSequence: () => number,
): AlarmRecord[] {
  return transitions.map(({ change, alarm }) => ({
    type: 'alarm',
    sequence: nextSequence(),
    ...boxTime(time),
    change,
    alarm,
    ...(cause === undefined ? {} : { cause }),
  }))
}

/** The commands of local rules, as stored in the journal until they are sent. */
export function commandDocuments(
  commands: readonly LocalCommand[],
  sinceSteadyMs: number,
  nextSequence: () => number,
): CommandDocument[] {
  return commands.map(({ device, ...command }) => ({
    device,
    command: { ...command, id: `c-${nextSequence()}` },
    sinceSteadyMs,
  }))
}

/** An alarm stays in the lane of the most urgent colour it had, so that its changes arrive in order. */
export function laneOf({ alarm }: AlarmRecord): Lane {
  return outranks(alarm.latchedColour, alarm.colour) ? alarm.latchedColour : alarm.colour
}

/** The documents that are committed with the records of one input. */
export function stateOfCommit(
  more: CommitParts,
  alarms: readonly AlarmRecord[],
  commands: readonly CommandDocument[],
): [string, object | undefined][] {
  const state: [string, object | undefined][] = []
  for (const [key, value] of more.state ?? []) state.push([key, value])
  for (const document of commands) state.push([commandKey(document.device, document.command.id), document])
  for (const { alarm, change } of alarms)
    if (change === 'ended') state.push([causeKey(alarm.id), undefined])
    else if (more.event) state.push([causeKey(alarm.id), causeOf(more.event)])
  return state
}

/** The committed parts of one input, except its documents. */
export function journalEntry(
  records: JournalEntry['records'],
  { uncountedIds, quarantine, state }: CommitParts,
  commands: readonly CommandDocument[],
): JournalEntry {
  return {
    records,
    ...(uncountedIds && uncountedIds.length > 0 ? { uncountedIds } : {}),
    ...(quarantine ? { quarantine } : {}),
    isUrgent: Boolean(state?.length || commands.length) || records.some(({ lane }) => lane !== 'routine'),
  }
}

/** Every record after the checkpoint that the state documents include, in the order of sequences. */
export async function recordsSinceCheckpoint(journal: Journal): Promise<JournalRecord[]> {
  const [checkpoint] = await journal.loadState('checkpoint')
  const watermark = (checkpoint?.[1] ?? {}) as Partial<Record<Lane, number>>
  const records: JournalRecord[] = []
  for (const lane of Object.keys(journal.positions()) as Lane[]) {
    let after = watermark[lane] ?? 0
    for (;;) {
      const rows = await journal.read(lane, after, { recordsMax: replayRowsMax, bytesMax: 1024 * 1024 })
      for (const { body } of rows) records.push(JSON.parse(body) as JournalRecord)
      const last = rows.at(-1)
      if (!last) break
      after = last.number
    }
  }
  return records.sort((a, b) => a.sequence - b.sequence)
}

/** The result of a foreign dialect; our own parser has already done this. */
export function withPlainReadings(event: DeviceEvent): DeviceEvent {
  return { ...event, readings: withPlainText(event.readings) as DeviceEvent['readings'] }
}
