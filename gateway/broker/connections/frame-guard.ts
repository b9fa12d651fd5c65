// Walks the MQTT frames of one connection before the parser sees them: aedes would wait for 256 MiB, also from a
// stranger. Knows only lengths, types and packet ids; what is inside is the parser's business.

export interface FrameLimits {
  frameBytesBeforeConnect: number
  frameBytes: number
  subscribeBytes: number
}

export type FrameProblem =
  | 'not-connect'
  | 'malformed'
  | 'frame-too-large'
  | 'packet-id-zero'
  | 'unknown-version'

const connectType = 1
const publishType = 3
const subscribeType = 8
const unsubscribeType = 10
const pingType = 12
const disconnectType = 14

/** The versions that the parser can at least refuse politely: 3.1, 3.1.1 and 5. */
const parsedVersions = new Set([3, 4, 5])

export class FrameGuard {
  readonly #limits: FrameLimits
  #state: 'type' | 'length' | 'body' = 'type'
  #type = 0
  #lengthShift = 0
  #left = 0
  #bodyIndex = 0
  #packetId = 0
  #nameLength = 0
  #frames = 0
  #publishes = 0

  constructor(limits: FrameLimits) {
    this.#limits = limits
  }

  /** Whole frames seen so far. */
  get frames(): number {
    return this.#frames
  }

  /** PUBLISH frames seen so far, the one that has only begun included. */
  get publishes(): number {
    return this.#publishes
  }

  get isBetweenFrames(): boolean {
    return this.#state === 'type'
  }

  /** The type of the frame seen last. */
  get lastType(): number {
    return this.#type
  }

  get hasSaidGoodbye(): boolean {
    return this.#type === disconnectType && this.#state === 'type'
  }

  /**
   * Takes the next bytes up to the end of the first frame (CONNECT) or, after it, all of them.
   * Returns how many bytes it took, or what is wrong with them.
   */
  take(chunk: Uint8Array): number | FrameProblem {
    const isFirst = this.#frames === 0
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'body') {
        const taken = Math.min(this.#left, chunk.length - at)
        const problem = this.#look(chunk, at, taken)
        if (problem) return problem
        at += taken
        this.#left -= taken
        if (this.#left === 0) this.#endFrame()
      } else {
        const problem =
          this.#state === 'type' ? this.#startFrame(chunk[at] ?? 0) : this.#length(chunk[at] ?? 0)
        if (problem) return problem
        at++
      }
      if (isFirst && this.#frames > 0) return at
    }
    return at
  }

  #startFrame(first: number): FrameProblem | undefined {
    this.#type = first >> 4
    if ((this.#type === connectType) !== (this.#frames === 0)) {
      // A second CONNECT is a violation too [MQTT-3.1.0-2]; aedes closes it, and the last will goes out.
      if (this.#frames === 0) return 'not-connect'
    }
    if (this.#type === publishType) this.#publishes++
    this.#state = 'length'
    this.#left = 0
    this.#lengthShift = 0
    this.#bodyIndex = 0
    this.#packetId = 0
    this.#nameLength = 0
    return undefined
  }

  #length(byte: number): FrameProblem | undefined {
    if (this.#lengthShift > 21) return 'malformed'
    this.#left |= (byte & 0x7f) << this.#lengthShift
    this.#lengthShift += 7
    if (this.#left > this.#lengthMax()) return 'frame-too-large'
    if ((byte & 0x80) !== 0) return this.#lengthShift > 21 ? 'malformed' : undefined
    if ((this.#type === pingType || this.#type === disconnectType) && this.#left !== 0) return 'malformed'
    if (this.#left === 0) this.#endFrame()
    else this.#state = 'body'
    return undefined
  }

  #lengthMax(): number {
    if (this.#frames === 0) return this.#limits.frameBytesBeforeConnect
    const isList = this.#type === subscribeType || this.#type === unsubscribeType
    return isList ? Math.min(this.#limits.subscribeBytes, this.#limits.frameBytes) : this.#limits.frameBytes
  }

  #look(chunk: Uint8Array, at: number, taken: number): FrameProblem | undefined {
    if (this.#type === subscribeType || this.#type === unsubscribeType)
      return this.#lookAtId(chunk, at, taken)
    if (this.#frames === 0) return this.#lookAtVersion(chunk, at, taken)
    return undefined
  }

  // [MQTT-2.3.1-1]: the parser lets id 0 pass.
  #lookAtId(chunk: Uint8Array, at: number, taken: number): FrameProblem | undefined {
    for (let i = 0; i < taken && this.#bodyIndex < 2; i++) {
      this.#packetId = (this.#packetId << 8) | (chunk[at + i] ?? 0)
      this.#bodyIndex++
    }
    return this.#bodyIndex === 2 && this.#packetId === 0 ? 'packet-id-zero' : undefined
  }

  // [MQTT-3.1.2-2] wants an answer to an unknown version; the parser gives none.
  #lookAtVersion(chunk: Uint8Array, at: number, taken: number): FrameProblem | undefined {
    for (let i = 0; i < taken; i++) {
      const byte = chunk[at + i] ?? 0
      if (this.#bodyIndex < 2) this.#nameLength = (this.#nameLength << 8) | byte
      else if (this.#bodyIndex === this.#nameLength + 2 && !parsedVersions.has(byte & 0x7f))
        return this.#nameLength === 4 ? 'unknown-version' : 'malformed'
      this.#bodyIndex++
    }
    return undefined
  }

  #endFrame(): void {
    this.#frames++
    this.#state = 'type'
  }
}
