// Receives picture chunks: only of pictures that a record of the same box has named, synced before the box gets the
// answer, checked when complete. Invalid data of a box can fill only its own small share.
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { pictureBytesMax } from '../../protocols/domain/snapshot.ts'
import { readJpegFrame } from '../../platform/jpeg/jpeg-frame.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import {
  chunkHeaderBytes,
  parsePictureChunk,
  type PictureChunk,
} from '../../protocols/uplink/picture-chunk.ts'
import type { PictureProblem, PictureReceipt } from '../../protocols/uplink/picture-receipt.ts'
import type { PictureRow, Storage, StoredChange } from '../storage/port.ts'
import { FairQueue } from '../../platform/fair-queue.ts'
import type { PictureFolder } from './picture-folder.ts'

/**
 * Chunks of one box, and of all, that wait for the disk, in bytes; further ones are dropped, and the box sends them
 * again.
 */
export const waitingPerBoxMax = 2 * 1024 * 1024
export const waitingBytesMax = 64 * 1024 * 1024
/** Pictures processed at once: the disk's queue stays short for the commits of records. */
const atOnceMax = 4
/** Below this share of free disk no new picture is started: the rest is kept for records. */
const freeShareMin = 0.05

export interface PictureReceiverOptions {
  folder: PictureFolder
  storage: Pick<Storage, 'pictureFile' | 'storePicture' | 'dropPictures'>
  clock: Clock
  logger: Logger
  registry: Registry
  /** Resolves when every record of the box that arrived before the call is stored, or was refused. */
  recordsSettled: (box: string) => Promise<void>
  onStored: (changes: StoredChange[]) => void
  /** A picture of this box is complete: its quota may be exceeded now. */
  onArrived: (box: string, bytes: number) => void
  sendReceipt: (box: string, receipt: PictureReceipt) => void
}

interface Upload {
  box: string
  sha256: string
  bytes: number
  waiting: PictureChunk[]
  weight: () => number
}

export class PictureReceiver {
  readonly #options: PictureReceiverOptions
  /** Waiting and running work, by box and picture. */
  readonly #uploads = new Map<string, Upload>()
  readonly #boxBytes = new Map<string, number>()
  readonly #chunks
  readonly #bytes
  #waitingBytes = 0
  #running = new Set<Promise<void>>()
  /** Boxes are served in turn, and a picture whose chunks do not end waits behind the others after each turn. */
  #queue = new FairQueue<Upload>()
  #isStopped = false
  #isFailing = false

