// Refuses oversized MQTT frames by their header alone: the parser behind it would wait for up to 256 MB, also from
// a stranger who has not said CONNECT yet.

/** A frame before the CONNECT is accepted: client id, user, password. */
export const strangerFrameBytesMax = 4096
/** SUBSCRIBE and UNSUBSCRIBE: a box needs three topics. */
export const subscribeFrameBytesMax = 2048

const subscribeType = 8
const unsubscribeType = 10

/** Watches one connection's bytes; `isTrusted` is asked at each frame. */
export class FrameGuard {
  readonly #frameBytesMax: number
  readonly #isTrusted: () => boolean
  #type = -1
  #length = 0
  #lengthBytes = 0
  #skip = 0

  constructor(frameBytesMax: number, isTrusted: () => boolean) {
    this.#frameBytesMax = frameBytesMax
    this.#isTrusted = isTrusted
  }

  /** False as soon as a frame in `chunk` announces more than it may. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at)
        this.#skip -= step
        at += step
        continue
      }
      const byte = chunk[at++] ?? 0
      if (this.#type < 0) {
        this.#type = byte >> 4
        this.#length = 0
        this.#lengthBytes = 0
        continue
      }
      this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes++
      if (this.#length > this.#limit()) return false
      if ((byte & 0x80) !== 0) {
        if (this.#lengthBytes >= 4) return false
        continue
      }
      this.#skip = this.#length
      this.#type = -1
    }
    return true
  }

  #limit(): number {
    if (!this.#isTrusted()) return strangerFrameBytesMax
    return this.#type === subscribeType || this.#type === unsubscribeType
      ? subscribeFrameBytesMax
      : this.#frameBytesMax
  }
}
