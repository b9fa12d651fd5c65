// Pictures on disk: files named by their SHA-256, one small document per snapshot, quotas, a term, and deletion from
// the disk.
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { FinishedFile } from './picture-processor.ts'
import { pictureSizes, type PictureSize } from '../../../protocols/domain/snapshot.ts'
import type { PictureFile, Snapshot } from '../port.ts'

/** Most snapshots kept, whatever their size: each needs about 1 KB of memory. */
export const snapshotsMax = 20_000
/** A held snapshot (its alarm was never closed) is released after this many terms. */
const heldTermsMax = 12

export interface StoredSnapshot extends Snapshot {
  /** True while its alarm is not closed: the term does not delete it. */
  isHeld: boolean
  /** The files of it that the centre has; if this note is lost, the centre is asked once more. */
  reached?: PictureSize[]
}

export interface Deleted {
  snapshot: StoredSnapshot
  reason: 'term' | 'quota' | 'asked' | 'damaged'
}

export interface PictureStoreOptions {
  folder: string
  log: Logger
  totalBytesMax: number
  cameraBytesMax: (camera: string) => number
  termMs: number
  onDeleted: (deleted: Deleted) => void
}

const bytesOf = (snapshot: Snapshot): number => filesOf(snapshot).reduce((sum, file) => sum + file.bytes, 0)
const namePattern = /^[0-9a-f]{64}$/
const idPattern = /^[0-9a-f]{8,64}$/

/**
 * Files are not synced: a commit of the journal must never wait for picture bytes. A file torn by a power cut is found
 * by its size at the next start or by its hash when it is read; it is deleted, and a fact reports it.
 */
export class PictureStore {
  readonly #options: PictureStoreOptions
  /** Oldest first. */
  readonly #snapshots = new Map<string, StoredSnapshot>()
  /** Which snapshots use which file. */
  readonly #uses = new Map<string, StoredSnapshot[]>()
  readonly #cameraBytes = new Map<string, number>()
  readonly #unwritten = new Set<StoredSnapshot>()
  #totalBytes = 0
  #changing: Promise<unknown> = Promise.resolve()

  constructor(options: PictureStoreOptions) {
    this.#options = options
  }

  get totalBytes(): number {
    return this.#totalBytes
  }

