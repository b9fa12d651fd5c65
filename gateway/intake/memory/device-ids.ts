// The ids of a device end with the device: handles another device under the same name, and a device that uses ids
// twice.
import type { Logger } from 'pino'
import type { BoxTime, DeviceEvent } from '../../../protocols/domain/event.ts'
import { deviceForgotten } from '../../../protocols/domain/record.ts'
import type { Journal, UncountedId } from '../../journal/port.ts'
import type { IntakeMetrics } from '../intake-metrics.ts'
import { logRecord } from '../records.ts'
import { repeatPrefix, type IdVerdict, type RepeatMemory } from './repeat-memory.ts'

/** A device that uses its ids again and again is logged this often. */
const againLogMs = 60_000
/** Devices whose last log line is remembered; when full, each may be logged once more. */
const loggedMax = 10_000

export interface DeviceIdsOptions {
  repeats: RepeatMemory
  journal: Journal
  now: () => BoxTime
  monotonicMs: () => number
  logger: Logger
  metrics: IntakeMetrics
}

export class DeviceIds {
  readonly #options: DeviceIdsOptions
  readonly #loggedMs = new Map<string, number>()

  constructor(options: DeviceIdsOptions) {
    this.#options = options
  }

  /** The part of the event's id that the journal must store separately. */
  uncountedIdsOf({ device, messageId }: DeviceEvent, verdict: IdVerdict): UncountedId[] | undefined {
    if (verdict !== 'odd' && verdict !== 'odd again') return undefined
    return [[device, messageId, this.#options.repeats.heardOf(device, messageId)]]
  }

  /** A device that was reset or replaced starts to count again: its messages count as new, and a person is informed. */
  usedAgain({ device, messageId }: DeviceEvent): void {
    const { metrics, monotonicMs, logger } = this.#options
    metrics.messages.inc({ result: 'id-used-again' })
    const nowMs = monotonicMs()
    if (nowMs - (this.#loggedMs.get(device) ?? Number.NEGATIVE_INFINITY) < againLogMs) return
    if (this.#loggedMs.size >= loggedMax) this.#loggedMs.clear()
    this.#loggedMs.set(device, nowMs)
    logger.warn(
      { device, messageId },
      'a device uses a message id again for something else: it was reset or replaced, or its firmware gives ids twice; kept as a new event',
    )
  }

  /** A password or certificate other than before means another device under the same name. */
  admitted(device: string, kind: string, mark: string): void {
    if (!this.#options.repeats.prove(device, kind, mark)) return
    this.forget(device, `another ${kind}`).catch((error: Error) =>
      this.#options.logger.warn({ device, reason: error.message }, 'that a device is new could not be noted'),
    )
  }

  /** No later message of the device counts as a repeat of an earlier one. Resolves when that is on disk. */
  async forget(device: string, why: string): Promise<void> {
    const { repeats, journal, now, logger } = this.#options
    repeats.forget(device)
    logger.info({ device, why }, 'the message ids of a device are forgotten')
    const record = logRecord(journal.nextSequence(), now(), deviceForgotten, { device, why })
    await journal.append({
      records: [{ lane: 'routine', record }],
      state: [[repeatPrefix + device, repeats.documentOf(device)]],
      forgetsUncountedIdsOf: device,
      isUrgent: false,
    })
  }
}
