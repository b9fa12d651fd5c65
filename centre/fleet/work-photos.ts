// The photos of work orders, on the disk of the centre by their own hash.
import { createHash } from 'node:crypto'
import { workPhotoTypes, type WorkPhoto } from '../../protocols/desk/fleet/work-orders.ts'
import { typeOf } from '../attachments/attachment-type.ts'
import { AttachmentFolder } from '../attachments/attachment-folder.ts'

export type PhotoRefusal = 'no-such-file-type' | 'no-room'

export class WorkPhotos {
  readonly #folder: AttachmentFolder

  constructor(folder: string) {
    this.#folder = new AttachmentFolder(folder)
  }

  /** On the disk when it resolves. The type is that of the bytes. */
  async put(bytes: Uint8Array, by: string, atMs: number): Promise<WorkPhoto | PhotoRefusal> {
    const type = workPhotoTypes.find((one) => one === typeOf(bytes))
    if (!type) return 'no-such-file-type'
    if (!(await this.#folder.hasRoom())) return 'no-room'
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    await this.#folder.put(sha256, bytes)
    return { sha256, type, by, atMs }
  }

  read(sha256: string): Promise<Uint8Array | undefined> {
    return this.#folder.read(sha256)
  }
}
