// What others see of the journal: the box's durable log and the only owner of journal.db.
import type { Lane } from '../../protocols/domain/colour.ts'

/** One record as it stands in the journal. `body` is the JSON of a JournalRecord, exactly as a Report carries it. */
export interface StoredRecord {
  lane: Lane
  /** The lane's own number: 1, 2, 3 ... without gaps inside an epoch. */
  number: number
  body: string
}

/** How far a lane is. Numbers in (receipted, last] wait for the centre's Receipt. */
export interface LanePosition {
  last: number
  receipted: number
}

export type LanePositions = Record<Lane, LanePosition>

/** The part of the journal that the uplink needs: reading is not deleting. */
export interface Outbox {
  readonly epoch: string
  positions(): LanePositions
  /** Records of `lane` with numbers above `after`, in order, at most `recordsMax` and about `bytesMax` of bodies. */
  read(lane: Lane, after: number, limits: { recordsMax: number; bytesMax: number }): Promise<StoredRecord[]>
  /** Everything in `lane` up to `storedTo` is receipted by the centre. Never steps back; losing it costs a repeat. */
  settle(lane: Lane, storedTo: number): void
  /** Told after each commit with what was committed, in order; returns the undo. */
  onCommitted(listener: (records: readonly StoredRecord[]) => void): () => void
}
