// Interface of the journal: the box's durable log and the only owner of journal.db.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'

/** One record as stored in the journal. `body` is the JSON of a JournalRecord, exactly as a Report carries it. */
export interface StoredRecord {
  lane: Lane
  /** Number in the lane: 1, 2, 3 ... without gaps within an epoch. */
  number: number
  body: string
}

/** State of a lane. Numbers in (receipted, last] wait for the centre's Receipt. */
export interface LanePosition {
  last: number
  receipted: number
}

export type LanePositions = Record<Lane, LanePosition>

/** The part of the journal that the uplink needs. Reading does not delete. */
export interface Outbox {
  readonly epoch: string
  /**
   * Set at a start that continues an existing epoch: the last number of each lane that can have been sent. If the
   * centre has more, it comes from a later state of the folder, which was restored to an earlier one since. Undefined for an epoch that
   * began at this start.
   */
  readonly unproven: Record<Lane, number> | undefined
  /**
   * The centre has no number above `unproven`: from now on records above it may be sent. Resolves when that is on
   * disk.
   */
  prove(): Promise<void>
  /**
   * The folder was restored to an earlier state: the next opening begins a new epoch. False when the last one began less
   * than an hour ago.
   */
  renew(reason: string): Promise<boolean>
  positions(): LanePositions
  /** Records of `lane` with numbers above `after`, in order, at most `recordsMax` and about `bytesMax` of bodies. */
  read(lane: Lane, after: number, limits: { recordsMax: number; bytesMax: number }): Promise<StoredRecord[]>
  /**
   * The centre has confirmed everything in `lane` up to `storedTo`. The position never falls; if it is lost, records
   * are sent again.
   */
  settle(lane: Lane, storedTo: number): void
  /** The centre has lost receipted records above `storedTo`: those that are still here wait for a Receipt again. */
  stepBack(lane: Lane, storedTo: number): void
  /** Registers a listener that gets the records of each commit, in order; returns the undo. */
  onCommitted(listener: (records: readonly StoredRecord[]) => void): () => void
}

/** Input that could not be decoded, kept for the maintainer. */
export interface QuarantineRow {
  atMs: number
  device: string
  topic: string
  problem: string
  /** At most the first 8 KiB. */
  payload: Uint8Array
}

/** `heard`: the number that the repeat check keeps of it; undefined in rows of an older version. */
export type UncountedId = readonly [device: string, messageId: string, heard?: number]

/** One entry: it commits as a whole or not. */
export interface JournalEntry {
  records: readonly { lane: Lane; record: JournalRecord }[]
  /** Keyed JSON documents; undefined removes one. */
  state?: readonly (readonly [key: string, value: object | undefined])[]
  /** Message ids that do not fit the counting scheme of the repeat check. */
  uncountedIds?: readonly UncountedId[]
  /** The uncounted ids of this device are deleted before those of this entry are stored. */
  forgetsUncountedIdsOf?: string
  quarantine?: QuarantineRow
  /** Commits at once, together with waiting routine entries. */
  isUrgent: boolean
}

/**
 * The one answer to a message, a reading and an entry, in every layer from the broker to the journal. Exactly one of the two is
 * called, once, during the call or later. A pair of callbacks and no promise, because one is made for every event.
 * `Proof` is the content of the answer: the numbered records from the journal, nothing in the layers above.
 */
export interface StorageAnswer<Proof = void> {
  /** It is in a synced commit: the device may get its PUBACK or PUBREC. */
  kept(proof: Proof): void
  /** It is not on disk: the device gets no PUBACK, its connection is closed, and it sends the message again. */
  refused(error: Error): void
}

/**
 * Free space for the journal. `filling`: more than 90 % is used; `dropping`: routine records are being deleted, or
 * only the reserve is left. An unreceipted alarm is never deleted.
 */
export interface SpaceFacts {
  state: 'sound' | 'filling' | 'dropping'
  freeBytes: number
  /** The remaining room is kept for alarms: plain telemetry is refused until there is more. */
  isForAlarmsOnly: boolean
  /** Unreceipted routine and picture records deleted because the disk was full since the program started. */
  dropped: number
}

export interface JournalFacts {
  epoch: string
  boot: number
  /** Bytes of the database and its write-ahead log. */
  sizeBytes: number
  quarantined: number
  /** Records damaged by the flash, found and set aside since the program started. */
  spoilt: number
  space: SpaceFacts
  /** Result of the salvage, if this start salvaged a damaged journal. */
  salvaged?: { records: number; from: string; reason: string }
  /** Result of the renumbering, if the folder had been restored to an earlier state. */
  rewound?: { records: number; from: string; reason: string }
}

export interface Journal extends Outbox {
  /** Takes an entry; the answer follows at once or later. */
  put(entry: JournalEntry, answer: StorageAnswer<readonly StoredRecord[]>): void
  /** The same as a promise: numbers the records and resolves with them; rejects with JournalError otherwise. */
  append(entry: JournalEntry): Promise<readonly StoredRecord[]>
  /** The sequence of the next record: it always rises, also across restarts, and may skip numbers. */
  nextSequence(): number
  /** All keyed documents with this prefix. */
  loadState(prefix: string): Promise<[key: string, value: unknown][]>
  loadUncountedIds(): Promise<UncountedId[]>
  /** The start time of this boot is now known: its unsynced records are read with repaired times from now on. */
  repairTimes(boot: number, bootWallMs: number): Promise<void>
  readQuarantine(limit: number): Promise<QuarantineRow[]>
  facts(): JournalFacts
  /** Registers a listener for changes of the free space. */
  onSpace(listener: (facts: SpaceFacts) => void): () => void
  /** Registers a listener that is called when an urgent entry is handed in, before its commit; returns the undo. */
  onUrgent(listener: () => void): () => void
  /**
   * Registers a listener for a failed commit: all waiting entries are refused and not on disk. Alarms posted after it
   * may still be stored.
   */
  onRefused(listener: (error: JournalError) => void): () => void
  /** Commits the waiting entries, checkpoints the write-ahead log and closes the file. */
  close(): Promise<void>
}

/**
 * The journal could not store an entry: `SQLITE_FULL`, `SQLITE_IOERR...`, `CLOSED`. Devices keep the message and send
 * it again.
 */
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
