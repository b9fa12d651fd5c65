// Limits the rate of a device's routine messages with a token bucket per device, and decides which messages are never
// routine.
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

/** Most buckets kept; a full bucket is the same as none, so the oldest can be removed. */
const bucketsMax = 10_000

export class PublishRate {
  readonly #limits: RateLimits
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Takes a token and returns how long the message must wait for it, 0 to `slowDownMs`. */
  take(device: string): number {
    const bucket = this.#fill(device)
    const { publishesPerSecond, slowDownMs } = this.#limits
    // A debt beyond the longest wait would slow the device down long after it sends normally again.
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

// Every reading of the alarm table that can become red, in the native dialect and as foreign dialects write it; `u00`
// finds JSON escapes that could hide a name. A wrong match here costs a little backpressure, never an alarm.
const urgentWords =
  /button|press|sos|panic|help|alarm|duress|emergency|smoke|fire|heat|gas|carbon|leak|water|flood|level|contact|motion|occupancy|tamper|action|\\u00/i

/** True when a payload, one byte per character, can cause a red alarm. Searches for words, does not parse. */
export function canBeRed(bytes: string): boolean {
  return urgentWords.test(bytes)
}
