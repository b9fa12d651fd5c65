// Decides whether a box without a time source takes the centre's time. If no service sets the centre's clock, it may be
// wrong by hours, and the box would arm its schedules at the wrong time: then it counts only if the box's own clock
// agrees or can not be right.

import type { CentreTime } from './port.ts'

/** If two clocks without a time service differ by less than this, both count as right. */
export const agreementMs = 5 * 60_000

/** A right clock is between these: this program, the certificates and the journal's last times exist already. */
export interface ClockBounds {
  earliestMs: number
  latestMs: number
}

/**
 * `own-kept`: the box's own system keeps its clock. `doubted`: there is no evidence which of the two clocks is wrong, and the centre's is not
 * taken. The other values are the reason why it is.
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
