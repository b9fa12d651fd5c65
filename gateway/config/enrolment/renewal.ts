// Renews the certificate that the centre has signed, at two thirds of its life and without a visit. The new one is stored before it is
// used, and the centre revokes the old one when the new one connects: one valid certificate at a time.
import type { Logger } from 'pino'
import { every } from '../../../platform/time/every.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'
import { renewAtCentre } from './enrol-with-centre.ts'
import { placeEnrolledFiles, readEnrolled, writeEnrolled } from './enrolled-file.ts'

const lookEveryMs = 6 * 3_600_000
/** After a start the link comes first. */
const firstLookMs = 10 * 60_000

export interface RenewalOptions {
  dataDir: string
  clock: Clock
  /** Without the right time nothing can be said about a date. */
  isClockKept: () => boolean
  logger: Logger
  renew?: typeof renewAtCentre
}

/** Returns what ends it. Before the link is opened: a power cut may have come between a renewal and the files that TLS reads. */
export function startRenewal(options: RenewalOptions): () => void {
  const { dataDir, clock, isClockKept, logger, renew = renewAtCentre } = options
  let isRenewing = false
  const known = readEnrolled(dataDir)
  if (known?.ok) placeEnrolledFiles(dataDir, known.value)
  async function look(): Promise<void> {
    const enrolled = readEnrolled(dataDir)
    if (!enrolled?.ok || isRenewing || !isClockKept() || clock.wallMs() < enrolled.value.renewAtMs) return
    isRenewing = true
    try {
      const renewed = await renew(enrolled.value, clock.wallMs())
      if (!renewed.ok) {
        logger.warn({ why: describeProblems(renewed.problems) }, 'the certificate could not be renewed yet')
        return
      }
      writeEnrolled(dataDir, renewed.value)
      placeEnrolledFiles(dataDir, renewed.value)
      logger.info({ renewAtMs: renewed.value.renewAtMs }, 'the certificate was renewed')
    } catch (error) {
      logger.warn({ err: error }, 'the renewed certificate could not be kept yet')
    } finally {
      isRenewing = false
    }
  }
  return every(clock, lookEveryMs, () => void look(), firstLookMs)
}
