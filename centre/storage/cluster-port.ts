// Storage's part of several equal centres over one database: which of them has the session of a box. Only PostgreSQL has it; a SQLite file
// has one centre.
import type { KnownLane } from './port.ts'

/** The state of a box for the centre that takes it over, in a commit that is durable when it answers. */
export interface ClaimedBox {
  /** Rises when another centre takes the box: a commit with an older number is refused. */
  fence: number
  /** In the order in which they were first received. */
  epochs: string[]
  lanes: KnownLane[]
}

export interface BoxOwner {
  box: string
  owner: string
  /** When a centre last heard it, as far as it is stored. */
  heardAtMs?: number
}

export interface ClusterWriterCalls {
  /** The box has connected to this centre: every other one may store nothing of it any more. */
  claimBox(box: string, owner: string, atMs: number): ClaimedBox
  /** These boxes have sent something since the last call. */
  noteHeard(boxes: readonly string[], atMs: number): void
}

export interface ClusterReaderCalls {
  /** Boxes that were claimed or heard since then by any centre. */
  ownersSince(atMs: number): BoxOwner[]
}

export const clusterWriterCalls = ['claimBox', 'noteHeard'] as const satisfies (keyof ClusterWriterCalls)[]
export const clusterReaderCalls = ['ownersSince'] as const satisfies (keyof ClusterReaderCalls)[]
