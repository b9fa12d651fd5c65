// Reads bits from entropy-coded JPEG data: undoes byte stuffing and stops at markers.
import type { HuffmanSpec } from './jpeg-tables.ts'

/** Thrown inside the decoder only; `parseJpeg` turns it into a problem. */
export class JpegDamage extends Error {}

const lookBits = 8

export interface HuffmanDecoder {
  /** For each 8-bit prefix: (symbol << 8) | length, or 0 when the code is longer. */
  quick: Uint16Array
  /** Largest code of each length, -1 when there is none; and the symbol index offset. */
  maxCode: Int32Array
  offset: Int32Array
  symbols: readonly number[]
}

export function createHuffmanDecoder(spec: HuffmanSpec): HuffmanDecoder {
  const quick = new Uint16Array(1 << lookBits)
  const maxCode = new Int32Array(17).fill(-1)
  const offset = new Int32Array(17)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    const count = spec.counts[length - 1] ?? 0
    offset[length] = index - code
    for (let i = 0; i < count; i++, code++, index++) {
      if (code >= 1 << length) throw new JpegDamage('Huffman table with too many codes')
      if (length <= lookBits) {
        const first = code << (lookBits - length)
        quick.fill(((spec.symbols[index] ?? 0) << 8) | length, first, first + (1 << (lookBits - length)))
      }
    }
    if (count > 0) maxCode[length] = code - 1
    code <<= 1
  }
  return { quick, maxCode, offset, symbols: spec.symbols }
}

export class JpegBitReader {
  readonly #bytes: Uint8Array
  #at: number
  #bits = 0
  #count = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Position of the next marker or of the next unread byte, after dropping the bits of a started byte. */
  align(): number {
    this.#bits = 0
    this.#count = 0
    return this.#at
  }

  /** Continues reading at `at`, for example after a restart marker. */
  seek(at: number): void {
    this.align()
    this.#at = at
  }

  #fill(needed: number): boolean {
    while (this.#count < needed) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) return false
      if (byte === 0xff) {
        if (this.#bytes[this.#at + 1] !== 0) return false
        this.#at += 2
      } else this.#at += 1
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff
      this.#count += 8
    }
    return true
  }

  bits(length: number): number {
    if (length === 0) return 0
    if (!this.#fill(length)) throw new JpegDamage('picture data ends too early')
    this.#count -= length
    return (this.#bits >>> this.#count) & ((1 << length) - 1)
  }

  /** A coefficient of `category` bits, sign-extended as in T.81 F.2.2.1. */
  signed(category: number): number {
    const value = this.bits(category)
    return category > 0 && value < 1 << (category - 1) ? value - (1 << category) + 1 : value
  }

  symbol(table: HuffmanDecoder): number {
    if (this.#fill(lookBits)) {
      const hit = table.quick[(this.#bits >>> (this.#count - lookBits)) & 0xff] ?? 0
      if (hit !== 0) {
        this.#count -= hit & 0xff
        return hit >>> 8
      }
    }
    let code = 0
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | this.bits(1)
      if (code <= (table.maxCode[length] ?? -1)) {
        return table.symbols[code + (table.offset[length] ?? 0)] ?? 0
      }
    }
    throw new JpegDamage('picture data with an unknown code')
  }
}
