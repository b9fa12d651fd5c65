// Messages between the journal and its thread.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { LanePositions, UncountedId, QuarantineRow, SpaceFacts } from './port.ts'

export interface WorkerOptions {
  folder: string
  /** Becomes the epoch of a new journal file. */
  newEpoch: string
  /** Identifies this boot of the machine; if it differs from the stored one, the boot number rises. */
  bootId: string
  quarantineMax: number
  uncountedIdsMax: number
  /** Receipted records kept per lane, so that a centre restored from a backup can request them again. */
  keepReceipted: number
}

export interface CommitRequest {
  type: 'commit'
  /** Lane of each record, as index into `lanes`. */
  lanes: number[]
  numbers: number[]
  bodies: string[]
  state: [key: string, value: string | null][]
  uncountedIds: UncountedId[]
  forgetsUncountedIdsOf: string[]
  quarantine: QuarantineRow[]
  /** The receipted positions: rows below may be deleted when room is needed. */
  receipted: Record<Lane, number>
  /** The positions have changed and documents are written anyway: write them too. */
  keepsReceipted: boolean
}

/** An empty commit. */
export function createCommit(receipted: Record<Lane, number>): CommitRequest {
  const none = {
    lanes: [],
    numbers: [],
    bodies: [],
    state: [],
    uncountedIds: [],
    forgetsUncountedIdsOf: [],
    quarantine: [],
  }
  return { type: 'commit', ...none, receipted, keepsReceipted: false }
}

export type WorkerRequest =
  | CommitRequest
  | { type: 'read'; lane: Lane; after: number; recordsMax: number; bytesMax: number }
  | { type: 'state'; prefix: string }
  | { type: 'uncountedIds' }
  | { type: 'quarantine'; limit: number }
  | { type: 'trim'; lane: Lane; receipted: number; rowsMax: number }
  | { type: 'look'; receipted: Record<Lane, number> }
  | { type: 'repair'; boot: number; bootWallMs: number }
  | { type: 'prove' }
  | { type: 'renew'; reason: string; wallMs: number }
  | { type: 'close'; receipted: Record<Lane, number> }

export interface OpenedJournal {
  epoch: string
  boot: number
  positions: LanePositions
  /** See `Outbox`. */
  unproven?: Record<Lane, number>
  lastSequence: number
  quarantined: number
  sizeBytes: number
  space: SpaceFacts
  salvaged?: { records: number; from: string; reason: string }
  rewound?: { records: number; from: string; reason: string }
}

export type WorkerReply =
  | { id: 0; opened: OpenedJournal }
  | { id: number; value: unknown; sizeBytes: number; space: SpaceFacts; spoilt: number }
  | { id: number; error: { code: string; message: string }; space?: SpaceFacts }
