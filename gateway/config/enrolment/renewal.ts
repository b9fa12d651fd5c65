// Renews the certificate that the centre has signed, at two thirds of its life and without a visit. The new one is stored before it is
// used, and the centre revokes the old one when the new one connects: one valid certificate at a time.
import type { Logger } from 'pino'
import { every } from '../../../platform/time/every.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'
import { askAuthorities, renewAtCentre } from './enrol-with-centre.ts'
import { followAuthority } from './follow-authority.ts'
import { placeEnrolledFiles, readEnrolled, writeEnrolled, type Enrolled } from './enrolled-file.ts'

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
  ask?: typeof askAuthorities
}

/** Returns what ends it. Before the link is opened: a power cut may have come between a renewal and the files that TLS reads. */
export function startRenewal(options: RenewalOptions): () => void {
  const { dataDir, clock, isClockKept, logger, renew = renewAtCentre, ask = askAuthorities } = options
  let isRenewing = false
  const known = readEnrolled(dataDir)
  if (known?.ok) placeEnrolledFiles(dataDir, known.value)
  async function look(): Promise<void> {
    const enrolled = readEnrolled(dataDir)
    if (!enrolled?.ok || isRenewing || !isClockKept()) return
    isRenewing = true
    try {
      const next = await followed(enrolled.value)
      const isDue = clock.wallMs() >= enrolled.value.renewAtMs || next.mustRenew
      const renewed = isDue ? await renew(next.enrolled, clock.wallMs()) : undefined
      if (renewed && !renewed.ok)
        logger.warn({ why: describeProblems(renewed.problems) }, 'the certificate could not be renewed yet')
      // Certificate and authorities are one file: the box has the old ones of both, or the new ones.
      const kept = renewed?.ok ? renewed.value : next.isTrusted ? next.enrolled : enrolled.value
      if (kept === enrolled.value) return
      writeEnrolled(dataDir, kept)
      placeEnrolledFiles(dataDir, kept)
      if (renewed?.ok) logger.info({ renewAtMs: kept.renewAtMs }, 'the certificate was renewed')
      else logger.info('the authorities of the centre have changed')
    } catch (error) {
      logger.warn({ err: error }, 'the renewed certificate could not be stored yet')
    } finally {
      isRenewing = false
    }
  }
  /** With the authorities that the centre names now; a centre of an older version names none. */
  async function followed(
    old: Enrolled,
  ): Promise<{ enrolled: Enrolled; mustRenew: boolean; isTrusted: boolean }> {
    const same = { enrolled: old, mustRenew: false, isTrusted: true }
    const asked = await ask(old)
    if (!asked.ok) return same
    const next = followAuthority(old, asked.value)
    if (!next.ok) {
      logger.warn({ why: describeProblems(next.problems) }, 'the authorities of the centre were not taken')
      return same
    }
    if (!next.value) return same
    const { authority, isOwnOf, isTrusted } = next.value
    return { enrolled: { ...old, authority }, mustRenew: !isOwnOf, isTrusted }
  }
  return every(clock, lookEveryMs, () => void look(), firstLookMs)
}
