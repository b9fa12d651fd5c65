// The browser's time as a Clock, and a ref that ticks once a second for everything that shows an age.
import { shallowRef, type ShallowRef } from 'vue'
import type { Clock } from '../../protocols/kit/clock-port.ts'

export function createBrowserClock(): Clock {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  }
}

export interface Ticker {
  /** `nowMs()` as of the latest tick. */
  now: Readonly<ShallowRef<number>>
  /** Ticks at once, for example after the clock was set. */
  tick(): void
  stop(): void
}

export function createTicker(clock: Clock, nowMs: () => number, everyMs = 1000): Ticker {
  const now = shallowRef(nowMs())
  let cancel = (): void => {}
  const tick = (): void => {
    cancel()
    now.value = nowMs()
    cancel = clock.after(everyMs, tick)
  }
  tick()
  return { now, tick, stop: () => cancel() }
}
