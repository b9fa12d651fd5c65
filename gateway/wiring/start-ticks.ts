// The gateway's slow pulse: looks at the box, and asks the alarm engine whether anything is due.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BoxFacts } from '../health/box-facts.ts'
import type { BoxWatch } from '../health/box-watch.ts'
import type { Intake } from '../intake/intake.ts'

/** How often the engine is asked whether anything is due. */
const tickMs = 250

export interface TickOptions {
  clock: Clock
  logger: Logger
  intake: Intake
  watch: BoxWatch
  facts: BoxFacts
  steadyMs: () => number
}

/** Starts the pulse; returns what ends it. */
export function startTicks({ clock, logger, intake, watch, facts, steadyMs }: TickOptions): () => void {
  let isEnded = false
  let cancel: () => void
  const tick = async (): Promise<void> => {
    try {
      watch.look()
      await facts.tell((fact) => intake.judge({ type: 'box', fact }))
      if (intake.nextDueMs() <= steadyMs()) await intake.judge({ type: 'tick' })
    } catch (error) {
      logger.debug({ reason: (error as Error).message }, 'time could not be judged yet')
    }
    if (!isEnded) schedule()
  }
  const schedule = (): void => {
    cancel = clock.after(tickMs, () => void tick())
  }
  schedule()
  return () => {
    isEnded = true
    cancel()
  }
}
