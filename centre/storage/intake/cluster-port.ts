// Storage's part of several equal centres over one database: which of them has the session of a box. Only PostgreSQL has it; a SQLite file
// has one centre.
import type { KnownLane } from './intake-port.ts'

/** The state of a box for the centre that takes it over, in a commit that is durable when it answers. */
export interface ClaimedBox {
  box: string
  /** Rises when another centre takes the box: a commit with an older number is refused. */
  fence: number
  /** In the order in which they were first received. */
  epochs: string[]
  lanes: KnownLane[]
}

/** What any centre has heard; the times are those of the database. */
export interface SharedPresence {
  boxes: { box: string; owner: string; atMs: number }[]
  people: { name: string; atMs: number }[]
}

export interface ClusterWriterCalls {
  /** These boxes, each named once, have connected to this centre: every other one may store nothing of them any more. */
  claimBoxes(boxes: readonly string[], owner: string): ClaimedBox[]
  /** These boxes have sent something since the last call, and these persons were at a desk. */
  noteHeard(boxes: readonly string[], people: readonly string[]): void
}

export interface ClusterReaderCalls {
  /** Claimed or heard since then. */
  heardSince(atMs: number): SharedPresence
}

export const clusterWriterCalls = ['claimBoxes', 'noteHeard'] as const satisfies (keyof ClusterWriterCalls)[]
export const clusterReaderCalls = ['heardSince'] as const satisfies (keyof ClusterReaderCalls)[]
