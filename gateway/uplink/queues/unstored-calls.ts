// Calls that the box could not store, on their way to the centre: in memory only, until the centre's broker has
// acknowledged them.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { Alarm } from '../../../protocols/domain/alarm.ts'
import type { BoxTime } from '../../../protocols/domain/event.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { controlBytesMax, encodeJson } from '../../../protocols/uplink/codec.ts'
import type { UnstoredCall } from '../../../protocols/uplink/unstored-call.ts'
import type { Link } from '../link.ts'

/** Most waiting alarms; beyond it the oldest are dropped, because the newest calls are not answered yet. */
export const unstoredCallsMax = 100
/**
 * Shortest time between two messages, ms: a refused input is retried again and again, and a thin link must stay free
 * for records.
 */
export const unstoredPauseMs = 250

interface Waiting {
  payload: Uint8Array
  /** The payload without its time: the same call is not sent twice. */
  says: string
  isSent: boolean
  isTaken: boolean
}

export class UnstoredCalls {
  readonly #clock: Clock
  /** By alarm id, oldest first. Alarms that the centre has stay in the list, so that their repeats are recognised. */
  readonly #calls = new Map<string, Waiting>()
  #link: Link | undefined
  #isPausing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isWaiting(): boolean {
    return [...this.#calls.values()].some(({ isTaken }) => !isTaken)
  }

  /** True for another alarm, or for more facts than the last message had. */
  add(at: BoxTime, alarm: Alarm): boolean {
    const says = JSON.stringify(alarm)
    if (this.#calls.get(alarm.id)?.says === says) return false
    this.#calls.delete(alarm.id)
    this.#calls.set(alarm.id, { payload: encodeCall(at, alarm), says, isSent: false, isTaken: false })
    forgetOldest(this.#calls, unstoredCallsMax)
    this.#pump()
    return true
  }

  linkUp(link: Link): void {
    this.#link = link
    for (const call of this.#calls.values()) call.isSent = call.isTaken
    this.#pump()
  }

  linkDown(): void {
    this.#link = undefined
  }

  #pump(): void {
    const link = this.#link
    const next = [...this.#calls.values()].findLast(({ isSent }) => !isSent)
    if (!link || !next || this.#isPausing) return
    next.isSent = true
    link.send('unkept', next.payload, () => {
      next.isTaken = true
    })
    this.#isPausing = true
    this.#clock.after(unstoredPauseMs, () => {
      this.#isPausing = false
      this.#pump()
    })
  }
}

/** Readings that do not fit are left out: the person and the place are more important. */
function encodeCall(at: BoxTime, alarm: Alarm): Uint8Array {
  const call: UnstoredCall = { v: 1, at, alarm }
  const payload = encodeJson(call)
  if (payload.byteLength <= controlBytesMax) return payload
  const { readings: _readings, ...rest } = alarm
  return encodeJson({ ...call, alarm: rest })
}
