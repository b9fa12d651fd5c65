// The journal's SQL: all work of the journal's thread on the open database. Synchronous, one owner.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { LogCheckpoints } from './commits/log-checkpoints.ts'
import { laneTable } from './migrations.ts'
import {
  JournalError,
  type LanePositions,
  type UncountedId,
  type QuarantineRow,
  type SpaceFacts,
  type StoredRecord,
} from './port.ts'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { readRecord, repairTime } from './damage/readable-record.ts'
import { positionIn } from './damage/salvage.ts'
import { documentIn } from './damage/corrupt-documents.ts'
import { openDocuments, type DocumentAccess, type DocumentRow } from './sound-documents.ts'
import { expandBody, shortenBody } from './short-event.ts'
import { Space } from './space.ts'
import type { CommitRequest, OpenedJournal, WorkerOptions } from './worker-messages.ts'

/** A commit refused on a full disk is tried again after deleting rows, and once more after releasing the reserve. */
const roomAttemptsMax = 2
/** Most boots for which the start time is kept. */
const bootWallsMax = 100
/** SQLite's own limit for one value. */
const documentBytesMax = 1_000_000_000

const laneNumbers = <T>(value: (lane: Lane) => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, value(lane)])) as Record<Lane, T>

export class JournalStore {
  readonly #db: Database.Database
  readonly #options: WorkerOptions
  readonly #insert: Database.Statement[]
  readonly #read: Record<Lane, Database.Statement>
  readonly #meta: DocumentAccess
  readonly #state: DocumentAccess
  readonly #putUncountedId: Database.Statement
  readonly #putQuarantine: Database.Statement
  readonly #commit: (request: CommitRequest) => void
  readonly #space: Space
  readonly #folding: LogCheckpoints
  #receipted: Record<Lane, number>
  readonly #bootWalls: Map<number, number>
  #spoilt = 0
  #isFoldDue = false

