// A clock whose deadlines look once more at what has arrived: a process that had no processor for a while, or stood still, has
// answers waiting in its sockets, and finds its timers first.
import type { Clock } from '../../../protocols/kit/clock.ts'

export function createPatientClock(clock: Clock): Clock {
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
