// Which times to put into a sign-in token: a camera judges it by its own clock, and not every camera tells that clock rightly.
import type { CameraTime } from './onvif-requests.ts'

/** Times closer than this are one candidate: a token is good for some seconds at every camera. */
const sameMs = 3000
const hourMs = 3_600_000

/** Where a candidate comes from, to be remembered where it worked. */
export type ClockSource = 'utc' | 'own' | 'zone' | 'local' | 'hour-less' | 'hour-more'

export interface ClockCandidate {
  source: ClockSource
  /** To be added to our own time. */
  offsetMs: number
}

/**
 * Best first: the source that worked last; the time that the camera tells; our own; its local time, with its time zone and
 * as it stands; and an hour beside, where it is on daylight saving. A camera whose clock is right and told leaves one
 * candidate, so that a wrong password is tried once.
 */
export function clockCandidates(
  time: CameraTime | undefined,
  nowMs: number,
  worked: ClockSource | undefined,
): ClockCandidate[] {
  const { utcMs, localMs, zoneMs, isDaylight = false } = time ?? {}
  const all: ClockCandidate[] = []
  const add = (source: ClockSource, atMs: number): void => {
    const offsetMs = atMs - nowMs
    if (!all.some((one) => Math.abs(one.offsetMs - offsetMs) <= sameMs)) all.push({ source, offsetMs })
  }
  if (utcMs !== undefined) add('utc', utcMs)
  add('own', nowMs)
  if (utcMs === undefined && localMs !== undefined) {
    add('zone', localMs + (zoneMs ?? 0))
    add('local', localMs)
  }
  const base = utcMs ?? (localMs === undefined ? undefined : localMs + (zoneMs ?? 0))
  // A clock that is right as it is told has no hour to look for.
  if (isDaylight && base !== undefined && Math.abs(base - nowMs) > sameMs) {
    add('hour-less', base - hourMs)
    add('hour-more', base + hourMs)
  }
  return all.toSorted((a, b) => Number(b.source === worked) - Number(a.source === worked))
}
