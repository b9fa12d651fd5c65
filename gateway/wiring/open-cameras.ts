// Wires the cameras: their results become readings, facts and records of the journal. Loaded only if there are any.
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { withPlainReadings } from '../intake/records.ts'
import type { CameraFact, Cameras } from '../cameras/port.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Intake } from '../intake/intake.ts'
import { PictureTravel } from './open-pictures.ts'
import { PictureLanes } from '../cameras/pictures/picture-lanes.ts'
import type { PictureSource } from '../uplink/port.ts'

export interface OpenCamerasOptions {
  config: GatewayConfig
  clock: Clock
  random: Random
  logger: Logger
  metrics: Registry
  intake: Intake
  now: () => BoxTime
}

export interface OpenedCameras {
  cameras: Cameras
  travel: PictureTravel
  /** The source of their pictures for the uplink. */
  pictures: PictureSource
}

/** Starts the cameras of the configuration; undefined when there are none. */
export async function openCameras(options: OpenCamerasOptions): Promise<OpenedCameras | undefined> {
  const { config, clock, random, logger, metrics, intake, now } = options
  if (config.cameras.length === 0) return undefined
  const { createCameras } = await import('../cameras/cameras.ts')
  const reported = (work: Promise<void>): void => {
    work.catch((error: Error) =>
      logger.warn({ reason: error.message }, 'a report of a camera could not be stored'),
    )
  }
  const lanes = new PictureLanes()
  const record = ({ what, facts, colour }: CameraFact): Promise<void> => {
    const { lane, isUrgent } = lanes.placeOf(what, colour, facts)
    const recorded = intake.log(what, facts, lane, isUrgent)
    reported(recorded)
    return recorded
  }
  const travel = new PictureTravel({ intake, logger: logger.child({ part: 'pictures' }) })
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
      onFact: (fact) => void record(fact),
      // The bytes follow the record.
      onSnapshot: (snapshot, taken) => travel.taken(snapshot, record(taken)),
      onBoxFact: (fact) => reported(intake.judge({ type: 'box', fact })),
      onEvent: (event) => reported(intake.acceptReadings(withPlainReadings(event))),
    },
  })
  await cameras.start()
  return { cameras, travel, pictures: travel.source(cameras) }
}
