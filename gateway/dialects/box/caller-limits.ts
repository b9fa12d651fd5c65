// Connections of recorders, panels and cameras before their first report: any machine of the network can open them.
import type { StrangerGuardLimits } from '../../../platform/strangers/stranger-guard.ts'

/**
 * The oldest of the largest crowd makes room, and new ones above the rate wait for a turn, in which those with a whole frame go
 * first: a crowd that comes back as fast as it is closed keeps no panel out. A connection that signs in gives its share of the
 * rate back, so that an operator with hundreds of panels behind one address has no limit.
 */
export const callerLimits = {
  // At the rate below each keeps its place for a second: longer than a commit takes.
  strangers: 200,
  // Panels, recorders and cameras of one operator may share an address.
  strangersPerNetwork: 200,
  newAtOnce: 200,
  newPerSecond: 200,
  newUnknownAtOnce: 400,
  newUnknownPerSecond: 400,
  waiting: 500,
} as const satisfies Partial<StrangerGuardLimits>
