// Work that is done again and again on a given clock.
import type { Clock } from '../../protocols/kit/clock-port.ts'

/** Runs `run` every `periodMs`, the first time after `firstMs`; returns what ends it. The next turn is set before `run` is called. */
export function every(
  clock: Pick<Clock, 'after'>,
  periodMs: number,
  run: () => void,
  firstMs = periodMs,
): () => void {
  let cancel = clock.after(firstMs, turn)
  function turn(): void {
    cancel = clock.after(periodMs, turn)
    run()
  }
  return () => cancel()
}
