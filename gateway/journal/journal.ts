// The journal for the rest of the gateway: it numbers records, groups them into batches and answers when they are
// synced. Urgent entries commit at once; routine entries may wait a short time, which means fewer writes to the
// flash.
import type { Logger } from 'pino'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { CommitQueue } from './commits/commit-queue.ts'
import { LaneNumbers } from './commits/lane-numbers.ts'
import { openWorker, type JournalThread } from './open-worker.ts'
import type { Pending } from './commits/pending.ts'
import {
  JournalError,
  type Journal,
  type JournalEntry,
  type JournalFacts,
  type LanePositions,
  type UncountedId,
  type QuarantineRow,
  type SpaceFacts,
  type StorageAnswer,
  type StoredRecord,
} from './port.ts'
import { ReleaseQueue } from './commits/release-queue.ts'
import type { CommitRequest } from './worker-messages.ts'

/**
 * A routine record that was overtaken by an urgent one may be in the journal with a higher sequence than the last
 * row. Each opening skips more numbers than entries can wait, so that no sequence is used twice.
 */
const sequenceLeap = 1_000_000
/**
 * Added by chance on top: if a data folder was restored to an earlier state, the same sequences would be used again, and
 * the same ids of alarms and commands for other things. Half a million starts fit below `sequenceMax`.
 */
const sequenceLeapChance = 2 ** 32 - 1
/** While there is little room, the free space is checked this often, also without commits. */
const spaceLookMs = 1000
const noDocuments: readonly [string, undefined][] = []
/** Receipted rows deleted in one transaction. */
const trimRowsMax = 500
/** Receipted rows beyond the kept number before trimming starts. */
const trimSlack = 2000

export interface JournalOptions {
  folder: string
  clock: Clock
  random: Random
  logger: Logger
  bootId: string
  /** The commit window of routine records, ms. */
  commitWindowMs: number
  quarantineMax?: number
  uncountedIdsMax?: number
  keepReceipted?: number
}

/**
 * Opens (or creates, or salvages) the journal in the folder. Rejects with JournalError: LOCKED, NEWER or SQLite's
 * code.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const thread = await openWorker({
    folder: options.folder,
    newEpoch: options.random.hex(6),
    bootId: options.bootId,
    quarantineMax: options.quarantineMax ?? 1000,
    uncountedIdsMax: options.uncountedIdsMax ?? 100_000,
    keepReceipted: options.keepReceipted ?? 200_000,
  })
  return new BatchingJournal(options, thread)
}

const openingBrace = 123

/**
 * V8 builds a string from pieces and joins them when a character is read: joining now frees the pieces while they are
 * young; later both would stay in memory.
 */
function textOf(record: JournalRecord): string {
  const text = JSON.stringify(record)
  if (text.charCodeAt(0) !== openingBrace) throw new TypeError('a record is an object')
  return text
}

/** Exported for the simulation, which runs the journal on its own thread. */
export class BatchingJournal implements Journal {
  readonly epoch: string
  readonly unproven: Record<Lane, number> | undefined
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #keepReceipted: number
  readonly #thread: JournalThread
  readonly #numbers: LaneNumbers
  readonly #queue: CommitQueue
  readonly #committedListeners = new Set<(records: readonly StoredRecord[]) => void>()
  readonly #urgentListeners = new Set<() => void>()
  readonly #refusedListeners = new Set<(error: JournalError) => void>()
  readonly #trimmedTo = new Map<Lane, number>()
  readonly #releases = new ReleaseQueue<Pending>(({ answer, stored }) => answer.kept(stored))
  readonly #spaceListeners = new Set<(facts: SpaceFacts) => void>()
  #space: SpaceFacts
  #cancelLook: (() => void) | undefined
  #sequence: number
  #quarantined: number
  #order = 0
  #isReceiptedDirty = false
  #isFailing = false
  #closing: Promise<void> | undefined

