// The arguments of every wiring step.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { RunningParts } from '../../platform/running-parts.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import type { CentreConfig } from '../config/config.ts'

export interface Base {
  config: CentreConfig
  logger: Logger
  clock: Clock
  random: Random
  registry: Registry
  /** Each step registers here how it is undone. */
  parts: RunningParts
}
