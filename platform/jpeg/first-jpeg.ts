// Finds the first complete JPEG in bytes that are still arriving: each byte is visited once, and the end of a thumbnail
// inside a header does not count.

const start = Buffer.from([0xff, 0xd8, 0xff])

export class FirstJpeg {
  #start = -1
  #at = 0
  #isInScan = false

  /** Where it begins; -1 while none has begun. */
  get start(): number {
    return this.#start
  }

  /**
   * Where it ends, given all bytes so far: undefined until its end marker has arrived, and always for a damaged one.
   */
  end(bytes: Buffer): number | undefined {
    if (this.#start < 0) {
      this.#start = bytes.indexOf(start, this.#at)
      if (this.#start < 0) {
        this.#at = Math.max(0, bytes.length - 2)
        return undefined
      }
      this.#at = this.#start + 2
    }
    for (;;) {
      const end = this.#isInScan ? this.#scan(bytes) : this.#segment(bytes)
      if (end !== 'more') return end
    }
  }

  /** One marker with its data. */
  #segment(bytes: Buffer): number | 'more' | undefined {
    let at = this.#at
    if (bytes[at] !== 0xff) return undefined
    while (bytes[at] === 0xff) at++
    const marker = bytes[at]
    if (marker === undefined) return undefined
    at++
    if (marker === 0xd9) return at
    const isAlone = marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)
    if (!isAlone) {
      if (at + 2 > bytes.length) return undefined
      const length = bytes.readUInt16BE(at)
      if (length < 2 || at + length > bytes.length) return undefined
      at += length
      this.#isInScan = marker === 0xda
    }
    this.#at = at
    return 'more'
  }

  /** Picture data up to the next marker that is not part of it. */
  #scan(bytes: Buffer): 'more' | undefined {
    let at = bytes.indexOf(0xff, this.#at)
    for (; at >= 0; at = bytes.indexOf(0xff, at)) {
      const next = bytes[at + 1]
      if (next === undefined) break
      if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) {
        this.#at = at
        this.#isInScan = false
        return 'more'
      }
      at += next === 0xff ? 1 : 2
    }
    this.#at = at < 0 ? bytes.length : at
    return undefined
  }
}