  constructor(options: JournalOptions, thread: JournalThread) {
    this.#clock = options.clock
    this.#logger = options.logger
    this.#keepReceipted = options.keepReceipted ?? 200_000
    this.#thread = thread
    this.epoch = thread.opened.epoch
    this.unproven = thread.opened.unproven
    this.#numbers = new LaneNumbers(thread.opened.positions)
    this.#queue = new CommitQueue({
      clock: options.clock,
      windowMs: options.commitWindowMs,
      thread,
      numbers: this.#numbers,
      isReceiptedDirty: () => this.#isReceiptedDirty,
      onKept: (batch, request) => this.#confirm(batch, request),
      onRefused: (refused, error) => this.#refuse(refused, error),
    })
    this.#sequence = thread.opened.lastSequence + sequenceLeap + options.random.between(0, sequenceLeapChance)
    this.#quarantined = thread.opened.quarantined
    this.#space = { ...thread.opened.space, state: 'sound', isForAlarmsOnly: false }
  }

  async prove(): Promise<void> {
    await this.#thread.ask({ type: 'prove' })
  }

  async renew(reason: string): Promise<boolean> {
    return (await this.#thread.ask({ type: 'renew', reason, wallMs: this.#clock.wallMs() })) as boolean
  }

  nextSequence(): number {
    return ++this.#sequence
  }

  positions(): LanePositions {
    return this.#numbers.positions()
  }

  append(entry: JournalEntry): Promise<readonly StoredRecord[]> {
    return new Promise((resolve, reject) => this.put(entry, { kept: resolve, refused: reject }))
  }

  put(entry: JournalEntry, answer: StorageAnswer<readonly StoredRecord[]>): void {
    if (this.#closing) {
      answer.refused(new JournalError('CLOSED', 'the journal is closed'))
      return
    }
    let stored: StoredRecord[]
    try {
      // Numbers are assigned when the batch is made: an urgent entry overtakes, and a lane may never have a gap.
      stored = entry.records.map(({ lane, record }) => ({ lane, number: 0, body: textOf(record) }))
    } catch (error) {
      answer.refused(new JournalError('NOT_JSON', (error as Error).message))
      return
    }
    const sinceMs = this.#clock.monotonicMs()
    const { isUrgent, state = noDocuments } = entry
    const pending: Pending = { isUrgent, state, order: ++this.#order, stored, sinceMs, answer }
    if (entry.uncountedIds) pending.uncountedIds = entry.uncountedIds
    if (entry.forgetsUncountedIdsOf !== undefined) pending.forgetsUncountedIdsOf = entry.forgetsUncountedIdsOf
    if (entry.quarantine) pending.quarantine = entry.quarantine
    this.#queue.push(pending)
    if (isUrgent) for (const listener of this.#urgentListeners) listener()
  }

  #confirm(batch: readonly Pending[], request: CommitRequest): void {
    if (this.#isFailing) this.#logger.info('the journal takes commits again')
    this.#isFailing = false
    this.#quarantined += request.quarantine.length
    if (request.keepsReceipted && this.#isReceiptedAt(request.receipted)) this.#isReceiptedDirty = false
    const records: StoredRecord[] = []
    for (const { stored } of batch) for (const record of stored) records.push(record)
    for (const listener of this.#committedListeners) listener(records)
    let isUrgent = false
    for (const pending of batch)
      if (pending.isUrgent) {
        isUrgent = true
        pending.answer.kept(pending.stored)
      } else this.#releases.push(pending)
    // What follows from an alarm runs in promises of this turn: sirens and lamps before the answers to routine
    // reports.
    if (isUrgent) setImmediate(() => this.#releases.run())
    else this.#releases.run()
    this.#noteSpace()
  }

  /** False when new Receipts arrived while these positions were being written. */
  #isReceiptedAt(written: Record<Lane, number>): boolean {
    const now = this.#numbers.receipted()
    return lanes.every((lane) => now[lane] === written[lane])
  }

  /** The devices send it again. */
  #refuse(refused: readonly Pending[], error: JournalError): void {
    if (!this.#isFailing)
      this.#logger.error(
        { code: error.code, reason: error.message },
        'the journal refuses commits; devices keep their events',
      )
    this.#isFailing = true
    for (const listener of this.#refusedListeners) listener(error)
    for (const { answer } of refused) answer.refused(error)
    this.#noteSpace()
  }

  async read(
    lane: Lane,
    after: number,
    limits: { recordsMax: number; bytesMax: number },
  ): Promise<StoredRecord[]> {
    const records = await this.#thread.ask({ type: 'read', lane, after, ...limits })
    return records as StoredRecord[]
  }

  settle(lane: Lane, storedTo: number): void {
    if (!this.#numbers.settle(lane, storedTo)) return
    this.#isReceiptedDirty = true
    const receipted = this.#numbers.receipted()[lane]
    const trimmed = this.#trimmedTo.get(lane) ?? 0
    if (receipted - this.#keepReceipted - trimmed < trimSlack) return
    this.#trimmedTo.set(lane, receipted - this.#keepReceipted)
    void this.#trim(lane, receipted)
  }

  stepBack(lane: Lane, storedTo: number): void {
    if (!this.#numbers.stepBack(lane, storedTo)) return
    this.#isReceiptedDirty = true
    // The thread needs it at once: records that wait for a Receipt again must not be deleted to make room.
    void this.#look()
  }

  async #trim(lane: Lane, receipted: number): Promise<void> {
    try {
      for (;;) {
        const deleted = await this.#thread.ask({ type: 'trim', lane, receipted, rowsMax: trimRowsMax })
        if ((deleted as number) < trimRowsMax) return
      }
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'receipted records could not be let go of')
    }
  }

  async loadState(prefix: string): Promise<[string, unknown][]> {
    return (await this.#thread.ask({ type: 'state', prefix })) as [string, unknown][]
  }

  async loadUncountedIds(): Promise<UncountedId[]> {
    return (await this.#thread.ask({ type: 'uncountedIds' })) as UncountedId[]
  }

  async repairTimes(boot: number, bootWallMs: number): Promise<void> {
    await this.#thread.ask({ type: 'repair', boot, bootWallMs })
  }

  async readQuarantine(limit: number): Promise<QuarantineRow[]> {
    return (await this.#thread.ask({ type: 'quarantine', limit })) as QuarantineRow[]
  }

  facts(): JournalFacts {
    const { boot, salvaged, rewound } = this.#thread.opened
    return {
      epoch: this.epoch,
      boot,
      sizeBytes: this.#thread.sizeBytes(),
      quarantined: this.#quarantined + this.#thread.spoilt(),
      spoilt: this.#thread.spoilt(),
      space: this.#thread.space(),
      ...(salvaged ? { salvaged } : {}),
      ...(rewound ? { rewound } : {}),
    }
  }

  onCommitted(listener: (records: readonly StoredRecord[]) => void): () => void {
    this.#committedListeners.add(listener)
    return () => this.#committedListeners.delete(listener)
  }

  onUrgent(listener: () => void): () => void {
    this.#urgentListeners.add(listener)
    return () => this.#urgentListeners.delete(listener)
  }

  onSpace(listener: (facts: SpaceFacts) => void): () => void {
    this.#spaceListeners.add(listener)
    return () => this.#spaceListeners.delete(listener)
  }

  /** Reports a change of the free space, and checks again from time to time while there is little of it. */
  #noteSpace(): void {
    const facts = this.#thread.space()
    const { state, isForAlarmsOnly } = this.#space
    if (facts.state !== state || facts.isForAlarmsOnly !== isForAlarmsOnly) {
      this.#space = facts
      this.#logger.warn({ ...facts }, 'the room for the journal changed')
      for (const listener of this.#spaceListeners) listener(facts)
    }
    if (facts.state !== 'sound' && !this.#cancelLook && !this.#closing)
      this.#cancelLook = this.#clock.after(spaceLookMs, () => {
        this.#cancelLook = undefined
        void this.#look()
      })
  }

  async #look(): Promise<void> {
    if (this.#closing) return
    try {
      await this.#thread.ask({ type: 'look', receipted: this.#numbers.receipted() })
      this.#noteSpace()
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'the room for the journal can not be looked at')
    }
  }

  onRefused(listener: (error: JournalError) => void): () => void {
    this.#refusedListeners.add(listener)
    return () => this.#refusedListeners.delete(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  async #finish(): Promise<void> {
    this.#cancelLook?.()
    this.#queue.close()
    while (!this.#queue.isEmpty || !this.#releases.isEmpty)
      await new Promise((resolve) => setImmediate(resolve))
    await this.#thread.ask({ type: 'close', receipted: this.#numbers.receipted() })
    await this.#thread.ended
  }
}
