// The arguments of every wiring step.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { RunningParts } from '../../platform/running-parts.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { GatewayConfig } from '../config/config.ts'

export interface Base {
  config: GatewayConfig
  logger: Logger
  clock: Clock
  random: Random
  metrics: Registry
  version: string
  /** Each step registers here how it is undone. */
  parts: RunningParts
}

/** Work whose failure is logged and not waited for. */
export function reportTo(logger: Logger): (work: Promise<unknown>, words: string) => void {
  return (work, words) =>
    void work.catch((error: unknown) =>
      logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, words),
    )
}
