// Wires the cameras: what they see becomes readings, facts and notes of the journal. Loaded only where there are any.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { BoxTime } from '../protocols/domain/event.ts'
import type { Clock } from '../protocols/kit/clock.ts'
import type { Random } from '../protocols/kit/random.ts'
import type { Cameras } from './cameras/port.ts'
import type { GatewayConfig } from './config/config.ts'
import type { Intake } from './intake/intake.ts'

export interface OpenCamerasOptions {
  config: GatewayConfig
  clock: Clock
  random: Random
  logger: Logger
  metrics: Registry
  intake: Intake
  now: () => BoxTime
}

/** Starts the cameras of the configuration; undefined when there are none. */
export async function openCameras(options: OpenCamerasOptions): Promise<Cameras | undefined> {
  const { config, clock, random, logger, metrics, intake, now } = options
  if (config.cameras.length === 0) return undefined
  const { createCameras } = await import('./cameras/cameras.ts')
  const reported = (work: Promise<void>): void => {
    work.catch((error: Error) =>
      logger.warn({ reason: error.message }, 'what a camera told could not be kept'),
    )
  }
  const cameras = createCameras({
    cameras: config.cameras,
    pictures: config.pictures,
    dataDir: config.dataDir,
    clock,
    random,
    log: logger.child({ part: 'cameras' }),
    registry: metrics,
    now,
    outlets: {
      // The fact `snapshot-taken` goes with each one; the picture itself stays on the box until it is asked for.
      onSnapshot: () => undefined,
      onFact: ({ what, facts, colour }) => reported(intake.log(what, facts, colour ?? 'routine')),
      onBoxFact: (fact) => reported(intake.judge({ type: 'box', fact })),
      onEvent: (event) => reported(intake.acceptReadings(event)),
    },
  })
  await cameras.start()
  return cameras
}