  list(): StoredSnapshot[] {
    return [...this.#snapshots.values()].toReversed()
  }

  get(id: string): StoredSnapshot | undefined {
    return this.#snapshots.get(id)
  }

  /** Reads the stored pictures; deletes documents without complete files and files without documents. */
  async open(): Promise<void> {
    await mkdir(this.#index(), { recursive: true, mode: 0o700 })
    await mkdir(this.#blobs(), { recursive: true, mode: 0o700 })
    const found: StoredSnapshot[] = []
    for (const name of await readdir(this.#index())) {
      const snapshot = await this.#readDocument(join(this.#index(), name))
      if (snapshot) found.push(snapshot)
    }
    found.sort(
      (a, b) => a.fetchedAt.boot - b.fetchedAt.boot || a.fetchedAt.sinceBootMs - b.fetchedAt.sinceBootMs,
    )
    for (const snapshot of found) this.#add(snapshot)
    for (const shard of await readdir(this.#blobs())) {
      for (const name of await readdir(join(this.#blobs(), shard))) {
        if (!this.#uses.has(name.replace(/\.jpg$/, '')))
          await rm(join(this.#blobs(), shard, name), { force: true })
      }
    }
  }

  /**
   * Writes both files and the documents of all their snapshots, then makes room. Rejects when the disk refuses them.
   */
  put(snapshots: readonly StoredSnapshot[], full: FinishedFile, preview: FinishedFile): Promise<void> {
    return this.#inTurn(async () => {
      const files = preview.sha256 === full.sha256 ? [full] : [full, preview]
      await allOf(files.map((file) => this.#writeBlob(file)))
        .then(() => allOf(snapshots.map((one) => this.#writeDocument(one))))
        .catch(async (error: unknown) => {
          await this.#sweepUp(snapshots, files)
          throw error
        })
      for (const one of snapshots) this.#add(one)
      await this.#makeRoom(snapshots)
    })
  }

  /** A part that a full disk accepted would keep it full. */
  async #sweepUp(snapshots: readonly Snapshot[], files: readonly FinishedFile[]): Promise<void> {
    const unused = files
      .filter(({ sha256 }) => !this.#uses.has(sha256))
      .map(({ sha256 }) => this.#blob(sha256))
    const paths = [...unused, ...snapshots.map(({ id }) => this.#document(id))]
    await Promise.allSettled(
      paths.flatMap((path) => [rm(path, { force: true }), rm(`${path}.new`, { force: true })]),
    )
  }

  /**
   * The complete bytes of a file, or undefined when it is gone; a damaged one is deleted with the snapshots that use
   * it.
   */
  async read(sha256: string): Promise<Buffer | undefined> {
    if (!this.#uses.has(sha256)) return undefined
    const bytes = await readFile(this.#blob(sha256)).catch((error: unknown) => {
      this.#options.log.error({ err: error, sha256 }, 'picture file could not be read')
      return undefined
    })
    if (bytes && createHash('sha256').update(bytes).digest('hex') === sha256) return bytes
    for (const { id } of this.#uses.get(sha256) ?? []) await this.delete(id, 'damaged')
    return undefined
  }

  /** A part of a file for the uplink, without reading the rest. */
  async readPart(sha256: string, offset: number, length: number): Promise<Buffer | undefined> {
    if (!this.#uses.has(sha256)) return undefined
    const handle = await open(this.#blob(sha256), 'r').catch(() => undefined)
    if (!handle) return undefined
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }

  /** The centre has this file. Valid at once, on disk with the next `writeReached`. */
  markReached(sha256: string): void {
    for (const snapshot of this.#uses.get(sha256) ?? []) {
      const before = snapshot.reached ?? []
      const sizes = pictureSizes.filter((size) => snapshot[size].sha256 === sha256)
      snapshot.reached = [...new Set([...before, ...sizes])]
      if (snapshot.reached.length > before.length) this.#unwritten.add(snapshot)
    }
  }

  /** A dozen alarms may share a picture, and alarms may be in progress meanwhile: no caller waits for these notes. */
  writeReached(): Promise<void> {
    return this.#inTurn(async () => {
      for (const one of this.#unwritten) {
        this.#unwritten.delete(one)
        if (this.#snapshots.has(one.id)) await this.#writeDocument(one)
      }
    })
  }

  delete(id: string, reason: Deleted['reason']): Promise<boolean> {
    return this.#inTurn(() => this.#remove(id, reason))
  }

  /** One change at a time: two cameras may have the same picture, and one may be deleted while the other is stored. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(change)
    this.#changing = result.catch(() => {})
    return result
  }

  async #remove(id: string, reason: Deleted['reason']): Promise<boolean> {
    const snapshot = this.#snapshots.get(id)
    if (!snapshot) return false
    await this.#delete(new Map([[snapshot, this.#forget(snapshot)]]), reason)
    return true
  }

  /** All together, with one report: a full store loses as many as it gains. */
  async #delete(unused: ReadonlyMap<StoredSnapshot, string[]>, reason: Deleted['reason']): Promise<void> {
    // The files first: the next start finds a document without files, and also a file without a document.
    const files = [...unused.values()].flat()
    await Promise.all(files.map((sha256) => rm(this.#blob(sha256), { force: true })))
    await Promise.all([...unused.keys()].map(({ id }) => rm(this.#document(id), { force: true })))
    for (const snapshot of unused.keys()) this.#options.onDeleted({ snapshot, reason })
  }

  /** Removes the entries; returns the files that no snapshot uses any more. */
  #forget(snapshot: StoredSnapshot): string[] {
    this.#snapshots.delete(snapshot.id)
    this.#count(snapshot, -1)
    return filesOf(snapshot).flatMap(({ sha256 }) => {
      const users = (this.#uses.get(sha256) ?? []).filter((one) => one !== snapshot)
      if (users.length > 0) this.#uses.set(sha256, users)
      else this.#uses.delete(sha256)
      return users.length > 0 ? [] : [sha256]
    })
  }

  /** The alarm was closed, or is open again. */
  hold(alarm: string, isHeld: boolean): Promise<void> {
    return this.#inTurn(async () => {
      for (const snapshot of this.#snapshots.values()) {
        if (snapshot.alarm !== alarm || snapshot.isHeld === isHeld) continue
        snapshot.isHeld = isHeld
        await this.#writeDocument(snapshot)
      }
    })
  }

  /**
   * Deletes pictures past their term. Call it only while the clock is synced; a picture taken with an unsynced clock
   * gets its wall time now, so that a step from 1970 to today does not end its term.
   */
  sweep(wallMs: number): Promise<void> {
    return this.#inTurn(() => this.#sweep(wallMs))
  }

  async #sweep(wallMs: number): Promise<void> {
    for (const snapshot of this.list()) {
      if (snapshot.fetchedAt.clock === 'unsynced') {
        snapshot.fetchedAt = { ...snapshot.fetchedAt, atMs: wallMs, clock: 'repaired' }
        await this.#writeDocument(snapshot)
        continue
      }
      const ageMs = wallMs - snapshot.fetchedAt.atMs
      const termMs = this.#options.termMs * (snapshot.isHeld ? heldTermsMax : 1)
      if (ageMs > termMs) await this.#remove(snapshot.id, 'term')
    }
  }

  /** `newest` belong to one camera. */
  async #makeRoom(newest: readonly Snapshot[]): Promise<void> {
    const camera = newest[0]?.camera ?? ''
    const kept = new Set(newest.map(({ id }) => id))
    const isCameraFull = (): boolean =>
      (this.#cameraBytes.get(camera) ?? 0) > this.#options.cameraBytesMax(camera)
    const isFull = (): boolean =>
      this.#totalBytes > this.#options.totalBytesMax || this.#snapshots.size > snapshotsMax
    const victims = new Map<StoredSnapshot, string[]>()
    const take = (isCandidate: (snapshot: StoredSnapshot) => boolean): boolean => {
      const victim = this.#victim((one) => !kept.has(one.id) && isCandidate(one))
      if (victim) victims.set(victim, this.#forget(victim))
      return victim !== undefined
    }
    while (isCameraFull() && take((one) => one.camera === camera));
    while (isFull() && take(() => true));
    await this.#delete(victims, 'quota')
  }

  /** Oldest first, but pictures of open alarms last: the quota also applies to them. */
  #victim(isCandidate: (snapshot: StoredSnapshot) => boolean): StoredSnapshot | undefined {
    let held: StoredSnapshot | undefined
    for (const snapshot of this.#snapshots.values()) {
      if (!isCandidate(snapshot)) continue
      if (!snapshot.isHeld) return snapshot
      held ??= snapshot
    }
    return held
  }

  #add(snapshot: StoredSnapshot): void {
    this.#snapshots.set(snapshot.id, snapshot)
    this.#count(snapshot, 1)
    for (const { sha256 } of filesOf(snapshot)) {
      const users = this.#uses.get(sha256)
      if (users) users.push(snapshot)
      else this.#uses.set(sha256, [snapshot])
    }
  }

  #count(snapshot: Snapshot, sign: 1 | -1): void {
    const bytes = sign * bytesOf(snapshot)
    this.#totalBytes += bytes
    this.#cameraBytes.set(snapshot.camera, (this.#cameraBytes.get(snapshot.camera) ?? 0) + bytes)
  }

  async #readDocument(file: string): Promise<StoredSnapshot | undefined> {
    try {
      const snapshot = JSON.parse(await readFile(file, 'utf8')) as StoredSnapshot
      const isNamed = idPattern.test(snapshot.id) && file === this.#document(snapshot.id)
      if (!isNamed || !filesOf(snapshot).every((one) => namePattern.test(one.sha256))) {
        throw new Error('a document of another shape')
      }
      for (const one of filesOf(snapshot)) {
        const { size } = await stat(this.#blob(one.sha256))
        if (size !== one.bytes) throw new Error('a file of another size')
      }
      return snapshot
    } catch (error) {
      this.#options.log.warn({ err: error, file }, 'incomplete picture dropped')
      await rm(file, { force: true })
      return undefined
    }
  }

  async #writeBlob(file: FinishedFile): Promise<void> {
    const path = this.#blob(file.sha256)
    if (this.#uses.has(file.sha256)) return
    await mkdir(join(this.#blobs(), file.sha256.slice(0, 2)), { recursive: true, mode: 0o700 })
    await writeFile(`${path}.new`, file.bytes, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }

  async #writeDocument(snapshot: StoredSnapshot): Promise<void> {
    const path = this.#document(snapshot.id)
    await writeFile(`${path}.new`, JSON.stringify(snapshot), { mode: 0o600 })
    await rename(`${path}.new`, path)
  }

  #index = (): string => join(this.#options.folder, 'index')
  #blobs = (): string => join(this.#options.folder, 'files')
  #document = (id: string): string => join(this.#index(), `${id}.json`)
  #blob = (sha256: string): string => join(this.#blobs(), sha256.slice(0, 2), `${sha256}.jpg`)
}

/** Waits for all of them, also if one fails. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const done of await Promise.allSettled(work)) if (done.status === 'rejected') throw done.reason
}

/** The sizes that the centre does not have. */
export const unreachedOf = (snapshot: StoredSnapshot): PictureSize[] =>
  pictureSizes.filter((size) => !snapshot.reached?.includes(size))

/** One file where a small picture is its own preview. */
const filesOf = ({ full, preview }: Snapshot): PictureFile[] =>
  full.sha256 === preview.sha256 ? [full] : [full, preview]
