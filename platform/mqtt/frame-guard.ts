// Checks the MQTT frames of one connection before aedes parses them: aedes would wait for 256 MiB, also from a
// stranger. Sizes are checked by the header; control packets are held until they are complete and checked by
// packet-rules. The brokers of the box and of the centre both read through it.
import {
  checkBody,
  checkFirstByte,
  checkLength,
  packetTypes,
  type OtherVersion,
  type Violation,
} from './packet-rules.ts'

export interface FrameLimits {
  /** For CONNECT, and for later frames until `isTrusted` is true. */
  frameBytesBeforeConnect: number
  frameBytes: number
  subscribeBytes: number
  /** True when the sender has signed in; if omitted, nothing is read between CONNECT and its answer. */
  isTrusted?: () => boolean
}

export type FrameProblem =
  | { cause: 'not-connect' | 'frame-too-large' | OtherVersion }
  | { cause: 'malformed'; violation: Violation }

/** CONNACK, no session, return code 1: the answer to an unsupported version. [MQTT-3.1.2-2] */
export const unknownVersionAnswer = Buffer.from([0x20, 0x02, 0x00, 0x01])

const malformed = (violation: Violation): FrameProblem => ({ cause: 'malformed', violation })
const acknowledgements: ReadonlySet<number> = new Set([
  packetTypes.puback,
  packetTypes.pubrec,
  packetTypes.pubcomp,
])

export class FrameGuard {
  readonly #limits: FrameLimits
  #publishBytes: number
  readonly #isDue: (type: number, packetId: number) => boolean
  #state: 'type' | 'length' | 'body' = 'type'
  #type = 0
  #lengthShift = 0
  #left = 0
  /** The received part of a control packet's body. */
  #body: Uint8Array[] = []
  #frames = 0
  #publishes = 0

  /** `isDue`: true when an acknowledgement of that type fits the message that was sent under that id. */
  constructor(limits: FrameLimits, isDue: (type: number, packetId: number) => boolean = () => true) {
    this.#limits = limits
    this.#publishBytes = limits.frameBytes
    this.#isDue = isDue
  }

  /** From now on a PUBLISH may have this size. */
  allowFrames(publishBytes: number): void {
    this.#publishBytes = publishBytes
  }

  /** Whole frames seen so far. */
  get frames(): number {
    return this.#frames
  }

  /** PUBLISH frames seen so far, including an incomplete one. */
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

  get hasSentDisconnect(): boolean {
    return this.#type === packetTypes.disconnect && this.#state === 'type'
  }

  /**
   * Takes the next bytes up to the end of the first frame (CONNECT) or, after it, all of them; stops before a wrong
   * frame, so that the frames before it still count. Returns the number of bytes taken, or the error of the first
   * frame.
   */
  take(chunk: Uint8Array): number | FrameProblem {
    const isFirst = this.#frames === 0
    let at = 0
    let frameStart = 0
    while (at < chunk.length) {
      let problem: FrameProblem | undefined
      if (this.#state === 'body') {
        const taken = Math.min(this.#left, chunk.length - at)
        if (this.#type !== packetTypes.publish) this.#body.push(chunk.slice(at, at + taken))
        at += taken
        this.#left -= taken
        if (this.#left === 0) problem = this.#endFrame()
      } else {
        const byte = chunk[at] ?? 0
        if (this.#state === 'type') frameStart = at
        problem = this.#state === 'type' ? this.#startFrame(byte) : this.#length(byte)
        at++
      }
      if (problem) return frameStart > 0 ? this.#stepBack(frameStart) : problem
      if (isFirst && this.#frames > 0) return at
    }
    return at
  }

  /** The wrong frame is checked again when it is the first of the next bytes. */
  #stepBack(frameStart: number): number {
    if (this.#type === packetTypes.publish) this.#publishes--
    this.#state = 'type'
    return frameStart
  }

  #startFrame(first: number): FrameProblem | undefined {
    this.#type = first >> 4
    this.#left = 0
    this.#lengthShift = 0
    this.#body = []
    const isConnect = this.#type === packetTypes.connect
    if (this.#frames === 0 && !isConnect) return { cause: 'not-connect' }
    if (this.#frames > 0 && isConnect) return malformed('second-connect')
    if (this.#type === packetTypes.publish) this.#publishes++
    const violation = checkFirstByte(first)
    if (violation) return malformed(violation)
    this.#state = 'length'
    return undefined
  }

  #length(byte: number): FrameProblem | undefined {
    this.#left |= (byte & 0x7f) << this.#lengthShift
    this.#lengthShift += 7
    if (this.#left > this.#lengthMax()) return { cause: 'frame-too-large' }
    if ((byte & 0x80) !== 0) return this.#lengthShift > 21 ? malformed('length-field') : undefined
    const violation = checkLength(this.#type, this.#left)
    if (violation) return malformed(violation)
    if (this.#left === 0) return this.#endFrame()
    this.#state = 'body'
    return undefined
  }

  #lengthMax(): number {
    const isTrusted = this.#frames > 0 && (this.#limits.isTrusted?.() ?? true)
    if (!isTrusted) return this.#limits.frameBytesBeforeConnect
    const isList = this.#type === packetTypes.subscribe || this.#type === packetTypes.unsubscribe
    const frameBytes = this.#type === packetTypes.publish ? this.#publishBytes : this.#limits.frameBytes
    return isList ? Math.min(this.#limits.subscribeBytes, frameBytes) : frameBytes
  }

  #endFrame(): FrameProblem | undefined {
    const body = Buffer.concat(this.#body)
    this.#body = []
    this.#state = 'type'
    if (this.#type !== packetTypes.publish) {
      const wrong = checkBody(this.#type, body)
      if (wrong === 'mqtt-5' || wrong === 'unknown-version') return { cause: wrong }
      if (wrong) return malformed(wrong)
      const isAcknowledgement = acknowledgements.has(this.#type)
      if (isAcknowledgement && !this.#isDue(this.#type, body.readUInt16BE(0)))
        return malformed('wrong-answer')
    }
    this.#frames++
    return undefined
  }
}
