// Messages in a TCP stream (RFC 3261 clause 18.3): each ends with its Content-Length, and empty lines between them keep the link open.
import { headEnd, sipBytesMax } from './sip-message.ts'

const headBytesMax = 16_384

export class SipStream {
  #bytes: Buffer = Buffer.alloc(0)
  /** A stream that can not be cut any more: its connection is closed. */
  problem: string | undefined

  take(part: Uint8Array): Buffer[] {
    if (this.problem !== undefined) return []
    this.#bytes = Buffer.concat([this.#bytes, part])
    const found: Buffer[] = []
    for (;;) {
      let from = 0
      while (this.#bytes[from] === 0x0d || this.#bytes[from] === 0x0a) from++
      this.#bytes = this.#bytes.subarray(from)
      const end = headEnd(this.#bytes)
      if (end < 0) {
        if (this.#bytes.length > headBytesMax) this.problem = 'a head without an end'
        return found
      }
      const length = /\r\n(?:content-length|l)[ \t]*:[ \t]*(\d{1,6})[ \t]*\r\n/i.exec(
        this.#bytes.toString('latin1', 0, end),
      )
      const size = length ? end + Number.parseInt(length[1] ?? '', 10) : undefined
      if (size === undefined || size > sipBytesMax) {
        this.problem = size === undefined ? 'no Content-Length' : 'too long'
        return found
      }
      if (this.#bytes.length < size) return found
      found.push(this.#bytes.subarray(0, size))
      this.#bytes = this.#bytes.subarray(size)
    }
  }
}
