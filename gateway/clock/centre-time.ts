// Whether a box without a time of its own takes the centre's. A centre whose clock nothing keeps may be wrong by hours, and a box
// that believes it arms its schedules at the wrong time: its word counts only where the box's own clock agrees or can not be right.

import type { CentreTime } from './port.ts'

/** Two clocks that nothing keeps and that differ by less are both taken to be right. */
export const agreementMs = 5 * 60_000

/** Between these every clock lies that can be right: this program, the certificates and the journal's last times exist already. */
export interface ClockBounds {
  earliestMs: number
  latestMs: number
}

/**
 * `own-kept`: the box's own system keeps its clock. `doubted`: nothing says which of the two clocks is wrong, and the centre's is not
 * taken. The others say why it is.
 */
export type CentreTimeVerdict = 'own-kept' | 'kept' | 'agrees' | 'own-impossible' | 'doubted'

export function judgeCentreTime(
  { wallMs, isKept }: CentreTime,
  ownMs: number,
  { earliestMs, latestMs }: ClockBounds,
): CentreTimeVerdict {
  if (isKept !== false) return 'kept'
  if (Math.abs(wallMs - ownMs) < agreementMs) return 'agrees'
  const isPossible = (atMs: number): boolean => atMs >= earliestMs && atMs <= latestMs
  return isPossible(wallMs) && !isPossible(ownMs) ? 'own-impossible' : 'doubted'
}
