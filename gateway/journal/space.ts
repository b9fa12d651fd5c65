// Disk space, in designed steps: receipted records and pictures are deleted first, then routine is thinned, then the
// oldest routine is deleted; an unreceipted alarm never is. A reserve file exists because on a full disk even
// deleting needs room to write.
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import { contentHash } from '../../protocols/kit/content-hash.ts'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { laneTable } from './migrations.ts'
import type { SpaceFacts } from './port.ts'
import { openDocuments } from './sound-documents.ts'
import { readRecord } from './damage/readable-record.ts'

export const reserveFile = 'reserve.bin'
/** The write-ahead log may grow to this on a large disk, to a fortieth of a small one. */
const logBytesMax = 4 * 1024 * 1024
const logShare = 1 / 40
const logBytesMin = 128 * 1024
/** The reserve has the size of this many logs: SQLite may need room for log, index and checkpoint at once. */
const reserveLogs = 3
/** Used share above which the box reports it. */
const fillingShare = 0.9
/** Rows deleted in one transaction: this bounds the log that the deletion writes. */
const evictRowsMax = 500
/** Of thinned routine records every fourth stays; a higher share would free no whole page. */
const thinKeepEvery = 4
const checkpointBytesMax = 1000
/** The newest part of the routine lane that thinning does not touch. */
const thinSparesShare = 0.25
/** Chunks deleted without a pause, so that an alarm never waits for a long clean-up. */
const chunksMax = 20
/** Commits between two checks of the disk. Exported for its test. */
export const commitsPerLook = 32

export class Space {
  readonly #db: Database.Database
  readonly #folder: string
  readonly #pageBytes: number
  readonly #logBytes: number
  readonly #reserveBytes: number
  readonly #receipted: () => Record<Lane, number>
  #thinnedTo = 0
  #commits = 0
  #droppedBefore = 0
  #facts: SpaceFacts

  constructor(db: Database.Database, folder: string, receipted: () => Record<Lane, number>) {
    this.#db = db
    this.#folder = folder
    this.#receipted = receipted
    this.#pageBytes = db.pragma('page_size', { simple: true }) as number
    const { bsize, blocks } = statfsSync(folder)
    this.#logBytes = Math.max(logBytesMin, Math.min(logBytesMax, Math.floor(bsize * blocks * logShare)))
    this.#reserveBytes = reserveLogs * this.#logBytes
    db.pragma(`wal_autocheckpoint = ${Math.floor(this.#logBytes / 2 / this.#pageBytes)}`)
    db.pragma(`journal_size_limit = ${this.#logBytes}`)
    this.#facts = { state: 'sound', freeBytes: 0, isForAlarmsOnly: false, dropped: 0 }
    this.look()
  }

  facts(): SpaceFacts {
    return this.#facts
  }

