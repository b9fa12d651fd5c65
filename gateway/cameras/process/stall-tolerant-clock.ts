// A clock whose deadlines check once more for received data: a process that had no processor for a while, or was
// stopped, has answers waiting in its sockets, but its timers fire first.
import type { Clock } from '../../../protocols/kit/clock.ts'

export function createStallTolerantClock(clock: Clock): Clock {
  return {
    ...clock,
    after: (delayMs, run) => {
      let immediate: NodeJS.Immediate | undefined
      const cancel = clock.after(delayMs, () => {
        immediate = setImmediate(run)
      })
      return () => {
        cancel()
        clearImmediate(immediate)
      }
    },
  }
}