  constructor(db: Database.Database, options: WorkerOptions, clock: Clock) {
    this.#db = db
    this.#options = options
    this.#folding = new LogCheckpoints(clock)
    this.#insert = lanes.map((lane) =>
      db.prepare(`INSERT INTO ${laneTable(lane)} (number, body) VALUES (?, ?)`),
    )
    this.#read = laneNumbers((lane) =>
      db.prepare(`SELECT number, body FROM ${laneTable(lane)} WHERE number > ? ORDER BY number LIMIT ?`),
    )
    this.#meta = openDocuments(db, 'meta')
    this.#state = openDocuments(db, 'state')
    this.#putUncountedId = db.prepare('INSERT INTO odd_ids (device, message_id, heard) VALUES (?, ?, ?)')
    this.#putQuarantine = db.prepare(
      'INSERT INTO quarantine (at_ms, device, topic, problem, payload) VALUES (?, ?, ?, ?, ?)',
    )
    const write = db.transaction((request: CommitRequest) => this.#write(request))
    this.#receipted = this.#receiptedOnDisk()
    this.#bootWalls = new Map(bootWallsIn(jsonOf(this.#meta.get('boot-walls'))))
    this.#space = new Space(db, options.folder, () => this.#receipted)
    this.#commit = (request) => write.immediate(request)
  }

  /** Commits; on a full disk, makes room and tries again. Whether to checkpoint is asked after the answer is sent. */
  commit(request: CommitRequest): void {
    this.#receipted = request.receipted
    for (let attempt = 0; ; attempt++)
      try {
        this.#commit(request)
        break
      } catch (error) {
        if (!isFull(error) || attempt === roomAttemptsMax || !this.#space.makeRoom(attempt)) throw error
      }
    this.#countRoom()
    const bytes = request.bodies.reduce((sum, { length }) => sum + length, 0)
    this.#isFoldDue = this.#folding.committed(bytes) || this.#isFoldDue
  }

  /**
   * A commit that succeeded stays valid even if checking the disk fails: the next commit or check reports the error.
   */
  #countRoom(): void {
    try {
      this.#space.committed()
    } catch (error) {
      if (!('code' in (error as object))) throw error
    }
  }

  /** Checkpoints the write-ahead log. If it fails, SQLite tries again with a commit, which then reports the error. */
  checkpointIfDue(): void {
    if (!this.#isFoldDue) return
    this.#isFoldDue = false
    try {
      this.#db.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      if (!(error as { code?: string }).code?.startsWith('SQLITE_')) throw error
    }
  }

  /** Checks the disk without a commit: room may have become free. */
  look(receipted: Record<Lane, number>): void {
    this.#receipted = receipted
    this.#space.look()
  }

  space(): SpaceFacts {
    return this.#space.facts()
  }

  #write(request: CommitRequest): void {
    for (const [at, lane] of request.lanes.entries())
      this.#insert[lane]?.run(request.numbers[at], shortenBody(request.bodies[at] ?? ''))
    for (const [key, value] of request.state)
      if (value === null) this.#state.drop(key)
      else this.#state.put(key, value)
    for (const device of request.forgetsUncountedIdsOf)
      this.#db.prepare('DELETE FROM odd_ids WHERE device = ?').run(device)
    for (const [device, messageId, heard] of request.uncountedIds)
      this.#putUncountedId.run(device, messageId, heard ?? null)
    for (const row of request.quarantine)
      this.#putQuarantine.run(row.atMs, row.device, row.topic, row.problem, row.payload)
    if (request.uncountedIds.length > 0) this.#keepNewest('odd_ids', this.#options.uncountedIdsMax)
    if (request.quarantine.length > 0) this.#keepNewest('quarantine', this.#options.quarantineMax)
    if (request.keepsReceipted) this.#meta.put('receipted', JSON.stringify(request.receipted))
  }

  #keepNewest(table: 'odd_ids' | 'quarantine', max: number): void {
    this.#db
      .prepare(`DELETE FROM ${table} WHERE position <= (SELECT max(position) FROM ${table}) - ?`)
      .run(max)
  }

  /**
   * Rows that are no valid records go to the quarantine; times of unsynced boots are repaired if the start of the
   * boot is known.
   */
  read(lane: Lane, after: number, recordsMax: number, bytesMax: number): StoredRecord[] {
    const records: StoredRecord[] = []
    const spoilt: { number: number; body: string }[] = []
    let bytes = 0
    for (const row of this.#read[lane].iterate(after, recordsMax) as Iterable<{
      number: number
      body: string
    }>) {
      const record = readRecord(row.body)
      if (!record) {
        spoilt.push(row)
        continue
      }
      const bootWallMs =
        record['clock'] === 'unsynced' ? this.#bootWalls.get(record['boot'] as number) : undefined
      const body = bootWallMs === undefined ? expandBody(row.body) : repairTime(record, bootWallMs)
      records.push({ lane, number: row.number, body })
      bytes += body.length
      if (bytes >= bytesMax) break
    }
    if (spoilt.length > 0) this.#setAside(lane, spoilt)
    return records
  }

  /** A damaged row becomes a gap, which the uplink declares, and a row of the quarantine, which a person can read. */
  #setAside(lane: Lane, rows: readonly { number: number; body: string }[]): void {
    const drop = this.#db.prepare(
      `DELETE FROM ${laneTable(lane)} WHERE number = ? AND number < (SELECT max(number) FROM ${laneTable(lane)})`,
    )
    this.#db
      .transaction(() => {
        for (const { number, body } of rows) {
          if (drop.run(number).changes === 0) continue
          this.#putQuarantine.run(
            0,
            '',
            `journal/${lane}/${number}`,
            'a record that the flash has spoilt',
            Buffer.from(body),
          )
          this.#spoilt++
        }
      })
      .immediate()
  }

  /** Rows found damaged since the program started. */
  spoilt(): number {
    return this.#spoilt
  }

  /** From now on records of this unsynced boot are read with repaired times. */
  repair(boot: number, bootWallMs: number): void {
    this.#bootWalls.set(boot, bootWallMs)
    forgetOldest(this.#bootWalls, bootWallsMax)
    this.#meta.put('boot-walls', JSON.stringify([...this.#bootWalls]))
  }

  state(prefix: string): [string, unknown][] {
    const rows = this.#db
      .prepare('SELECT key, value, sum FROM state WHERE key >= ? AND key < ?')
      .all(prefix, `${prefix}\uffff`) as DocumentRow[]
    // Each was read when the file was opened; if one was damaged since then, it is left out, as at the next start.
    return rows.flatMap((row): [string, unknown][] => {
      const document = documentIn(row)
      return document ? [[row.key, document]] : []
    })
  }

  uncountedIds(): UncountedId[] {
    const rows = this.#db
      .prepare('SELECT device, message_id, heard FROM odd_ids ORDER BY position')
      .raw()
      .all()
    return (rows as [string, string, number | null][]).map(([device, messageId, heard]) => [
      device,
      messageId,
      heard ?? undefined,
    ]) as UncountedId[]
  }

  quarantine(limit: number): QuarantineRow[] {
    return this.#db
      .prepare(
        `SELECT at_ms AS atMs, device, topic, problem, payload FROM quarantine ORDER BY position DESC LIMIT ?`,
      )
      .all(limit) as QuarantineRow[]
  }

  /** Deletes the oldest receipted rows beyond the kept number; the newest row of a lane always stays. */
  trim(lane: Lane, receipted: number, rowsMax: number): number {
    const table = laneTable(lane)
    const result = this.#db
      .prepare(
        `DELETE FROM ${table} WHERE number IN (SELECT number FROM ${table} WHERE number <= ?
           AND number < (SELECT max(number) FROM ${table}) ORDER BY number LIMIT ?)`,
      )
      .run(receipted - this.#options.keepReceipted, rowsMax)
    return result.changes
  }

  saveReceipted(receipted: Record<Lane, number>): void {
    this.#meta.put('receipted', JSON.stringify(receipted))
  }

  /** Reads the state of the journal and counts the boot, in one transaction. */
  open(isNewEpoch = false): Omit<OpenedJournal, 'salvaged' | 'rewound'> {
    return this.#db
      .transaction(() => {
        const epoch = this.#meta.get('epoch')
        if (epoch === undefined) throw new JournalError('SQLITE_CORRUPT', 'the journal has lost its epoch')
        const boot = this.#countBoot()
        const unproven = isNewEpoch ? undefined : this.#unproven()
        return {
          epoch,
          boot,
          positions: this.#positions(),
          ...(unproven && { unproven }),
          lastSequence: this.#lastSequence(),
          quarantined: this.#count('quarantine'),
          sizeBytes: this.sizeBytes(),
          space: this.#space.facts(),
        }
      })
      .immediate()
  }

  /** The last number of each lane that can have been sent from this folder: written once per opening, until `prove`. */
  #unproven(): Record<Lane, number> {
    const positions = this.#positions()
    const written = jsonOf(this.#meta.get('unproven'))
    const unproven = laneNumbers((lane) =>
      isObject(written) ? Math.min(positionIn(written, lane), positions[lane].last) : positions[lane].last,
    )
    if (!isObject(written)) this.#meta.put('unproven', JSON.stringify(unproven))
    return unproven
  }

  /** Records sent from here on have numbers above it. */
  prove(): void {
    this.#db.prepare("DELETE FROM meta WHERE key = 'unproven'").run()
  }

  #countBoot(): number {
    const last = jsonOf(this.#meta.get('boot'))
    const isSound = isObject(last) && Number.isSafeInteger(last['boot']) && typeof last['id'] === 'string'
    // Damaged by the flash: a new boot number is taken, because no boot number of a record may be used again.
    const boot = isSound ? (last['boot'] as number) : this.#highest('boot')
    if (isSound && boot > 0 && last['id'] === this.#options.bootId) return boot
    this.#meta.put('boot', JSON.stringify({ boot: boot + 1, id: this.#options.bootId }))
    return boot + 1
  }

  #receiptedOnDisk(): Record<Lane, number> {
    const written = jsonOf(this.#meta.get('receipted'))
    return laneNumbers((lane) => positionIn(written, lane))
  }

  #positions(): LanePositions {
    const receipted = this.#receiptedOnDisk()
    return laneNumbers((lane) => {
      const last =
        (this.#db
          .prepare(`SELECT max(number) FROM ${laneTable(lane)}`)
          .pluck()
          .get() as number | null) ?? 0
      return { last, receipted: Math.min(last, receipted[lane]) }
    })
  }

  /**
   * The highest sequence in the last rows. Because urgent entries overtake, a slightly higher one may stand further
   * back.
   */
  #lastSequence(): number {
    return this.#highest('sequence')
  }

  #highest(name: 'sequence' | 'boot'): number {
    let highest = 0
    for (const lane of lanes) {
      const body = this.#db
        .prepare(`SELECT body FROM ${laneTable(lane)} ORDER BY number DESC LIMIT 1`)
        .pluck()
        .get()
      if (body === undefined) continue
      const value = readRecord(body as string)?.[name]
      if (typeof value !== 'number')
        throw new JournalError('SQLITE_CORRUPT', `the last row of lane ${lane} is not a record`)
      highest = Math.max(highest, value)
    }
    return highest
  }

  #count(table: 'quarantine'): number {
    return this.#db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
  }

  /** Database and write-ahead log, in bytes. */
  sizeBytes(): number {
    return sizeOf(this.#db.name) + sizeOf(`${this.#db.name}-wal`)
  }

  close(receipted: Record<Lane, number>): void {
    try {
      this.saveReceipted(receipted)
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
    } finally {
      this.#db.close()
    }
  }
}

/** A document's value, or undefined when the flash has damaged it. */
function jsonOf(text: string | undefined): unknown {
  const json = parseJson(text ?? '', documentBytesMax)
  return json.ok ? json.value : undefined
}

function bootWallsIn(value: unknown): [number, number][] {
  const isWall = (pair: unknown): pair is [number, number] =>
    Array.isArray(pair) && pair.length === 2 && pair.every((number) => Number.isFinite(number))
  return Array.isArray(value) ? value.filter(isWall) : []
}

/** The disk is full. An I/O error on a full disk counts too; on any other disk, making room does no harm. */
function isFull(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR)/.test((error as { code?: string }).code ?? '')
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