  /** Call after each commit; checks the disk from time to time and makes room before it is full. */
  committed(): void {
    if (++this.#commits % commitsPerLook === 0) this.look()
  }

  look(): void {
    if (this.#freeBytes() + this.#reusableBytes() < this.#marginBytes()) this.#evict()
    if (!this.#hasReserve() && this.#freeBytes() > this.#reserveBytes + this.#marginBytes())
      this.#makeReserve()
    this.#update()
  }

  /**
   * A commit was refused because the disk is full; `attempt` counts from 0. First deletes rows, then releases the
   * reserve. True when another attempt may succeed.
   */
  makeRoom(attempt: number): boolean {
    let hasGained = this.#evict() > 0
    if (attempt > 0 && this.#hasReserve()) {
      rmSync(join(this.#folder, reserveFile))
      this.#capFile()
      this.#evict()
      hasGained = true
    }
    this.#update()
    return hasGained || attempt === 0
  }

  #marginBytes(): number {
    return 2 * this.#logBytes
  }

  #hasReserve(): boolean {
    return existsSync(join(this.#folder, reserveFile))
  }

  /**
   * The database may fill the disk up to the margin that deleting needs for its log. With the reserve released, the
   * remaining room belongs to alarms, to the last page.
   */
  #capFile(): void {
    const spare = this.#freeBytes() - (this.#hasReserve() ? this.#marginBytes() : 0)
    const pages = this.#db.pragma('page_count', { simple: true }) as number
    this.#db.pragma(`max_page_count = ${pages + Math.max(0, Math.floor(spare / this.#pageBytes))}`)
  }

  #freeBytes(): number {
    const { bsize, bavail } = statfsSync(this.#folder)
    return bsize * bavail
  }

  /** Free pages inside the file. */
  #reusableBytes(): number {
    return (this.#db.pragma('freelist_count', { simple: true }) as number) * this.#pageBytes
  }

  #update(): void {
    this.#capFile()
    const reusable = this.#reusableBytes()
    const free = this.#freeBytes() + reusable
    const used = statSync(this.#db.name).size - reusable
    const hasReserve = this.#hasReserve()
    const isShort = free < this.#marginBytes()
    const isDropping = !hasReserve || isShort || this.#facts.dropped > this.#droppedBefore
    this.#droppedBefore = this.#facts.dropped
    this.#facts = {
      state: isDropping ? 'dropping' : used / (used + free) > fillingShare ? 'filling' : 'sound',
      freeBytes: free,
      isForAlarmsOnly: !hasReserve && isShort,
      dropped: this.#facts.dropped,
    }
  }

  /** Writes real bytes: a sparse file would reserve nothing. */
  #makeReserve(): void {
    const file = join(this.#folder, reserveFile)
    const descriptor = openSync(file, 'w')
    try {
      const zeros = Buffer.alloc(64 * 1024)
      for (let written = 0; written < this.#reserveBytes; written += zeros.length)
        writeSync(descriptor, zeros)
      fsyncSync(descriptor)
    } catch (error) {
      rmSync(file, { force: true })
      if ((error as { code?: string }).code !== 'ENOSPC') throw error
    } finally {
      closeSync(descriptor)
    }
  }

  /** Deletes until the margin is reached or nothing more may be deleted; returns the number of rows. */
  #evict(): number {
    let rows = 0
    for (let chunk = 0; chunk < chunksMax; chunk++) {
      if (rows > 0 && this.#freeBytes() + this.#reusableBytes() >= this.#marginBytes()) break
      const gone = this.#attemptChunk()
      if (gone === 0) break
      rows += gone
    }
    return rows
  }

  #attemptChunk(): number {
    try {
      const gone =
        this.#evictReceipted() ||
        this.#evictOldest('picture') ||
        this.#thinRoutine() ||
        this.#evictOldest('routine')
      this.#db.pragma('wal_checkpoint(PASSIVE)')
      return gone
    } catch (error) {
      if (/^SQLITE_(FULL|IOERR)/.test((error as { code?: string }).code ?? '')) return 0
      throw error
    }
  }

  /**
   * Receipted rows: kept only while there is room. The newest row of a lane stays, because numbers continue from it.
   */
  #evictReceipted(): number {
    const receipted = this.#receipted()
    for (const lane of [...lanes].reverse()) {
      const gone = this.#deleteOldest(lane, receipted[lane])
      if (gone > 0) return gone
    }
    return 0
  }

  #deleteOldest(lane: Lane, upTo: number): number {
    const table = laneTable(lane)
    return this.#delete(
      lane,
      `number IN (SELECT number FROM ${table} WHERE number <= ?
         AND number < (SELECT max(number) FROM ${table}) ORDER BY number LIMIT ${evictRowsMax})`,
      upTo,
    )
  }

  /**
   * After the checkpoint only the rows show which message ids were received: those ids are kept, or a repeat would count
   * as new.
   */
  #delete(lane: Lane, where: string, ...numbers: number[]): number {
    const remember = this.#db.prepare('INSERT INTO odd_ids (device, message_id, heard) VALUES (?, ?, ?)')
    return this.#db
      .transaction(() => {
        const checkpoint = openDocuments(this.#db, 'state').get('checkpoint')
        const known = positionIn(checkpoint, lane)
        const gone = this.#db
          .prepare(`DELETE FROM ${laneTable(lane)} WHERE ${where} RETURNING number, body`)
          .all(...numbers) as { number: number; body: string }[]
        for (const { number, body } of gone) {
          const record = number > known ? readRecord(body) : undefined
          if (record?.['type'] !== 'event') continue
          const content = contentHash(
            record['readings'] as object,
            record['deviceAtMs'] as number | undefined,
          )
          remember.run(record['device'], record['messageId'], -1 - content)
        }
        return gone.length
      })
      .immediate()
  }

  #thinRoutine(): number {
    const bounds = this.#db
      .prepare('SELECT min(number) AS low, max(number) AS high FROM lane_routine')
      .get() as {
      low: number | null
      high: number | null
    }
    if (bounds.low === null || bounds.high === null) return 0
    const end = bounds.high - Math.ceil((bounds.high - bounds.low) * thinSparesShare)
    while (Math.max(this.#thinnedTo, bounds.low - 1) < end) {
      const from = Math.max(this.#thinnedTo, bounds.low - 1)
      const to = Math.min(end, from + evictRowsMax)
      const where = `number > ? AND number <= ? AND number % ${thinKeepEvery} <> 0 AND number < ?`
      const gone = this.#delete('routine', where, from, to, bounds.high)
      this.#thinnedTo = to
      if (gone > 0) return this.#countDropped(gone)
    }
    return 0
  }

  #evictOldest(lane: 'picture' | 'routine'): number {
    return this.#countDropped(this.#deleteOldest(lane, Number.MAX_SAFE_INTEGER))
  }

  #countDropped(rows: number): number {
    this.#facts = { ...this.#facts, dropped: this.#facts.dropped + rows }
    return rows
  }
}

/** The lane's position in the checkpoint; 0 when the flash has damaged it, so that every id is kept. */
function positionIn(checkpoint: string | undefined, lane: Lane): number {
  const json = parseJson(checkpoint ?? '{}', checkpointBytesMax)
  const position = json.ok && isObject(json.value) ? json.value[lane] : 0
  return typeof position === 'number' && Number.isSafeInteger(position) ? position : 0
}
