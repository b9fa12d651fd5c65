// Whether this machine's clock is kept by the system: asked of the system, or set in the configuration. Boxes without a time of their own get the answer.
import { Gauge } from 'prom-client'
import { watchSystemClock } from '../../platform/disk/system-sync.ts'
import type { Base } from './base.ts'

/** The answer is false until the system has answered for the first time. */
export function watchClock({ config, clock, logger, registry, parts }: Base): () => boolean {
  const configured = config.clock.isKept
  const system = configured === undefined ? watchSystemClock(clock) : undefined
  if (system) parts.add('system clock', () => system.stop())
  const isKept = configured === undefined ? () => system?.isSynced() === true : () => configured
  new Gauge({
    name: 'gengfu_centre_clock_kept',
    help: "1 while the centre's clock is kept (NTP, or clock.isKept): boxes without a time of their own take it then",
    registers: [registry],
    collect() {
      this.set(isKept() ? 1 : 0)
    },
  })
  void (system?.first ?? Promise.resolve()).then(() => {
    if (!isKept())
      logger.warn(
        "nothing keeps this machine's clock: a box without a time of its own takes it only where its own clock agrees. Set up NTP, or set clock.isKept",
      )
  })
  return isKept
}
