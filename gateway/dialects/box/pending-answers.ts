// Commands that wait for the answer of a foreign device or its bridge: by the command's id where the dialect carries it, by the device's
// device reports where it does not.
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { CommandResult } from '../../../protocols/device-mqtt/messages.ts'
import type { AnswerPolicy, DeviceResult } from '../port.ts'

/** Commands that wait at once; beyond it the oldest is not waited for any more, and its time-out decides. */
export const awaitedMax = 1000
/** A bridge that reports refusals alone has this long for one. */
export const refusalMs = 5000

/** What became of it; `ok` is false with the maker's own words. */
export type Answered = (result: Answer) => void
export type Answer = Pick<CommandResult, 'ok' | 'error' | 'handedOver'>

interface PendingAnswer {
  device: string
  id: string
  policy: AnswerPolicy
  answered: Answered
  cancel: () => void
}

export class PendingAnswers {
  readonly #clock: Clock
  readonly #waiting = new Map<string, PendingAnswer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Before the command is sent. The same command again is the same one. */
  expect(device: string, id: string, policy: AnswerPolicy, answered: Answered): void {
    const key = `${device} ${id}`
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
    const cancel =
      policy.by === 'refusal'
        ? // No failure was reported in time.
          this.#clock.after(refusalMs, () => this.#end(key, { ok: true, handedOver: true }))
        : () => undefined
    this.#waiting.set(key, { device, id, policy, answered, cancel })
    const [oldest] = this.#waiting
    if (this.#waiting.size > awaitedMax && oldest) {
      oldest[1].cancel()
      this.#waiting.delete(oldest[0])
    }
  }

  /** It could not be sent. */
  withdraw(device: string, id: string): void {
    const key = `${device} ${id}`
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
  }

  /** A message about this device came, under our id. */
  hear(device: string, result: DeviceResult): void {
    if (this.#waiting.size === 0) return
    for (const [key, awaited] of this.#waiting) {
      if (awaited.device !== device) continue
      const { answer } = result
      if (answer) {
        // Without an id it is about the oldest that waits.
        if (answer.id !== '' && answer.id !== awaited.id) continue
        this.#end(
          key,
          answer.error === undefined ? { ok: answer.ok } : { ok: answer.ok, error: answer.error },
        )
        return
      }
      if (awaited.policy.by === 'report' && awaited.policy.isDone(result)) {
        this.#end(key, { ok: true })
        return
      }
    }
  }

  stop(): void {
    for (const { cancel } of this.#waiting.values()) cancel()
    this.#waiting.clear()
  }

  #end(key: string, result: Answer): void {
    const awaited = this.#waiting.get(key)
    if (!awaited) return
    this.#waiting.delete(key)
    awaited.cancel()
    awaited.answered(result)
  }
}
