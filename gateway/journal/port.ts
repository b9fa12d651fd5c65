// What others see of the journal: the box's durable log and the only owner of journal.db.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'

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
  /**
   * At a start that goes on with an epoch from before: how far each lane was. Nothing above it was ever sent from this folder:
   * a centre that has more has it from a later state of the folder, which went back since. Undefined for an epoch begun at this start.
   */
  readonly unproven: Record<Lane, number> | undefined
  /** The centre has nothing that is not here: from now on records above `unproven` may be sent. Resolves when that is on disk. */
  prove(): Promise<void>
  /** The folder went back to an earlier state: the next opening begins a new epoch. False when that was less than an hour ago. */
  renew(reason: string): Promise<boolean>
  positions(): LanePositions
  /** Records of `lane` with numbers above `after`, in order, at most `recordsMax` and about `bytesMax` of bodies. */
  read(lane: Lane, after: number, limits: { recordsMax: number; bytesMax: number }): Promise<StoredRecord[]>
  /** Everything in `lane` up to `storedTo` is receipted by the centre. Never steps back; losing it costs a repeat. */
  settle(lane: Lane, storedTo: number): void
  /** The centre has lost what it had receipted above `storedTo`: it waits for a Receipt once more, as far as it is still here. */
  stepBack(lane: Lane, storedTo: number): void
  /** Told after each commit with what was committed, in order; returns the undo. */
  onCommitted(listener: (records: readonly StoredRecord[]) => void): () => void
}

/** Input that could not be read, kept for the maintainer. */
export interface QuarantineRow {
  atMs: number
  device: string
  topic: string
  problem: string
  /** At most the first 8 KiB. */
  payload: Uint8Array
}

/** `heard`: what the repeat check keeps of it, one number; undefined where an older program wrote the row. */
export type OddId = readonly [device: string, messageId: string, heard?: number]

/** What commits together or not at all. */
export interface JournalEntry {
  records: readonly { lane: Lane; record: JournalRecord }[]
  /** Keyed JSON documents; undefined removes one. */
  state?: readonly (readonly [key: string, value: object | undefined])[]
  /** Message ids that do not fit the counting scheme of the repeat check. */
  oddIds?: readonly OddId[]
  /** The odd ids of this device are forgotten, before those of this entry are noted. */
  forgetsOddIdsOf?: string
  quarantine?: QuarantineRow
  /** Commits at once and takes waiting routine work along. */
  isUrgent: boolean
}

/**
 * The one answer to a message, a reading and an entry, in every layer from the broker to the journal. Exactly one of the two is
 * called, once, during the call or later. A pair of callbacks and no promise, because one is made for every event.
 * `Proof` is what the answer brings along: the journal brings the numbered records, the layers above it nothing.
 */
export interface StorageAnswer<Proof = void> {
  /** It is in a synced commit: the device may get its PUBACK or PUBREC. */
  kept(proof: Proof): void
  /** It is not on disk: the device gets no PUBACK, its connection is closed, and it sends the message again. */
  refused(error: Error): void
}

/**
 * Room for the journal. `filling`: above 90 % of it; `dropping`: routine is being given up, or only the reserve is left.
 * An unreceipted alarm is never given up.
 */
export interface SpaceFacts {
  state: 'sound' | 'filling' | 'dropping'
  freeBytes: number
  /** What room is left belongs to alarms: plain telemetry is not taken until there is more. */
  isForAlarmsOnly: boolean
  /** Unreceipted routine and picture records given up since the program started. */
  dropped: number
}

export interface JournalFacts {
  epoch: string
  boot: number
  /** Bytes of the database and its write-ahead log. */
  sizeBytes: number
  quarantined: number
  /** Records that the flash has spoilt, found and set aside since the program started. */
  spoilt: number
  space: SpaceFacts
  /** What a damaged predecessor left, when this start salvaged one. */
  salvaged?: { records: number; from: string; reason: string }
  /** What this start renumbered, when the folder had gone back to an earlier state. */
  rewound?: { records: number; from: string; reason: string }
}

export interface Journal extends Outbox {
  /** Takes an entry and tells, later or at once, what became of it. */
  put(entry: JournalEntry, answer: StorageAnswer<readonly StoredRecord[]>): void
  /** The same as a promise: numbers the records and resolves with them; rejects with JournalError otherwise. */
  append(entry: JournalEntry): Promise<readonly StoredRecord[]>
  /** The sequence the next record gets: it always rises, also over restarts, and may leap. */
  nextSequence(): number
  /** All keyed documents with this prefix. */
  loadState(prefix: string): Promise<[key: string, value: unknown][]>
  loadOddIds(): Promise<OddId[]>
  /** It is known now when this boot began: its unsynced records are read with repaired times from now on. */
  repairTimes(boot: number, bootWallMs: number): Promise<void>
  readQuarantine(limit: number): Promise<QuarantineRow[]>
  facts(): JournalFacts
  /** Told when the state of the room changes. */
  onSpace(listener: (facts: SpaceFacts) => void): () => void
  /** Told when something urgent is handed in, before its commit; returns the undo. */
  onUrgent(listener: () => void): () => void
  /** Told when a commit failed: what waited is refused and not on disk. Alarms sent behind it may still be kept. */
  onRefused(listener: (error: JournalError) => void): () => void
  /** Commits what waits, folds the write-ahead log in and closes the file. */
  close(): Promise<void>
}

/** The journal could not keep something: `SQLITE_FULL`, `SQLITE_IOERR...`, `CLOSED`. Devices keep and repeat. */
export class JournalError extends Error {
  readonly code: string
  readonly isRetryable: boolean

  constructor(code: string, message: string) {
    super(message)
    this.name = 'JournalError'
    this.code = code
    this.isRetryable = code !== 'CLOSED' && code !== 'LOCKED'
  }
}
