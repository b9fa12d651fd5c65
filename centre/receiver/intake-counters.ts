// What the intake of Reports counts, for `/metrics`, and what it logs once for each box.
import type { Logger } from 'pino'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { LaneBatch, QuarantineEntry, RecordConflict, UnstorableRecord } from '../storage/port.ts'

/** Different causes of one box that are logged; beyond it only the counter changes. Other boxes have places of their own. */
export const loggedCausesMax = 20
/** Of an unreadable Report, in quarantine. */
const quarantineBytesMax = 16 * 1024

function createIntakeCounters(registry: Registry) {
  const registers = [registry]
  const name = (rest: string) => `gengfu_centre_${rest}`
  return {
    records: new Counter({
      name: name('records_stored_total'),
      help: 'Records stored, by lane',
      labelNames: ['lane'],
      registers,
    }),
    repeats: new Counter({
      name: name('records_repeated_total'),
      help: 'Records that were stored before',
      registers,
    }),
    givenUp: new Counter({
      name: name('records_given_up_total'),
      help: 'Records that a box no longer had, by lane: gone for good',
      labelNames: ['lane'],
      registers,
    }),
    unreadable: new Counter({
      name: name('messages_unreadable_total'),
      help: 'Reports put into quarantine',
      registers,
    }),
    spoilt: new Counter({
      name: name('records_spoilt_total'),
      help: 'Records that fail their commit, each put into quarantine alone',
      registers,
    }),
    conflicts: new Counter({
      name: name('records_conflicting_total'),
      help: 'Repeated numbers with another record than the stored one, by lane: a box went back to an earlier state',
      labelNames: ['lane'],
      registers,
    }),
    refused: new Counter({
      name: name('reports_refused_total'),
      help: 'Reports not taken: storage failing or too much waiting',
      registers,
    }),
    commitSeconds: new Histogram({
      name: name('commit_seconds'),
      help: 'One synced commit',
      buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      registers,
    }),
  }
}

export class IntakeNotes {
  readonly #logger: Logger
  readonly #counters: ReturnType<typeof createIntakeCounters>
  readonly #loggedCauses = new Map<string, Set<string>>()

  constructor({ logger, registry }: { logger: Logger; registry: Registry }) {
    this.#logger = logger
    this.#counters = createIntakeCounters(registry)
  }

  refused(reports: number): void {
    this.#counters.refused.inc(reports)
  }

  stored(lanes: readonly { lane: string; numbers: number[] }[], repeats: number, seconds: number): void {
    for (const { lane, numbers } of lanes) this.#counters.records.inc({ lane }, numbers.length)
    this.#counters.repeats.inc(repeats)
    this.#counters.commitSeconds.observe(seconds)
  }

  /** Records that a box will never send: counted, and logged once for each box and lane. */
  givenUp(batches: readonly LaneBatch[]): void {
    for (const { box, lane, skipped } of batches)
      for (const { from, to, reason } of skipped) {
        this.#counters.givenUp.inc({ lane }, to - from + 1)
        if (this.#isFirst(box, `${lane} given up`))
          this.#logger.warn(
            { box, lane, from, to, reason },
            'records are gone for good: the box no longer has them',
          )
      }
  }

  spoilt({ box, lane, number, why }: UnstorableRecord): void {
    this.#counters.spoilt.inc()
    if (this.#isFirst(box, 'spoilt'))
      this.#logger.error(
        { box, lane, number, why },
        'a record can not be stored and is in quarantine; the other records of its commit are stored',
      )
  }

  conflict(conflict: RecordConflict): void {
    this.#counters.conflicts.inc({ lane: conflict.lane })
    const { box, epoch, lane, number } = conflict
    if (this.#isFirst(box, `${epoch} conflict`))
      this.#logger.error(
        { box, epoch, lane, number },
        "a number came again as another record: the box's data folder went back to an earlier state; the Receipt orders a new epoch",
      )
  }

  quarantine(box: string, topic: string, cause: string, payload: Uint8Array): QuarantineEntry {
    this.#counters.unreadable.inc()
    if (this.#isFirst(box, cause.replaceAll(/\d+/g, 'n')))
      this.#logger.warn({ box, topic, cause }, 'a Report can not be read and is in quarantine')
    return { box, topic, cause, payload: Uint8Array.from(payload.subarray(0, quarantineBytesMax)) }
  }

  #isFirst(box: string, cause: string): boolean {
    const logged = this.#loggedCauses.get(box) ?? new Set()
    if (logged.has(cause) || logged.size >= loggedCausesMax) return false
    this.#loggedCauses.set(box, logged.add(cause))
    return true
  }
}
