// Group commit: what arrives while one commit runs goes into the next one together, red and orange first and without the
// others. Whoever offered a Report is answered only when it is on disk.
import type { Logger } from 'pino'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { UpChannel } from '../../protocols/uplink/topics.ts'
import { isAboutPicture } from '../alarms/picture-records.ts'
import type { LaneBatch, QuarantineEntry, Storage, StoredChange } from '../storage/port.ts'
import { parseArrivedReport } from './parse-arrived.ts'
import type { ArrivedReport, GapChange, ReceiverCore } from './receiver-core.ts'

/** Most records in one commit of red and orange. */
export const urgentRecordsMax = 6000
/** In one of the others, on which a red one may wait: enough to spread the cost of the fsync, few enough for some ten milliseconds. A larger Report goes alone. */
export const otherRecordsMax = 600
/** Commits of red and orange before the others have a turn. */
export const urgentInARowMax = 8
/** A record about a picture becomes rows and a message for the desks: it takes as long as so many plain ones. */
const pictureWeight = 16
/** Reports waiting for a commit, in bytes; more is refused, and the box sends it again. */
export const waitingBytesMax = 64 * 1024 * 1024
/** Different (box, cause) pairs, unreadable messages and gaps, that are logged; beyond it only the counter moves. */
const loggedCausesMax = 1000

interface Waiting {
  arrived: ArrivedReport | undefined
  unreadable: QuarantineEntry | undefined
  bytes: number
  /** In plain records. */
  weight: number
  done: (error?: Error) => void
}

