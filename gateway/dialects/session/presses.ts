// One press that arrives as several messages is one press: a bridge may send it as JSON, on a topic of its own and as a
// trigger. A press that arrived on one topic is expected on the others; a second message on the same topic is a second
// press.
import { forgetOldest } from '../../../platform/forget-oldest.ts'

/** Messages of one press arrive within this time; after it the next message is a new press. */
export const pressWindowMs = 3000
/** Presses kept; beyond it the oldest is removed. */
export const pressesMax = 2000

interface Press {
  sinceMs: number
  /** Number of arrivals, by topic. */
  counts: Map<string, number>
  /** Of the newest of them. */
  messageId: string
}

export class Presses {
  readonly #presses = new Map<string, Press>()

  /** Whether `value` of `device` is a new press, and the message id of the press; `undo` takes it back when it was not stored. */
  take(press: { device: string; value: string; topic: string; atMs: number; messageId: string }): {
    isNew: boolean
    messageId: string
    undo: () => void
  } {
    const key = `${press.device} ${press.value}`
    let known = this.#presses.get(key)
    if (!known || press.atMs - known.sinceMs > pressWindowMs) {
      this.#presses.delete(key)
      this.#presses.set(key, (known = { sinceMs: press.atMs, counts: new Map(), messageId: '' }))
      forgetOldest(this.#presses, pressesMax)
    }
    const { counts } = known
    const most = Math.max(0, ...counts.values())
    const count = (counts.get(press.topic) ?? 0) + 1
    counts.set(press.topic, count)
    const undo = (): void => {
      counts.set(press.topic, count - 1)
    }
    const isNew = count > most
    if (isNew) known.messageId = press.messageId
    return { isNew, messageId: known.messageId, undo }
  }
}
