// How fast a device may send routine messages, as a token bucket per device; and what is never routine.
import type { Clock } from '../../../protocols/kit/clock.ts'

export interface RateLimits {
  publishesPerSecond: number
  publishBurst: number
  slowDownMs: number
}

interface Bucket {
  tokens: number
  filledAtMs: number
}

/** Buckets kept at a time; a full bucket is the same as none, so the oldest can go. */
const bucketsMax = 10_000

export class PublishRate {
  readonly #limits: RateLimits
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Takes a token and says how long the message has to wait for it, 0 to `slowDownMs`. */
  take(device: string): number {
    const bucket = this.#fill(device)
    const { publishesPerSecond, slowDownMs } = this.#limits
    // A debt beyond the longest wait would punish the device long after it has calmed down.
    bucket.tokens = Math.max(bucket.tokens - 1, (-publishesPerSecond * slowDownMs) / 1000)
    return bucket.tokens >= 0 ? 0 : Math.min(slowDownMs, (-bucket.tokens / publishesPerSecond) * 1000)
  }

  isExhausted(device: string): boolean {
    return this.#buckets.has(device) && this.#fill(device).tokens < 1
  }

  #fill(device: string): Bucket {
    const nowMs = this.#clock.monotonicMs()
    const { publishesPerSecond, publishBurst } = this.#limits
    let bucket = this.#buckets.get(device)
    if (!bucket) {
      bucket = { tokens: publishBurst, filledAtMs: nowMs }
      const oldest = this.#buckets.keys().next()
      if (this.#buckets.size >= bucketsMax && !oldest.done) this.#buckets.delete(oldest.value)
      this.#buckets.set(device, bucket)
    }
    const refill = ((nowMs - bucket.filledAtMs) / 1000) * publishesPerSecond
    bucket.tokens = Math.min(publishBurst, bucket.tokens + refill)
    bucket.filledAtMs = nowMs
    return bucket
  }
}

// Every reading of the alarm table that can become red, in our dialect and as foreign dialects spell it; `u00`
// catches JSON escapes that could hide a name. Being wrong here costs a little backpressure, never an alarm.
const urgentWords =
  /button|press|sos|panic|help|alarm|duress|emergency|smoke|fire|heat|gas|carbon|leak|water|flood|level|contact|motion|occupancy|tamper|action|\\u00/i

/** Whether a payload, one byte a character, can be, or can lead to, a red alarm. Looks for words, does not parse. */
export function canBeRed(bytes: string): boolean {
  return urgentWords.test(bytes)
}