export interface IntakeOptions {
  core: ReceiverCore
  storage: Pick<Storage, 'storeIntake'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** After each commit: who is owed a Receipt, what the stream may push, which lanes have holes. */
  onStored: (stored: {
    heard: { box: string; epoch: string }[]
    changes: StoredChange[]
    gaps: GapChange[]
  }) => void
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #urgent: Waiting[] = []
  readonly #rest: Waiting[] = []
  readonly #loggedCauses = new Set<string>()
  readonly #records
  readonly #repeats
  readonly #givenUp
  readonly #unreadable
  readonly #refused
  readonly #commitSeconds
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #isFailing = false
  #urgentInARow = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    const registers = [options.registry]
    const name = (rest: string) => `gengfu_centre_${rest}`
    this.#records = new Counter({
      name: name('records_stored_total'),
      help: 'Records stored, by lane',
      labelNames: ['lane'],
      registers,
    })
    this.#repeats = new Counter({
      name: name('records_repeated_total'),
      help: 'Records that were stored before',
      registers,
    })
    this.#givenUp = new Counter({
      name: name('records_given_up_total'),
      help: 'Records that a box no longer had, by lane: gone for good',
      labelNames: ['lane'],
      registers,
    })
    this.#unreadable = new Counter({
      name: name('messages_unreadable_total'),
      help: 'Reports put into quarantine',
      registers,
    })
    this.#refused = new Counter({
      name: name('reports_refused_total'),
      help: 'Reports not taken: storage failing or too much waiting',
      registers,
    })
    this.#commitSeconds = new Histogram({
      name: name('commit_seconds'),
      help: 'One synced commit',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    })
  }

  /** False while commits fail. */
  get isHealthy(): boolean {
    return !this.#isFailing
  }

  /** `done` is called once: without an error only when everything in `payload` is on disk (or in quarantine there). */
  offer(
    box: string,
    channel: UpChannel,
    topic: string,
    payload: Uint8Array,
    done: (error?: Error) => void,
  ): void {
    const bytes = payload.byteLength
    if (this.#waitingBytes + bytes > waitingBytesMax) {
      this.#refused.inc()
      done(new Error('too many Reports wait for the disk'))
      return
    }
    const parsed = parseArrivedReport(box, channel, payload)
    const waiting: Waiting = { arrived: undefined, unreadable: undefined, bytes, weight: 1, done }
    if (parsed.ok) {
      waiting.arrived = parsed.value
      waiting.weight = weightOf(parsed.value)
    } else waiting.unreadable = this.#quarantine(box, topic, describeProblems(parsed.problems), payload)
    this.#waitingBytes += bytes
    const isUrgent = channel === 'red' || channel === 'orange'
    ;(isUrgent ? this.#urgent : this.#rest).push(waiting)
    this.#running ??= this.#run()
  }

  /** Resolves when everything that was offered before has its answer. */
  async settled(): Promise<void> {
    const ends = [this.#urgent, this.#rest].map(
      (queue) =>
        new Promise<void>((resolve) => {
          queue.push({
            arrived: undefined,
            unreadable: undefined,
            bytes: 0,
            weight: 0,
            done: () => resolve(),
          })
        }),
    )
    this.#running ??= this.#run()
    await Promise.all(ends)
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #run(): Promise<void> {
    // Lets everything of this turn of the event loop arrive first.
    await new Promise((resolve) => setImmediate(resolve))
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#commit(batch)
    this.#running = undefined
  }

  /** Urgent ones, and when they do not end, others between them. */
  #take(): Waiting[] {
    const isUrgentNext =
      this.#urgent.length > 0 && (this.#urgentInARow < urgentInARowMax || this.#rest.length === 0)
    this.#urgentInARow = isUrgentNext ? this.#urgentInARow + 1 : 0
    const [queue, weightMax] = isUrgentNext ? [this.#urgent, urgentRecordsMax] : [this.#rest, otherRecordsMax]
    let weight = 0
    let taken = 0
    // One at least, however large.
    while (taken < queue.length && (taken === 0 || weight + (queue[taken]?.weight ?? 0) <= weightMax))
      weight += queue[taken++]?.weight ?? 0
    const batch = queue.splice(0, taken)
    for (const { bytes } of batch) this.#waitingBytes -= bytes
    return batch
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { core, storage, clock, logger, onStored } = this.#options
    const reports = batch.flatMap(({ arrived }) => arrived ?? [])
    const plan = core.plan(reports)
    const quarantined = batch.flatMap(({ unreadable }) => unreadable ?? [])
    for (const { index, reason } of plan.refused) {
      const report = reports[index]
      if (report) quarantined.push(this.#quarantine(report.box, report.report.lane, reason, new Uint8Array()))
    }
    const startMs = clock.monotonicMs()
    try {
      // A plan of repeats alone needs no commit: all of it is on disk already.
      const isNews = plan.lanes.length > 0 || quarantined.length > 0
      const receivedAtMs = clock.wallMs()
      const changes = isNews
        ? await storage.storeIntake({ receivedAtMs, lanes: plan.lanes, quarantined })
        : []
      const gaps = core.settle(plan)
      if (this.#isFailing) logger.info('storage takes Reports again')
      this.#isFailing = false
      this.#noteGivenUp(plan.lanes)
      this.#count(plan.lanes, plan.repeats, (clock.monotonicMs() - startMs) / 1000)
      for (const { done } of batch) done()
      onStored({ heard: plan.heard, changes, gaps })
    } catch (error) {
      if (!this.#isFailing) logger.error({ err: error }, 'storage fails: no Report is acknowledged')
      this.#isFailing = true
      this.#refused.inc(batch.length)
      const failure = error instanceof Error ? error : new Error(String(error))
      for (const { done } of batch) done(failure)
    }
  }

  #count(lanes: readonly { lane: string; numbers: number[] }[], repeats: number, seconds: number): void {
    for (const { lane, numbers } of lanes) this.#records.inc({ lane }, numbers.length)
    this.#repeats.inc(repeats)
    this.#commitSeconds.observe(seconds)
  }

  /** What a box will never send: counted, and said once for each box and lane. */
  #noteGivenUp(batches: readonly LaneBatch[]): void {
    for (const { box, lane, skipped } of batches)
      for (const { from, to, reason } of skipped) {
        this.#givenUp.inc({ lane }, to - from + 1)
        if (this.#isFirst(`${box} ${lane} given up`))
          this.#options.logger.warn(
            { box, lane, from, to, reason },
            'records are gone for good: the box no longer has them',
          )
      }
  }

  #isFirst(key: string): boolean {
    if (this.#loggedCauses.has(key) || this.#loggedCauses.size >= loggedCausesMax) return false
    this.#loggedCauses.add(key)
    return true
  }

  #quarantine(box: string, topic: string, cause: string, payload: Uint8Array): QuarantineEntry {
    this.#unreadable.inc()
    const key = `${box} ${cause.replaceAll(/\d+/g, 'n')}`
    if (this.#isFirst(key))
      this.#options.logger.warn({ box, topic, cause }, 'a Report can not be read and is in quarantine')
    return { box, topic, cause, payload: Uint8Array.from(payload.subarray(0, 16 * 1024)) }
  }
}

function weightOf({ report }: ArrivedReport): number {
  const pictures = report.records.filter(isAboutPicture).length
  return report.records.length + pictures * (pictureWeight - 1)
}
