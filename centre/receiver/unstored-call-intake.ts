// Calls that a box could not store: stored as alarms, each in a separate commit, and acknowledged once they are on
// disk.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { every } from '../../platform/time/every.ts'
import { messageOf } from '../../platform/failure.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { recordCharsMax } from '../../protocols/domain/limits.ts'
import { withPlainText } from '../../protocols/domain/plain-text.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import { parseUnstoredCall } from '../../protocols/uplink/codec.ts'
import type { UnstoredCall } from '../../protocols/uplink/unstored-call.ts'
import { colourIn } from '../alarms/unreadable-alarm.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import { BoxPace } from './pace/box-pace.ts'

/** A box sends four per second, and at a connection all that it has, which is not more than this. */
const burst = 200
const pauseMs = 100

/** An accepted call of which no record comes for this long is over: the device does not repeat it. */
export const unrecordedMsMax = 3_600_000
const lookEveryMs = 600_000

export interface UnstoredCallIntakeOptions {
  storage: Pick<Storage, 'storeUnstoredCall' | 'endUnrecordedCalls' | 'storeIntake'>
  clock: Clock
  logger: Logger
  registry: Registry
  onStored: (changes: StoredChange[]) => void
}

export class UnstoredCallIntake {
  readonly #options: UnstoredCallIntakeOptions
  readonly #pace: BoxPace
  readonly #calls

  constructor(options: UnstoredCallIntakeOptions) {
    this.#options = options
    this.#pace = new BoxPace({ clock: options.clock, burst, pauseMs })
    this.#calls = new Counter({
      name: 'gengfu_centre_unkept_calls_total',
      help: 'Calls that a box could not store, by result',
      labelNames: ['result'],
      registers: [options.registry],
    })
  }

  /** Ends accepted calls that their boxes do not know; returns what stops it. */
  start(): () => void {
    const { clock, logger } = this.#options
    return every(
      clock,
      lookEveryMs,
      () =>
        void this.#endUnrecorded().catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, 'calls that no box has stored could not be ended yet'),
        ),
    )
  }

  async #endUnrecorded(): Promise<void> {
    const { storage, clock, onStored } = this.#options
    const atMs = clock.wallMs()
    onStored(await storage.endUnrecordedCalls(atMs - unrecordedMsMax, atMs))
  }

  /** Resolves once it is on disk, or can never be stored. */
  async take(box: string, payload: Uint8Array): Promise<void> {
    const { storage, clock, logger, onStored } = this.#options
    if (!this.#pace.takes(box)) return this.#calls.inc({ result: 'too many' })
    const call = parseUnstoredCall(payload)
    if (!call.ok) return this.#takeUnreadable(box, payload, describeProblems(call.problems))
    const { at, alarm } = withPlainText(call.value) as UnstoredCall
    const changes = await storage.storeUnstoredCall({ box, at, alarm, receivedAtMs: clock.wallMs() })
    this.#calls.inc({ result: changes.length > 0 ? 'stored' : 'repeat' })
    if (changes.length > 0)
      logger.error({ box, alarm: alarm.id, kind: alarm.kind }, 'a call has come that its box could not keep')
    onStored(changes)
  }

  /** The box does not send it again: the centre raises an alarm of its own, and the call is in quarantine. */
  async #takeUnreadable(box: string, payload: Uint8Array, cause: string): Promise<void> {
    const { storage, clock, logger, onStored } = this.#options
    const read = parseJson(payload, recordCharsMax)
    const colour = colourIn(read.ok ? read.value : undefined, 'red')
    const alarm = { colour, beginning: Buffer.from(payload).toString(), mayComeAgain: true as const }
    const entry = { box, topic: `up/${box}/unkept`, cause, payload, alarm }
    const { changes } = await storage.storeIntake({
      receivedAtMs: clock.wallMs(),
      lanes: [],
      quarantined: [entry],
    })
    this.#calls.inc({ result: 'unreadable' })
    logger.warn({ box, problems: cause }, 'a call that a box could not keep can not be read')
    onStored(changes)
  }
}
