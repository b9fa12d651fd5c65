// From a device's bytes to a kept event: decode or quarantine, find repeats, let the alarm engine judge, hand one entry
// to the journal. What is resolved here is on disk; only then does the device get its PUBACK.
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { BoxTime, DeviceEvent } from '../../protocols/domain/event.ts'
import type { AlarmRecord, EventRecord, JournalRecord } from '../../protocols/domain/record.ts'
import { encodeDeviceEvent, parseDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import {
  parseCommandResult,
  parsePresence,
  type CommandResult,
} from '../../protocols/device-mqtt/messages.ts'
import { parseDeviceTopic } from '../../protocols/device-mqtt/topics.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { AlarmEngine, AlarmInput, LogEntry, Now, Outcome } from '../alarms/port.ts'
import { JournalError, type Journal, type JournalEntry } from '../journal/port.ts'
import { AlarmDocuments } from './alarm-documents.ts'
import { writeCheckpoint } from './checkpoint.ts'
import { createIntakeMetrics, type IntakeMetrics } from './intake-metrics.ts'
import { joinOutcomes } from './join-outcomes.ts'
import { causeKey, commandKey } from './port.ts'
import type { AlarmJudge, Companions, Kept } from './port.ts'
import { rebuildMemory } from './rebuild-memory.ts'
import { alarmRecords, canAlarm, causeOf, commandDocuments, laneOf, logRecord } from './records.ts'
import { RepeatMemory } from './repeat-memory.ts'

/** Tracking and repeat documents are written after this many events or at the latest after the interval. */
const eventsPerCheckpoint = 20_000
const checkpointIntervalMs = 15 * 60_000
/** Odd message ids remembered, in memory and in the journal. */
export const oddIdsMax = 100_000
const quarantinedBytesMax = 8192
/** While the journal refuses, it is tried again this often, not for every message. */
const refusalPauseMs = 250

const refuse = (code: string, why: string): Promise<never> => Promise.reject(new JournalError(code, why))
const noAlarms: readonly AlarmRecord[] = []
const machinePause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Message {
  device: string
  topic: string
  payload: Uint8Array
}

export interface IntakeOptions {
  journal: Journal
  engine: AlarmEngine
  now: () => BoxTime & { steadyMs: number }
  /** Steady time at which a boot began, for records of earlier boots. */
  steadyBaseOf: (boot: number) => number
  monotonicMs: () => number
  logger: Logger
  metrics: Registry
  onKept: (kept: Kept) => void
  /** Lets so many milliseconds pass; the machine's own time when left out. */
  pause?: (ms: number) => Promise<void>
}

export class Intake implements AlarmJudge {
  readonly #options: IntakeOptions
  readonly #documents = new AlarmDocuments()
  readonly #repeats = new RepeatMemory(oddIdsMax)
  readonly #presence = new Map<string, string>()
  readonly #inFlight = new Map<string, Promise<void>>()
  readonly #metrics: IntakeMetrics
  #keptEvents = 0
  #ready: Promise<void> | undefined
  #isForAlarmsOnly = false
  #isStopping = false
  #sinceCheckpoint = 0
  #checkpointAtMs = 0
  #checkpointing: Promise<void> = Promise.resolve()
  /** Counts how often memory was built anew. */
  #memory = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#metrics = createIntakeMetrics(options.metrics, () => {
      const kept = this.#keptEvents
      this.#keptEvents = 0
      return kept
    })
  }

  /** Loads what the journal knows; call before the first message. */
  async start(): Promise<void> {
    this.#options.journal.onRefused(() => {
      this.#ready ??= this.#recover()
    })
    this.#options.journal.onSpace(({ isForAlarmsOnly }) => {
      this.#isForAlarmsOnly = isForAlarmsOnly
    })
    this.#checkpointAtMs = this.#options.monotonicMs()
    await this.#reload()
  }

  /** What was judged but not kept must not be remembered: memory is built anew from what is on disk. */
  async #recover(): Promise<void> {
    for (;;)
      try {
        await (this.#options.pause ?? machinePause)(refusalPauseMs)
        await this.#reload()
        this.#ready = undefined
        return
      } catch (error) {
        if (!(error instanceof JournalError)) throw error
        // A damaged file can not be read back at all: it is salvaged at the next start. Until then everything is refused.
        if (this.#isStopping || error.code === 'CLOSED') return
        const { code, message: reason } = error
        this.#options.logger.warn({ code, reason }, 'the journal can not be read back yet')
      }
  }

  /** Writes what would otherwise be rebuilt from records at the next start. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#ready
    if (!this.#ready) await this.#checkpoint()
  }

  /** The engine's documents, for health pages. */
  documents(): AlarmDocuments {
    return this.#documents
  }

  // Not async, here and below: every promise between a device and its commit is paid for by every event.
  accept(message: Message): Promise<void> {
    if (this.#ready) return refuse('REFUSING', 'the journal does not take anything at the moment')
    const topic = parseDeviceTopic(message.topic)
    if (topic?.channel === 'event') return this.#acceptEvent(message)
    if (topic?.channel === 'presence') return this.#acceptPresence(message)
    if (topic?.channel === 'result') return this.#acceptResult(message)
    return this.#quarantine(message, 'a topic that no dialect knows')
  }

  #acceptEvent(message: Message): Promise<void> {
    const parsed = parseDeviceEvent(message.device, message.payload)
    if (!parsed.ok) return this.#quarantine(message, describeProblems(parsed.problems))
    return this.acceptReadings(parsed.value)
  }

  /** Keeps what a device said in whatever dialect, once it is decoded; the same promise as `accept`. */
  acceptReadings(event: DeviceEvent): Promise<void> {
    if (this.#ready) return refuse('REFUSING', 'the journal does not take anything at the moment')
    if (this.#isForAlarmsOnly && !canAlarm(event))
      return refuse('RESERVED', 'the room that is left belongs to alarms')
    const { device, messageId } = event
    const taken = this.#repeats.take(device, messageId)
    const key = `${device} ${messageId}`
    if (taken === 'repeat') {
      this.#metrics.messages.inc({ result: 'repeat' })
      return this.#inFlight.get(key) ?? Promise.resolve()
    }
    const settle = (): void => void this.#inFlight.delete(key)
    const kept = this.#keepEvent(event, taken === 'odd', settle)
    this.#inFlight.set(key, kept)
    return kept
  }

  /** A fault of ours: the id counts as heard, so what the device said must be on disk before it comes again. */
  #notJudged(event: DeviceEvent, error: Error): Promise<void> {
    this.#options.logger.error({ err: error, device: event.device }, 'the alarm engine failed on an event')
    const message = { device: event.device, topic: 'event', payload: encodeDeviceEvent(event) }
    return this.#quarantine(message, `the alarm engine failed: ${error.message}`)
  }

  /** `onSettled` is called before the promise settles. */
  #keepEvent(event: DeviceEvent, isOdd: boolean, onSettled: () => void): Promise<void> {
    const time = this.#options.now()
    const sequence = this.#options.journal.nextSequence()
    let outcome: Outcome
    try {
      outcome = this.#judge({ type: 'event', event }, time, sequence)
    } catch (error) {
      return this.#notJudged(event, error as Error).finally(onSettled)
    }
    // Built field by field, as everything on this path: spreads are a tenth of what an event costs.
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
    if (outcome.flags && outcome.flags.length > 0) record.flags = outcome.flags
    const lane: Lane = outcome.colour ?? 'routine'
    const records = [{ lane, record }]
    if (outcome.transitions.length === 0 && outcome.commands.length === 0 && !outcome.logs?.length)
      return this.#keepPlain(records, isOdd ? [event.device, event.messageId] : undefined, onSettled)
    return this.#keep(outcome, time, records, {
      event: record,
      cause: sequence,
      oddIds: isOdd ? [[event.device, event.messageId]] : [],
    }).finally(onSettled)
  }

  /** Nearly every event: nothing came of it but its record. */
  #keepPlain(
    records: { lane: Lane; record: JournalRecord }[],
    oddId: [device: string, messageId: string] | undefined,
    onSettled: () => void,
  ): Promise<void> {
    const entry: JournalEntry = { records, state: this.#documents.takeChanged(), isUrgent: false }
    if (oddId) entry.oddIds = [oddId]
    return this.#options.journal.append(entry).then(
      () => {
        onSettled()
        this.#count(true, noAlarms)
      },
      (error: unknown) => {
        onSettled()
        throw error
      },
    )
  }

  #acceptPresence(message: Message): Promise<void> {
    const parsed = parsePresence(message.payload)
    if (!parsed.ok) return this.#quarantine(message, `presence: ${describeProblems(parsed.problems)}`)
    const { device } = message
    if (this.#presence.get(device) === parsed.value) {
      this.#metrics.messages.inc({ result: 'repeat' })
      return Promise.resolve()
    }
    this.#presence.set(device, parsed.value)
    const time = this.#options.now()
    const sequence = this.#options.journal.nextSequence()
    const isOnline = parsed.value === 'online'
    const outcome = this.#judge({ type: 'presence', device, isOnline }, time, sequence)
    const record = logRecord(sequence, time, 'presence', { device, presence: parsed.value })
    return this.#keep(outcome, time, [{ lane: 'routine', record }], {})
  }

  #acceptResult(message: Message): Promise<void> {
    const parsed = parseCommandResult(message.payload)
    if (!parsed.ok) return this.#quarantine(message, `result: ${describeProblems(parsed.problems)}`)
    const time = this.#options.now()
    const facts = { device: message.device, ...parsed.value }
    const record = logRecord(this.#options.journal.nextSequence(), time, 'command-result', facts)
    const nothing = { transitions: [], commands: [] }
    const result = { device: message.device, result: parsed.value }
    return this.#keep(nothing, time, [{ lane: 'routine', record }], { result })
  }

  async #quarantine(message: Message, problem: string): Promise<void> {
    await this.#options.journal.append({
      records: [],
      quarantine: {
        atMs: this.#options.now().atMs,
        device: message.device,
        topic: message.topic,
        problem: problem.slice(0, 500),
        payload: message.payload.slice(0, quarantinedBytesMax),
      },
      isUrgent: false,
    })
    this.#metrics.messages.inc({ result: 'quarantined' })
  }

  judge(input: AlarmInput): Promise<void> {
    return this.judgeTogether([input], () => ({ logs: [], state: [], documents: [] }))
  }

  async judgeTogether(
    inputs: readonly AlarmInput[],
    companions: (remarks: readonly LogEntry[]) => Companions,
  ): Promise<void> {
    if (this.#ready) await this.#ready
    const time = this.#options.now()
    const { journal } = this.#options
    const outcome = joinOutcomes(inputs.map((input) => this.#judge(input, time, journal.nextSequence())))
    const { logs, state, documents } = companions(outcome.logs ?? [])
    await this.#keep({ ...outcome, logs: [...(outcome.logs ?? []), ...logs] }, time, [], { state, documents })
  }

  /** Steady time at which the next `tick` can change anything. */
  nextDueMs(): number {
    return this.#options.engine.nextDueMs(this.#documents)
  }

  /** Keeps a note about the box itself. What is urgent has a commit of its own; what is not shares the next one. */
  async log(
    what: string,
    facts: Record<string, unknown>,
    lane: Lane = 'routine',
    isUrgent = lane !== 'routine',
  ): Promise<void> {
    if (this.#ready) await this.#ready
    const time = this.#options.now()
    const record = logRecord(this.#options.journal.nextSequence(), time, what, facts)
    await this.#options.journal.append({ records: [{ lane, record }], isUrgent })
  }

  #judge(input: AlarmInput, time: BoxTime & { steadyMs: number }, sequence: number): Outcome {
    const now: Now = {
      steadyMs: time.steadyMs,
      wallMs: time.atMs,
      clock: time.clock,
      inputId: `${this.#options.journal.epoch}-${sequence}`,
    }
    return this.#options.engine.judge(this.#documents, input, now)
  }

  async #keep(
    outcome: Outcome,
    time: BoxTime,
    first: { lane: Lane; record: JournalRecord }[],
    more: {
      event?: EventRecord
      cause?: number
      oddIds?: [string, string][]
      result?: { device: string; result: CommandResult }
      state?: Companions['state']
      documents?: Companions['documents']
    },
  ): Promise<void> {
    const next = (): number => this.#options.journal.nextSequence()
    const alarms = alarmRecords(outcome.transitions, time, more.cause, next)
    const logs = (outcome.logs ?? []).map(({ what, facts }) => ({
      lane: 'routine' as const,
      record: logRecord(next(), time, what, facts),
    }))
    const records = [...first, ...alarms.map((record) => ({ lane: laneOf(record), record })), ...logs]
    const commands = commandDocuments(outcome.commands, this.#options.now().steadyMs, next)
    if (more.documents) commands.push(...more.documents)
    const state: [string, object | undefined][] = this.#documents.takeChanged()
    for (const [key, value] of more.state ?? []) state.push([key, value])
    for (const document of commands) state.push([commandKey(document.device, document.command.id), document])
    for (const { alarm, change } of alarms)
      if (change === 'ended') state.push([causeKey(alarm.id), undefined])
      else if (more.event) state.push([causeKey(alarm.id), causeOf(more.event)])
    if (records.length === 0 && state.length === 0) return
    const stored = await this.#options.journal.append({
      records,
      state,
      ...(more.oddIds && more.oddIds.length > 0 ? { oddIds: more.oddIds } : {}),
      isUrgent:
        Boolean(more.state?.length || commands.length) || records.some(({ lane }) => lane !== 'routine'),
    })
    this.#count(more.event !== undefined, alarms)
    this.#options.onKept({
      ...(more.event ? { event: more.event } : {}),
      ...(more.result ? { result: more.result } : {}),
      stored,
      alarms,
      transitions: outcome.transitions,
      commands,
    })
  }

  #count(isEvent: boolean, alarms: readonly AlarmRecord[]): void {
    if (isEvent) this.#keptEvents++
    for (const { alarm, change } of alarms) this.#metrics.changes.inc({ colour: alarm.colour, change })
    this.#sinceCheckpoint++
    const waitedMs = this.#options.monotonicMs() - this.#checkpointAtMs
    if (this.#sinceCheckpoint < eventsPerCheckpoint && waitedMs < checkpointIntervalMs) return
    this.#checkpoint().catch((error: Error) =>
      this.#options.logger.warn(
        { reason: error.message },
        'the checkpoint of tracking waits for the journal',
      ),
    )
  }

  async #checkpoint(): Promise<void> {
    this.#sinceCheckpoint = 0
    this.#checkpointAtMs = this.#options.monotonicMs()
    // Whoever asked for that one heard how it failed.
    await this.#checkpointing.catch(() => undefined)
    const memory = this.#memory
    this.#checkpointing = writeCheckpoint({
      journal: this.#options.journal,
      documents: this.#documents,
      repeats: this.#repeats,
      isCurrent: () => !this.#ready && memory === this.#memory,
    })
    await this.#checkpointing
  }

  async #reload(): Promise<void> {
    const { journal, engine, steadyBaseOf } = this.#options
    this.#memory++
    this.#presence.clear()
    await rebuildMemory({
      journal,
      engine,
      steadyBaseOf,
      documents: this.#documents,
      repeats: this.#repeats,
    })
  }
}
