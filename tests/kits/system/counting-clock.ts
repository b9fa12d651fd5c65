// A virtual clock that counts the timers that wait: work that arms one for each message leaves no time for anything else.
import { VirtualClock } from '../../../protocols/kit/clock.ts'

export class CountingClock extends VirtualClock {
  timers = 0

  override after(delayMs: number, run: () => void): () => void {
    let isPending = true
    this.timers++
    const end = (): void => {
      if (isPending) this.timers--
      isPending = false
    }
    const cancel = super.after(delayMs, () => {
      end()
      run()
    })
    return () => {
      end()
      cancel()
    }
  }
}
