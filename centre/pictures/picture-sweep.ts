// Deletes pictures after their term and above their quota, oldest first and those of open alarms last; they are removed
// from the disk.
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { GonePictures, PicturePlace, Storage, StoredChange } from '../storage/port.ts'
import type { PictureFolder } from './picture-folder.ts'

const sweepMs = 600_000

export interface PictureSweepOptions {
  folder: PictureFolder
  storage: Pick<
    Storage,
    'picturesPastTerm' | 'picturesOverQuota' | 'picturesHere' | 'pictureBytes' | 'dropPictures'
  >
  clock: Clock
  logger: Logger
  registry: Registry
  termMs: number
  bytesMax: number
  boxBytesMax: number
  onStored: (changes: StoredChange[]) => void
}

export class PictureSweep {
  readonly #options: PictureSweepOptions
  readonly #deleted
  /** Bytes that a box may still send before its quota is checked again. */
  readonly #room = new Map<string, number>()
  #cancel = (): void => undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: PictureSweepOptions) {
    this.#options = options
    const { registry, storage } = options
    this.#deleted = new Counter({
      name: 'gengfu_centre_pictures_deleted_total',
      help: 'Pictures deleted from the disk, by reason',
      labelNames: ['why'],
      registers: [registry],
    })
    new Gauge({
      name: 'gengfu_centre_picture_store_bytes',
      help: 'Bytes of the pictures that are kept',
      registers: [registry],
      async collect() {
        this.set(await storage.pictureBytes())
      },
    })
  }

  start(): void {
    if (this.#isStopped) return
    this.#cancel = this.#options.clock.after(sweepMs, () => this.start())
    this.#inTurn(() => this.#sweep())
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }

  /** Resolves when all requests until now are done. */
  settled(): Promise<void> {
    return this.#running
  }

  /** A picture of the box has arrived. */
  checkBox(box: string, bytes: number): void {
    const { storage, boxBytesMax } = this.#options
    const room = (this.#room.get(box) ?? 0) - bytes
    if (room > 0) {
      this.#room.set(box, room)
      return
    }
    this.#inTurn(async () => {
      while (
        (await this.#delete('quota', await storage.picturesOverQuota({ box, bytesMax: boxBytesMax }))) > 0
      );
      this.#room.set(box, boxBytesMax - (await storage.pictureBytes(box)))
    })
  }

  /** Deletes the files of rows that are already marked as gone, such as those that a person deleted at the box. */
  dropGone(files: readonly { box: string; sha256: string }[]): void {
    const { folder } = this.#options
    this.#inTurn(async () => {
      for (const { box, sha256 } of files) await folder.drop(box, sha256)
    })
  }

  #inTurn(run: () => Promise<void>): void {
    this.#running = this.#running
      .then(() => (this.#isStopped ? undefined : run()))
      .catch((error: unknown) =>
        this.#options.logger.error({ err: error }, 'pictures could not be deleted yet'),
      )
  }

  async #sweep(): Promise<void> {
    const { folder, storage, clock, logger, termMs, bytesMax } = this.#options
    const nowMs = clock.wallMs()
    while ((await this.#delete('term', await storage.picturesPastTerm(nowMs - termMs))) > 0);
    while ((await this.#delete('quota', await storage.picturesOverQuota({ bytesMax }))) > 0);
    for (const box of await folder.boxes()) {
      const known = new Set(await storage.picturesHere(box))
      const deleted = await folder.tidy(box, known, nowMs)
      if (deleted > 0) logger.info({ box, deleted }, 'files that no record names were deleted')
    }
  }

  /**
   * The row first: a file whose row is marked gone is found by the next sweep; a row without its file would promise a
   * picture.
   */
  async #delete(why: GonePictures['why'], places: readonly PicturePlace[]): Promise<number> {
    if (places.length === 0 || this.#isStopped) return 0
    const { folder, storage, clock, logger, onStored } = this.#options
    onStored(await storage.dropPictures({ why, files: [...places] }, clock.wallMs()))
    for (const { box, sha256 } of places) await folder.drop(box, sha256)
    this.#deleted.inc({ why }, places.length)
    logger.info({ why, pictures: places.length }, 'pictures were deleted')
    return places.length
  }
}
