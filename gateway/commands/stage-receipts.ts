// Sends a device the stage of the answer to its report, so that the lamp on an alarm button can show it: stored (at the
// box), centre (stored there), then seen, accepted, dispatched, closed as they arrive.
import type { Logger } from 'pino'
import type { Stage } from '../../protocols/domain/alarm.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import { deviceTopic } from '../../protocols/device-mqtt/topics.ts'
import type { CauseDocument } from '../intake/port.ts'

/** Events kept per purpose; older ones get no further stage. */
const rememberedMax = 1000

export interface StageReceiptsOptions {
  publish: (topic: string, payload: string, choice: { qos: 1 }) => Promise<void>
  logger: Logger
}

export class StageReceipts {
  readonly #options: StageReceiptsOptions
  readonly #byAlarm = new Map<string, CauseDocument>()
  #awaitingCentre: (CauseDocument & { lane: Lane; number: number })[] = []

  constructor(options: StageReceiptsOptions) {
    this.#options = options
  }

  /** Causes of the alarms that were active when the program ended. */
  restore(causes: Iterable<[alarmId: string, cause: CauseDocument]>): void {
    for (const [id, cause] of causes) this.#byAlarm.set(id, cause)
  }

  /** An event that caused or changed alarms is on disk. */
  stored(cause: CauseDocument, at: { lane: Lane; number: number }, alarmIds: readonly string[]): void {
    for (const id of alarmIds) {
      this.#byAlarm.delete(id)
      this.#byAlarm.set(id, cause)
    }
    for (const id of this.#byAlarm.keys()) {
      if (this.#byAlarm.size <= rememberedMax) break
      this.#byAlarm.delete(id)
    }
    this.#awaitingCentre.push({ ...cause, ...at })
    if (this.#awaitingCentre.length > rememberedMax) this.#awaitingCentre.shift()
    this.#send(cause, 'stored')
  }

  /** The centre has receipted a lane up to a number. */
  settled(lane: Lane, storedTo: number): void {
    if (this.#awaitingCentre.length === 0) return
    const isSettled = (entry: { lane: Lane; number: number }): boolean =>
      entry.lane === lane && entry.number <= storedTo
    for (const entry of this.#awaitingCentre.filter(isSettled)) this.#send(entry, 'centre')
    this.#awaitingCentre = this.#awaitingCentre.filter((entry) => !isSettled(entry))
  }

  /** People acted on an alarm. */
  reached(alarmId: string, stage: Stage): void {
    const cause = this.#byAlarm.get(alarmId)
    if (cause) this.#send(cause, stage)
  }

  #send({ device, messageId }: CauseDocument, stage: Stage): void {
    this.#options
      .publish(deviceTopic(device, 'receipt'), JSON.stringify({ id: messageId, stage }), { qos: 1 })
      .catch((error: Error) =>
        this.#options.logger.warn(
          { device, stage, reason: error.message },
          'a stage could not be told to its device',
        ),
      )
  }
}
