// Intake turns a device's bytes into a stored event: decode or quarantine, detect repeats, judge by the alarm engine,
// hand one entry to the journal. The answer `kept` means on disk; only then does the device get its PUBACK.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { BoxTime, DeviceEvent } from '../../protocols/domain/event.ts'
import { idUsedAgain, type JournalRecord } from '../../protocols/domain/record.ts'
import { encodeDeviceEvent, parseDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import { parseCommandResult, parsePresence } from '../../protocols/device-mqtt/messages.ts'
import { isEventTopic, parseDeviceTopic } from '../../protocols/device-mqtt/topics.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { AlarmInput, LogEntry, Now, Outcome } from '../alarms/port.ts'
import type { JournalEntry, StorageAnswer } from '../journal/port.ts'
import type { AlarmDocuments } from './alarm-documents.ts'
import { takeAfterRebuild } from './memory/after-rebuild.ts'
import { DeviceIds } from './memory/device-ids.ts'
import { IntakeMemory } from './memory/intake-memory.ts'
import type { CommitParts, IntakeOptions, UnstoredOutcome } from './intake-options.ts'
import { InFlight, type EventInFlight } from './memory/in-flight.ts'
import { createIntakeMetrics, DeviceCounts, type IntakeMetrics } from './intake-metrics.ts'
import { joinStored } from './memory/join-stored.ts'
import { joinOutcomes } from './join-outcomes.ts'
import type { AlarmJudge, ExtraWrites, StoredInput } from './port.ts'
import { excerptOf, quarantineRow, type Message } from './quarantine.ts'
import { answerWith, notTaking } from './storage-answer.ts'
import {
  alarmRecords,
  boxTime,
  canAlarm,
  commandDocuments,
  stateOfCommit,
  eventRecord,
  journalEntry,
  laneOf,
  logRecord,
  refusalOf,
} from './records.ts'
import { contentHash } from '../../protocols/kit/content-hash.ts'
import { RefusedIds, noIdPrefix, type NamedInput } from './memory/refused-ids.ts'
import type { IdVerdict } from './memory/repeat-memory.ts'
import { UrgentShare } from './urgent-share.ts'

export class Intake implements AlarmJudge {
  readonly #options: IntakeOptions
  readonly #memory: IntakeMemory
  /** True when an event of that id is in the journal, or in an entry that waits for its commit; the newest: of its device. */
  readonly wasKept = (device: string, messageId: string): boolean =>
    this.#memory.repeats.has(device, messageId)
  readonly isNewest = (device: string, messageId: string): boolean =>
    this.#memory.repeats.isNewestOdd(device, messageId)
  /** Answers a repeat when the event of this id is on disk. */
  readonly joinStored = (device: string, messageId: string, answer: StorageAnswer): void =>
    joinStored(this.#memory, this.#inFlight, { device, messageId }, answer)
  readonly #refusedIds: RefusedIds
  readonly #ids: DeviceIds
  readonly #inFlight = new InFlight(() => {
    this.#keptEvents++
    this.#memory.countInput()
  })
  readonly #metrics: IntakeMetrics
  readonly #urgent: UrgentShare
  readonly counts = new DeviceCounts()
  #keptEvents = 0
  #isForAlarmsOnly = false
  #kept: (input: StoredInput) => void = () => undefined
  #unstored: (unstored: UnstoredOutcome) => void = () => undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#refusedIds = options.refusedIds ?? new RefusedIds()
    this.#memory = new IntakeMemory({ ...options, steadyMs: () => options.now().steadyMs })
    this.#metrics = createIntakeMetrics(options.metrics, this.counts, () => {
      const kept = this.#keptEvents
      this.#keptEvents = 0
      return kept
    })
    this.#urgent = new UrgentShare(options)
    this.#ids = new DeviceIds({ ...options, repeats: this.#memory.repeats, metrics: this.#metrics })
  }

  /** The outcome of an input, after its commit. */
  onKept(listener: (input: StoredInput) => void): void {
    this.#kept = listener
  }

  /** The outcome could not be stored: siren and town get it, because the card may never become writable again. */
  onUnstored(listener: (unstored: UnstoredOutcome) => void): void {
    this.#unstored = listener
  }

  /** Loads the state from the journal; call before the first message. */
  async start(): Promise<void> {
    this.#options.journal.onSpace(({ isForAlarmsOnly }) => {
      this.#isForAlarmsOnly = isForAlarmsOnly
    })
    await this.#memory.start()
  }

  /** Writes the checkpoint. */
  async stop(): Promise<void> {
    await this.#memory.stop()
  }

  /** The engine's documents, for health pages. */
  documents(): AlarmDocuments {
    return this.#memory.documents
  }

  /**
   * Stores a device's message; the answer comes once it is on disk. No promises, here and below: every promise between a
   * device and its commit is paid for by every event. Returns true unless the message is a plain report, or was sent
   * before: it counts against the share of its device, as every repeat of an alarm does.
   */
  take(message: Message, answer: StorageAnswer): boolean {
    if (isEventTopic(message.topic, message.device)) return this.#takeEvent(message, answer)
    const channel = parseDeviceTopic(message.topic)?.channel
    if (channel === 'event') return this.#takeEvent(message, answer)
    if (this.#memory.rebuilding) answer.refused(notTaking())
    else if (channel === 'presence') answerWith(this.#acceptPresence(message), answer)
    else if (channel === 'result') answerWith(this.#acceptResult(message), answer)
    else answerWith(this.#takeUnreadable(message, 'a topic that no dialect knows', true), answer)
    return true
  }

  /** A message to a topic that is not the sender's: the box can not read this device. */
  elsewhere(message: Message): void {
    if (this.#memory.rebuilding) return
    const problem = `a topic that no dialect knows: ${message.topic.slice(0, 256)}`
    this.#takeUnreadable(message, problem, true).catch((error: unknown) => {
      this.#options.logger.warn(
        { err: error, device: message.device },
        'a message to a foreign topic was not noted',
      )
    })
  }

  #takeEvent(message: Message, answer: StorageAnswer): boolean {
    const parsed = parseDeviceEvent(message.device, message.text ?? message.payload)
    if (parsed.ok) return this.takeReadings(parsed.value, answer)
    if (this.#memory.rebuilding) answer.refused(notTaking())
    else answerWith(this.#takeUnreadable(message, describeProblems(parsed.problems)), answer)
    return true
  }

  /** Stored in quarantine, and an alarm reports that the messages of this device can not be decoded. */
  #takeUnreadable(message: Message, problem: string, isElsewhere = false): Promise<void> {
    const time = this.#options.now()
    const excerpt = excerptOf(message.payload)
    const { device } = message
    const elsewhere = isElsewhere ? ({ isElsewhere } as const) : {}
    const input = { type: 'unreadable', device, excerpt, problem, ...elsewhere } as const
    const named = this.#name(input, this.#options.journal.nextSequence())
    return this.#keep(this.#judge(named, time), time, [], {
      inputs: [named],
      quarantine: quarantineRow(message, problem, this.#options.now().atMs),
    })
  }

  /** The same as `take` for a message that can not be decoded; `device` is its sender. */
  keepUnreadable(message: Message, problem: string): Promise<void> {
    return this.#memory.rebuilding ? Promise.reject(notTaking()) : this.#takeUnreadable(message, problem)
  }

  /** `take` as a promise. */
  accept(message: Message): Promise<void> {
    return new Promise((resolve, reject) => this.take(message, { kept: resolve, refused: reject }))
  }

  /** Stores a message of a foreign dialect once it is decoded; the same promise as `accept`. */
  acceptReadings(event: DeviceEvent): Promise<void> {
    return new Promise((resolve, reject) => this.takeReadings(event, { kept: resolve, refused: reject }))
  }

  /** Returns true unless it is a plain report or a repeat. `learned` is stored in the same commit, or not at all. */
  takeReadings(event: DeviceEvent, answer: StorageAnswer, learned: JournalEntry['state'] = []): boolean {
    const { rebuilding } = this.#memory
    if (!rebuilding || !canAlarm(event)) return this.#takeReadings(event, answer, learned)
    takeAfterRebuild(this.#memory, rebuilding, answer, () => this.#takeReadings(event, answer, learned))
    return true
  }

  #takeReadings(
    event: DeviceEvent,
    answer: StorageAnswer,
    learned: NonNullable<JournalEntry['state']>,
  ): boolean {
    const refusal = refusalOf(event, this.#memory.rebuilding !== undefined, this.#isForAlarmsOnly)
    if (refusal) {
      answer.refused(refusal)
      return false
    }
    // A message without an id can not be distinguished from its repeat: each counts as new.
    if (event.messageId === '')
      event.messageId = `${noIdPrefix}${this.#options.journal.nextSequence()}-${this.#options.journal.epoch}`
    const { device, messageId, readings, deviceAtMs } = event
    const time = this.#options.now()
    const content = contentHash(readings, deviceAtMs)
    const taken = this.#memory.repeats.take({ device, messageId, content, steadyMs: time.steadyMs })
    if (taken !== 'repeat') {
      const inFlight = this.#inFlight.begin(device, messageId, answer)
      try {
        return this.#keepEvent(event, time, taken, inFlight, learned)
      } catch (error) {
        answerWith(this.#notJudged(event, error as Error), inFlight.asQuarantined())
        return true
      }
    }
    this.#metrics.repeated(device)
    if (learned.length === 0 || this.#inFlight.find(device, messageId))
      this.joinStored(device, messageId, answer)
    else answerWith(this.#options.journal.append({ records: [], state: learned, isUrgent: false }), answer)
    return false
  }

  /**
   * An error of the program: the id is already stored as received, so the message must be on disk before it comes again.
   */
  #notJudged(event: DeviceEvent, error: Error): Promise<void> {
    this.#options.logger.error({ err: error, device: event.device }, 'the alarm engine failed on an event')
    const message = { device: event.device, topic: 'event', payload: encodeDeviceEvent(event) }
    return this.#quarantine(message, `the alarm engine failed: ${error.message}`)
  }

  #keepEvent(
    event: DeviceEvent,
    time: BoxTime & { steadyMs: number },
    verdict: IdVerdict,
    inFlight: EventInFlight,
    learned: NonNullable<JournalEntry['state']>,
  ): boolean {
    const sequence = this.#options.journal.nextSequence()
    const named = this.#name({ type: 'event', event }, sequence)
    const outcome = this.#judge(named, time)
    const record = eventRecord(event, time, sequence, outcome.flags)
    if (verdict === 'counted again' || verdict === 'odd again') {
      record.flags = [...(record.flags ?? []), idUsedAgain]
      this.#ids.usedAgain(event)
    }
    const lane: Lane = outcome.colour ?? 'routine'
    const records = [{ lane, record }]
    const isPlain = outcome.transitions.length === 0 && outcome.commands.length === 0 && !outcome.logs?.length
    if (!isPlain) {
      const uncountedIds = this.#ids.uncountedIdsOf(event, verdict)
      const more = { inputs: [named], event: record, cause: sequence, uncountedIds, state: learned }
      answerWith(this.#keep(outcome, time, records, more), inFlight)
      return true
    }
    // Nearly every event: its only result is its record.
    const state = [...this.#memory.documents.takeChanged(), ...learned]
    const entry: JournalEntry = { records, state, isUrgent: false }
    const uncountedIds = this.#ids.uncountedIdsOf(event, verdict)
    if (uncountedIds) entry.uncountedIds = uncountedIds
    this.#options.journal.put(entry, inFlight)
    return outcome.hasUntold === true
  }

  admitted(device: string, kind: string, mark: string): void {
    // While memory is rebuilt nothing is stored; the next connection repeats this.
    if (!this.#memory.rebuilding) this.#ids.admitted(device, kind, mark)
  }

  /** The name now belongs to another device: none of its messages counts as a repeat. */
  async forget(device: string, why: string): Promise<void> {
    if (this.#memory.rebuilding) await this.#memory.rebuilding
    this.#memory.presence.forget(device)
    await this.#ids.forget(device, why)
  }

  #acceptPresence(message: Message): Promise<void> {
    const parsed = parsePresence(message.payload)
    if (!parsed.ok) return this.#quarantine(message, `presence: ${describeProblems(parsed.problems)}`)
    const { device } = message
    if (!this.#memory.presence.change(device, parsed.value)) {
      this.#metrics.repeated(device)
      return Promise.resolve()
    }
    const time = this.#options.now()
    const sequence = this.#options.journal.nextSequence()
    const isOnline = parsed.value === 'online'
    const named = this.#name({ type: 'presence', device, isOnline }, sequence)
    const record = logRecord(sequence, time, 'presence', { device, presence: parsed.value })
    const outcome = this.#judge(named, time)
    return this.#keep(outcome, time, [{ lane: 'routine', record }], { inputs: [named] })
  }

  /** A bridge's report about a device behind it. Only a change is stored. */
  keepHint(device: string, isOnline: boolean): Promise<void> {
    if (this.#memory.rebuilding) return Promise.reject(notTaking())
    const presence = isOnline ? 'online' : 'offline'
    if (!this.#memory.presence.change(`${device} by its bridge`, presence)) return Promise.resolve()
    const time = this.#options.now()
    const sequence = this.#options.journal.nextSequence()
    const named = this.#name({ type: 'presence', device, isOnline, isHint: true }, sequence)
    const record = logRecord(sequence, time, 'availability', { device, presence })
    return this.#keep(this.#judge(named, time), time, [{ lane: 'routine', record }], { inputs: [named] })
  }

  #acceptResult(message: Message): Promise<void> {
    const parsed = parseCommandResult(message.payload)
    if (!parsed.ok) return this.#quarantine(message, `result: ${describeProblems(parsed.problems)}`)
    const time = this.#options.now()
    // The authenticated sender counts, whatever the message claims.
    const facts = { ...parsed.value, device: message.device }
    const record = logRecord(this.#options.journal.nextSequence(), time, 'command-result', facts)
    const nothing = { transitions: [], commands: [] }
    const result = { device: message.device, result: parsed.value }
    return this.#keep(nothing, time, [{ lane: 'routine', record }], { inputs: [], result })
  }

  async #quarantine(message: Message, problem: string): Promise<void> {
    const quarantine = quarantineRow(message, problem, this.#options.now().atMs)
    await this.#options.journal.append({ records: [], quarantine, isUrgent: false })
    this.#metrics.quarantined(message.device)
  }

  judge(input: AlarmInput): Promise<void> {
    return this.judgeTogether([input], () => ({ logs: [], state: [], documents: [] }))
  }

  async judgeTogether(
    inputs: readonly AlarmInput[],
    extraWrites: (remarks: readonly LogEntry[]) => ExtraWrites,
  ): Promise<void> {
    if (this.#memory.rebuilding) await this.#memory.rebuilding
    const time = this.#options.now()
    const { journal } = this.#options
    const named = inputs.map((input) => this.#name(input, journal.nextSequence()))
    const outcome = joinOutcomes(named.map((one) => this.#judge(one, time)))
    const { logs, state, documents } = extraWrites(outcome.logs ?? [])
    await this.#keep({ ...outcome, logs: [...(outcome.logs ?? []), ...logs] }, time, [], {
      inputs: named,
      state,
      documents,
    })
  }

  /** Steady time of the next `tick` that can change anything. */
  nextDueMs(): number {
    return this.#options.engine.nextDueMs(this.#memory.documents)
  }

  /** Stores a record about the box itself. An urgent one has its own commit; others share the next one. */
  async log(
    what: string,
    facts: Record<string, unknown>,
    lane: Lane = 'routine',
    isUrgent = lane !== 'routine',
  ): Promise<void> {
    if (this.#memory.rebuilding) await this.#memory.rebuilding
    const time = this.#options.now()
    const record = logRecord(this.#options.journal.nextSequence(), time, what, facts)
    await this.#options.journal.append({ records: [{ lane, record }], isUrgent })
  }

  #name(input: AlarmInput, sequence: number): NamedInput {
    return this.#refusedIds.name(input, `${this.#options.journal.epoch}-${sequence}`)
  }

  #judge({ input, inputId }: NamedInput, time: BoxTime & { steadyMs: number }): Outcome {
    const now: Now = { steadyMs: time.steadyMs, wallMs: time.atMs, clock: time.clock, inputId }
    return this.#options.engine.judge(this.#memory.documents, input, now)
  }

  async #keep(
    outcome: Outcome,
    time: BoxTime,
    first: { lane: Lane; record: JournalRecord }[],
    more: CommitParts,
  ): Promise<void> {
    const next = (): number => this.#options.journal.nextSequence()
    const alarms = alarmRecords(outcome.transitions, time, more.cause, next)
    const logs = (outcome.logs ?? []).map(({ what, facts }) => ({
      lane: 'routine' as const,
      record: logRecord(next(), time, what, facts),
    }))
    const all = [...first, ...alarms.map((record) => ({ lane: laneOf(record), record })), ...logs]
    const { steadyMs } = this.#options.now()
    const records = this.#urgent.place(more.event?.device, all, steadyMs)
    const commands = [...commandDocuments(outcome.commands, steadyMs, next), ...(more.documents ?? [])]
    const state = [...this.#memory.documents.takeChanged(), ...stateOfCommit(more, alarms, commands)]
    if (records.length === 0 && state.length === 0 && !more.quarantine) return
    const entry = { ...journalEntry(all, more, commands), records, state }
    const stored = await this.#options.journal.append(entry).catch((error: Error) => {
      this.#refusedIds.refused(more.inputs)
      this.#unstored({ ...outcome, at: boxTime(time), inputs: more.inputs })
      throw error
    })
    this.#refusedIds.kept(more.inputs)
    for (const { alarm, change } of alarms) this.#metrics.changes.inc({ colour: alarm.colour, change })
    if (more.quarantine) this.#metrics.quarantined(more.quarantine.device)
    if (!more.event) this.#memory.countInput()
    this.#kept({
      ...(more.event ? { event: more.event } : {}),
      ...(more.result ? { result: more.result } : {}),
      stored,
      alarms,
      transitions: outcome.transitions,
      commands,
    })
  }
}
