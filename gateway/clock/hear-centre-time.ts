// What the time in a Receipt does: the box's clock is set by it or is not, commands are aged by it, and the console shows its age.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { BoxClock } from './box-clock.ts'
import type { CentreTimeVerdict } from './centre-time.ts'
import type { CentreTime } from './port.ts'

export interface HearCentreTimeOptions {
  uplink: { onCentreTime(listener: (centre: CentreTime) => void): void } | undefined
  boxClock: BoxClock
  commands: { hearCentreTime(wallMs: number): void }
  clock: Clock
  logger: Logger
}

/** Returns when the latest Receipt came, in monotonic ms. */
export function hearCentreTime(options: HearCentreTimeOptions): () => number | undefined {
  const { uplink, boxClock, commands, clock, logger } = options
  let lastReceiptMs: number | undefined
  let last: CentreTimeVerdict | undefined
  uplink?.onCentreTime((centre) => {
    lastReceiptMs = clock.monotonicMs()
    const verdict = boxClock.hearCentreTime(centre)
    commands.hearCentreTime(centre.wallMs)
    if (verdict === 'doubted' && last !== verdict)
      logger.warn(
        { offsetMs: boxClock.heard?.offsetMs },
        "nothing keeps this box's clock nor the centre's, and they differ: the centre's time is not taken. Set up NTP at one of them",
      )
    last = verdict
  })
  return () => lastReceiptMs
}
