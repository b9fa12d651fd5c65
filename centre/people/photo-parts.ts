// Photos that come in pieces over a bad link, kept in memory until they are whole: after a restart of the centre the page is told
// that nothing is here and sends the photo again.
import { photoBytesMax } from '../../protocols/desk/responder.ts'

/** Photos on their way at once, of all links and of one; the one that waited longest makes room. */
export const partsMax = 12
export const partsPerLinkMax = 3

interface Part {
  link: string
  bytes: Buffer
  storedTo: number
}

export class PhotoParts {
  readonly #parts = new Map<string, Part>()

  /** How much is here, and the whole photo once it is; what does not follow on is left out. */
  add(
    link: string,
    id: string,
    piece: { offset: number; total: number; bytes: Uint8Array },
  ): { storedTo: number; whole?: Uint8Array } {
    const { offset, total, bytes } = piece
    const key = `${link} ${id}`
    let part = this.#parts.get(key)
    if (part && part.bytes.byteLength !== total) part = undefined
    if (!part) {
      if (offset > 0 || total > photoBytesMax) return { storedTo: 0 }
      this.#makeRoom(link)
      part = { link, bytes: Buffer.alloc(total), storedTo: 0 }
    }
    this.#parts.delete(key)
    this.#parts.set(key, part)
    if (offset <= part.storedTo && offset + bytes.byteLength <= total) {
      part.bytes.set(bytes, offset)
      part.storedTo = Math.max(part.storedTo, offset + bytes.byteLength)
    }
    const { storedTo } = part
    return storedTo === total ? { storedTo, whole: part.bytes } : { storedTo }
  }

  drop(link: string, id: string): void {
    this.#parts.delete(`${link} ${id}`)
  }

  #makeRoom(link: string): void {
    const own = [...this.#parts].filter(([, part]) => part.link === link)
    const oldest = own.length >= partsPerLinkMax ? own[0]?.[0] : undefined
    const evicted = oldest ?? (this.#parts.size >= partsMax ? this.#parts.keys().next().value : undefined)
    if (evicted !== undefined) this.#parts.delete(evicted)
  }
}
