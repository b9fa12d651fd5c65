// The times to try in a sign-in token: a camera checks it by its own clock, and some cameras report that clock wrongly.
import type { CameraTime } from './onvif-requests.ts'

/** Times closer than this are one candidate: every camera accepts a token for some seconds. */
const sameMs = 3000
const hourMs = 3_600_000

/** The source of a candidate, remembered if it worked. */
export type ClockSource = 'utc' | 'own' | 'zone' | 'local' | 'hour-less' | 'hour-more'

export interface ClockCandidate {
  source: ClockSource
  /** To be added to the box's own time. */
  offsetMs: number
}

/**
 * Best first: the source that worked last; the time that the camera reports; the box's own; the camera's local time,
 * with its time zone and without; and one hour beside, if it has daylight saving. A camera with a correct, reported
 * clock leaves one candidate, so that a wrong password is tried once.
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
  // If the reported clock is right, no other hour is tried.
  if (isDaylight && base !== undefined && Math.abs(base - nowMs) > sameMs) {
    add('hour-less', base - hourMs)
    add('hour-more', base + hourMs)
  }
  return all.toSorted((a, b) => Number(b.source === worked) - Number(a.source === worked))
}