  constructor(options: PictureReceiverOptions) {
    this.#options = options
    const registers = [options.registry]
    this.#chunks = new Counter({
      name: 'gengfu_centre_picture_chunks_total',
      help: 'Picture chunks by result',
      labelNames: ['outcome'],
      registers,
    })
    this.#bytes = new Counter({
      name: 'gengfu_centre_picture_bytes_total',
      help: 'Bytes of pictures received, repeats included',
      registers,
    })
  }

  /** Takes the bytes of a chunk as received; the Receipt is the answer. */
  offer(box: string, payload: Uint8Array): void {
    const parsed = parsePictureChunk(payload)
    if (!parsed.ok) return this.#count('unreadable')
    const { sha256, bytes } = parsed.value
    const boxBytes = this.#boxBytes.get(box) ?? 0
    const size = payload.byteLength
    const isFull = boxBytes + size > waitingPerBoxMax || this.#waitingBytes + size > waitingBytesMax
    if (this.#isStopped || isFull) return this.#count('dropped')
    this.#boxBytes.set(box, boxBytes + size)
    this.#waitingBytes += size
    const key = `${box}/${sha256}`
    const known = this.#uploads.get(key)
    if (known) {
      known.waiting.push(parsed.value)
      return
    }
    const upload = { box, sha256, bytes, waiting: [parsed.value], weight: () => 1 }
    this.#uploads.set(key, upload)
    this.#queue.push(upload)
    this.#startNext()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#queue = new FairQueue()
    await Promise.all(this.#running)
  }

  #startNext(): void {
    while (this.#running.size < atOnceMax) {
      const [upload] = this.#queue.take(1, 1)
      if (!upload) return
      const work = this.#work(upload).finally(() => {
        this.#running.delete(work)
        this.#startNext()
      })
      this.#running.add(work)
    }
  }

  /** What waits of one picture now; what arrives meanwhile waits for the next turn. */
  async #work(upload: Upload): Promise<void> {
    const { box, sha256 } = upload
    const { logger, sendReceipt } = this.#options
    const chunks = upload.waiting.splice(0)
    try {
      const { storedTo, problem } = await this.#take(upload, chunks)
      this.#isFailing = false
      this.#count(problem ?? 'stored', chunks.length)
      sendReceipt(box, { v: 1, sha256, storedTo, ...(problem === undefined ? {} : { problem }) })
    } catch (error) {
      // No Receipt: the box asks again. Logged once, until it works again.
      if (!this.#isFailing) logger.error({ err: error, box }, 'pictures can not be stored')
      this.#isFailing = true
      this.#count('failed', chunks.length)
    } finally {
      this.#release(box, chunks)
    }
    if (upload.waiting.length > 0 && !this.#isStopped) this.#queue.push(upload)
    else this.#uploads.delete(`${box}/${sha256}`)
  }

  async #take(
    { box, sha256, bytes }: Upload,
    chunks: readonly PictureChunk[],
  ): Promise<{ storedTo: number; problem?: PictureProblem }> {
    const { folder } = this.#options
    const row = await this.#find(box, sha256)
    if (!row) return { storedTo: 0, problem: 'unknown' }
    if (row.isSettled) return { storedTo: row.bytes }
    if (row.bytes !== bytes || chunks.some((chunk) => chunk.bytes !== bytes))
      return { storedTo: 0, problem: 'refused' }
    const isFirst = chunks.some(({ offset, part }) => offset === 0 && part.byteLength > 0)
    if (isFirst && (await folder.freeShare()) < freeShareMin) return { storedTo: 0, problem: 'refused' }
    this.#bytes.inc(chunks.reduce((sum, { part }) => sum + part.byteLength, 0))
    const storedTo = await folder.append(box, sha256, chunks)
    if (storedTo < bytes) return { storedTo }
    return (await this.#finish(box, sha256)) ? { storedTo: bytes } : { storedTo: 0, problem: 'damaged' }
  }

  /**
   * A chunk may overtake the commit of the record about its picture: it arrived after it on the same connection.
   */
  async #find(box: string, sha256: string): Promise<PictureRow | undefined> {
    const { storage, recordsSettled } = this.#options
    const row = await storage.pictureFile(box, sha256)
    if (row) return row
    await recordsSettled(box)
    return storage.pictureFile(box, sha256)
  }

  /** False when the bytes are not the announced picture: they are deleted. */
  async #finish(box: string, sha256: string): Promise<boolean> {
    const { folder, storage, clock, logger, onStored, onArrived } = this.#options
    const bytes = await folder.readWhole(box, sha256)
    if (!bytes || bytes.byteLength > pictureBytesMax) {
      await folder.dropPart(box, sha256)
      logger.warn({ box, sha256 }, 'the bytes of a picture are not what was announced: thrown away')
      return false
    }
    if (!readJpegFrame(bytes)) {
      await folder.dropPart(box, sha256)
      logger.warn({ box, sha256 }, 'a file that is no JPEG was announced as a picture: thrown away')
      onStored(await storage.dropPictures({ why: 'not-a-picture', files: [{ box, sha256 }] }, clock.wallMs()))
      return true
    }
    const { synced } = await folder.finish(box, sha256)
    const [changes] = await Promise.all([storage.storePicture(box, sha256, clock.wallMs()), synced])
    onStored(changes)
    onArrived(box, bytes.byteLength)
    return true
  }

  #release(box: string, chunks: readonly PictureChunk[]): void {
    const size = chunks.reduce((sum, { part }) => sum + part.byteLength + chunkHeaderBytes, 0)
    this.#waitingBytes -= size
    const left = (this.#boxBytes.get(box) ?? 0) - size
    if (left > 0) this.#boxBytes.set(box, left)
    else this.#boxBytes.delete(box)
  }

  #count(outcome: string, chunks = 1): void {
    this.#chunks.inc({ outcome }, chunks)
  }
}
