// Runs the engine over recorded readings in virtual time and reports, line by line and as counts, what it would have
// raised.
import type { AlarmSettings } from '../../config/alarm-settings.ts'
import type { Alarm, AlarmChange, BilingualText } from '../../../protocols/domain/alarm.ts'
import { outranks, type Colour } from '../../../protocols/domain/colour.ts'
import { createAlarmEngine } from '../alarm-engine.ts'
import type { AlarmInput, AlarmMemory, LocalCommand, Outcome } from '../port.ts'
import type { CsvRow } from './readings-csv.ts'

export interface AlarmLine {
  type: 'alarm'
  timeUtc: string
  change: AlarmChange
  device: string
  kind: Alarm['kind']
  variant?: string
  colour: Colour
  state: Alarm['state']
  occurrences: number
  waterLevelMm?: number
  text: BilingualText
}

export type RecordingLine =
  | AlarmLine
  | { type: 'flag'; timeUtc: string; flags: string[]; readings: object }
  | { type: 'command'; timeUtc: string; command: LocalCommand }
  | { type: 'log'; timeUtc: string; what: string; facts: object }
  | RecordingSummary

export interface RecordingSummary {
  type: 'summary'
  device: string
  rows: number
  /** Days with at least one row. */
  days: number
  /** Alarms that people would have received, by their highest colour. */
  alarms: Record<Colour, number>
  alarmsPerMonth: number
  flags: Record<string, number>
}

const daysPerMonth = 30.4
const dayMs = 86_400_000

function createMemory(): AlarmMemory {
  const documents = new Map<string, unknown>()
  return {
    get: (key) => documents.get(key),
    set: (key, value) => {
      if (value === undefined) documents.delete(key)
      else documents.set(key, value)
    },
    *keys(prefix) {
      for (const key of documents.keys()) if (key.startsWith(prefix)) yield key
    },
  }
}

function alarmLine(timeUtc: string, change: AlarmChange, alarm: Alarm): AlarmLine {
  const levelMm = alarm.readings?.waterLevelMm
  return {
    type: 'alarm',
    timeUtc,
    change,
    device: alarm.device,
    kind: alarm.kind,
    ...(alarm.variant === undefined ? {} : { variant: alarm.variant }),
    colour: alarm.colour,
    state: alarm.state,
    occurrences: alarm.occurrences,
    ...(levelMm === undefined ? {} : { waterLevelMm: levelMm }),
    text: alarm.text,
  }
}

/** Total of what people would have received. */
class Tally {
  readonly #highest = new Map<string, Colour>()
  readonly #flags: Record<string, number> = {}

  note({ transitions, flags }: Outcome): void {
    for (const { alarm } of transitions) {
      const before = this.#highest.get(alarm.id)
      const isHigher = before === undefined || outranks(alarm.colour, before)
      if (alarm.state !== 'suppressed' && isHigher) this.#highest.set(alarm.id, alarm.colour)
    }
    for (const flag of flags ?? []) this.#flags[flag] = (this.#flags[flag] ?? 0) + 1
  }

  summary(device: string, rows: readonly CsvRow[]): RecordingSummary {
    const alarms: Record<Colour, number> = { red: 0, orange: 0, yellow: 0, blue: 0 }
    for (const colour of this.#highest.values()) alarms[colour]++
    const days = new Set(rows.map(({ atMs }) => Math.floor(atMs / dayMs))).size
    const perMonth = days > 0 ? (this.#highest.size / days) * daysPerMonth : 0
    return {
      type: 'summary',
      device,
      rows: rows.length,
      days,
      alarms,
      alarmsPerMonth: Math.round(perMonth * 10) / 10,
      flags: this.#flags,
    }
  }
}

/**
 * Judges `rows` of `device`, oldest first. Each alarm is accepted `acceptAfterMs` after it needs an answer;
 * undefined: never. The last line is the summary.
 */
export function* judgeRecording(
  settings: AlarmSettings,
  device: string,
  rows: readonly CsvRow[],
  acceptAfterMs?: number,
): Generator<RecordingLine> {
  const engine = createAlarmEngine(settings)
  const memory = createMemory()
  const startMs = rows[0]?.atMs ?? 0
  const tally = new Tally()
  const toAccept: { alarm: string; dueMs: number }[] = []
  let inputs = 0
  let reachedMs = 0

  function* take(input: AlarmInput, atMs: number): Generator<RecordingLine> {
    reachedMs = Math.max(reachedMs, atMs - startMs)
    const now = { steadyMs: atMs - startMs, wallMs: atMs, clock: 'synced', inputId: `r${++inputs}` } as const
    const outcome = engine.judge(memory, input, now)
    const timeUtc = new Date(atMs).toISOString()
    tally.note(outcome)
    if (input.type === 'event' && outcome.flags && outcome.flags.length > 0)
      yield { type: 'flag', timeUtc, flags: outcome.flags, readings: input.event.readings }
    for (const { change, alarm } of outcome.transitions) {
      yield alarmLine(timeUtc, change, alarm)
      if (acceptAfterMs !== undefined && alarm.state === 'unacknowledged')
        toAccept.push({ alarm: alarm.id, dueMs: now.steadyMs + acceptAfterMs })
    }
    for (const command of outcome.commands) yield { type: 'command', timeUtc, command }
    for (const { what, facts } of outcome.logs ?? []) yield { type: 'log', timeUtc, what, facts }
  }

  function* runTo(steadyMs: number): Generator<RecordingLine> {
    for (;;) {
      const dueMs = engine.nextDueMs(memory)
      const accept = toAccept[0]
      if (Math.min(dueMs, accept?.dueMs ?? Infinity) > steadyMs) return
      if (accept && accept.dueMs <= dueMs) {
        toAccept.shift()
        yield* take({ type: 'stage', alarm: accept.alarm, stage: 'accepted' }, startMs + accept.dueMs)
      } else yield* take({ type: 'tick' }, startMs + Math.max(reachedMs, dueMs)) // due since before the first row
    }
  }

  for (const { atMs, readings, line } of rows) {
    yield* runTo(atMs - startMs)
    yield* take({ type: 'event', event: { device, messageId: `line-${line}`, readings } }, atMs)
  }
  yield tally.summary(device, rows)
}
