// Takes files of cases in and hands them out: checked by their own bytes, on the disk before the case refers to them, deleted after
// their term.
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Attachment } from '../../protocols/desk/attachments.ts'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { StoredFile } from '../storage/response-port.ts'
import type { Storage } from '../storage/port.ts'
import type { AttachmentFolder } from './attachment-folder.ts'
import { attachmentName, typeOf } from './attachment-type.ts'

const firstMs = 60_000
const everyMs = 6 * 3_600_000
const dropAtOnce = 200

export interface AttachmentsOptions {
  folder: AttachmentFolder
  storage: Pick<Storage, 'lookAtAttachment' | 'attachmentsPastTerm' | 'dropAttachments' | 'isAttachmentNamed'>
  clock: Clock
  logger: Logger
  /** Of all files together. */
  bytesMax: number
  termMs: number
}

export class Attachments {
  readonly #work: RepeatedWork
  readonly #options: AttachmentsOptions
  /** Files between their folder and their row: another sender of the same bytes must not delete them. */
  readonly #inFlight = new Map<string, number>()

  constructor(options: AttachmentsOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: everyMs, run: () => this.#sweep() })
  }

  get bytesMax(): number {
    return this.#options.bytesMax
  }

  start(): void {
    this.#work.start(firstMs)
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  /**
   * The file is on the disk and `note` has its row, or neither. `wrong-type`: its bytes are no JPEG, PNG or PDF, or not of the type that was
   * said. `full`: no room.
   */
  async take<T>(
    given: { bytes: Uint8Array; name: string; declaredType?: string | undefined },
    note: (file: StoredFile) => Promise<T>,
  ): Promise<T | 'wrong-type' | 'full'> {
    const { folder } = this.#options
    const type = typeOf(given.bytes)
    if (type === undefined || (given.declaredType !== undefined && given.declaredType !== type))
      return 'wrong-type'
    if (!(await folder.hasRoom())) return 'full'
    const sha256 = createHash('sha256').update(given.bytes).digest('hex')
    this.#inFlight.set(sha256, (this.#inFlight.get(sha256) ?? 0) + 1)
    try {
      await folder.put(sha256, given.bytes)
      return await note({
        sha256,
        type,
        name: attachmentName(given.name, type),
        bytes: given.bytes.byteLength,
      })
    } finally {
      const left = (this.#inFlight.get(sha256) ?? 1) - 1
      if (left > 0) this.#inFlight.set(sha256, left)
      else this.#inFlight.delete(sha256)
      await this.#dropUnnamed(sha256)
    }
  }

  /** The bytes, handed out once the view is in the trail. */
  async look(
    caseId: string,
    sha256: string,
    by: string,
  ): Promise<{ attachment: Attachment; bytes: Uint8Array } | undefined> {
    const { storage, folder, clock, logger } = this.#options
    const attachment = await storage.lookAtAttachment(caseId, sha256, by, clock.wallMs())
    if (!attachment) return undefined
    const bytes = await folder.read(sha256)
    if (!bytes)
      logger.error({ case: caseId, sha256 }, 'a stored attachment is missing or damaged on the disk')
    return bytes && { attachment, bytes }
  }

  async #dropUnnamed(sha256: string): Promise<void> {
    const { storage, folder } = this.#options
    if (await storage.isAttachmentNamed(sha256)) return
    if (!this.#inFlight.has(sha256)) await folder.drop(sha256)
  }

  async #sweep(): Promise<void> {
    const { storage, clock, logger, termMs } = this.#options
    try {
      for (let isEnd = false; !isEnd && !this.#work.isStopped;) {
        const nowMs = clock.wallMs()
        const numbers = await storage.attachmentsPastTerm(nowMs - termMs, dropAtOnce)
        for (const sha256 of await storage.dropAttachments(numbers, nowMs)) await this.#dropUnnamed(sha256)
        if (numbers.length > 0)
          logger.info({ files: numbers.length }, 'attachments past their term were deleted')
        isEnd = numbers.length < dropAtOnce
      }
    } catch (error) {
      logger.error({ err: error }, 'attachments past their term could not be deleted; it is tried again')
    }
  }
}
