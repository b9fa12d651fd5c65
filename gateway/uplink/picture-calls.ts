// What the order of sending asks of the picture store, with its figures and log.
import type { Logger } from 'pino'
import type { PictureSource } from './port.ts'
import type { SendOrderOptions } from './send-order.ts'
import type { UplinkMetrics } from './uplink-metrics.ts'

export function pictureCalls(
  source: PictureSource,
  logger: Logger,
  { pictures }: Pick<UplinkMetrics, 'pictures'>,
): SendOrderOptions['pictures'] {
  return {
    read: async (sha256, offset, length, done) => {
      let bytes: Uint8Array | undefined | null = null
      try {
        bytes = await source.read(sha256, offset, length)
      } catch (error) {
        logger.error({ err: error, sha256 }, 'a picture could not be read for the uplink')
      }
      done(bytes)
    },
    onReached: (sha256) => {
      pictures.inc({ outcome: 'reached' })
      source.reached(sha256)
    },
    onProblem: (sha256, problem, times) => {
      pictures.inc({ outcome: problem })
      logger.warn({ sha256, problem, times }, 'the centre does not take a picture yet')
      source.refused(sha256, problem, times)
    },
    onGone: (sha256) => {
      pictures.inc({ outcome: 'gone' })
      logger.warn({ sha256 }, 'a picture was gone before the centre had it')
    },
  }
}
