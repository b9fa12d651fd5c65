// Checks the frames of an MQTT server before mqtt.js reads them, which would collect 256 MB for one message: a message that
// is too large is left out and named, everything else passes unchanged. For connections that we open ourselves.
import { packetTypes } from './packet-rules.ts'

/** Longest frame that is no message: SUBACK is the largest, one byte for each filter. */
const controlBytesMax = 64 * 1024
/** A remaining length has at most four bytes. [MQTT-2.2.3] */
const lengthBytesMax = 4

/** A message that was left out. */
export interface LeftOutMessage {
  topic: string
  /** Undefined at QoS 0: it needs no PUBACK. */
  packetId: number | undefined
  bytes: number
  /** The beginning of its payload. */
  excerpt: Buffer
}

export interface FrameSieveOptions {
  /** Largest frame of a message, its topic included. */
  messageBytesMax: number
  /** Without it, a larger message is wrong. */
  onLeftOut?: (message: LeftOutMessage) => void
}

/** Bytes kept of a message that is left out: its topic, its packet id and the beginning of its payload. */
const keptBytesMax = 66 * 1024
const excerptBytesMax = 1024

const { publish, puback, pubrec, pubcomp } = packetTypes
const [connack, suback, unsuback, pingresp] = [2, 9, 11, 13] as const
const fromServer: ReadonlySet<number> = new Set([
  connack,
  publish,
  puback,
  pubrec,
  pubcomp,
  suback,
  unsuback,
  pingresp,
])

export class FrameSieve {
  readonly #options: FrameSieveOptions
  /** Type and length of a frame that is not complete yet. */
  #head: number[] = []
  #left = 0
  #leftOut: { first: number; bytes: number; kept: Buffer[]; keptBytes: number } | undefined

  constructor(options: FrameSieveOptions) {
    this.#options = options
  }

  /** The parts of `chunk` that pass, or what is wrong with the frames: then nothing more can be read. */
  take(chunk: Buffer): Buffer[] | string {
    const passed: Buffer[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#left === 0) {
        const wrong = this.#takeHead(chunk[at++] ?? 0, passed)
        if (wrong !== undefined) return wrong
        continue
      }
      const body = chunk.subarray(at, at + this.#left)
      at += body.length
      this.#left -= body.length
      if (!this.#leftOut) passed.push(body)
      else this.#leaveOut(body)
    }
    return passed
  }

  #takeHead(byte: number, passed: Buffer[]): string | undefined {
    const head = this.#head
    head.push(byte)
    const [first = 0] = head
    if (head.length === 1) return wrongType(first)
    if ((byte & 0x80) !== 0) return head.length > lengthBytesMax ? 'a length of five bytes' : undefined
    const bytes = head.slice(1).reduce((sum, part, at) => sum + (part & 0x7f) * 128 ** at, 0)
    const isMessage = first >> 4 === publish
    if (!isMessage && bytes > controlBytesMax) return `a frame of type ${first >> 4} with ${bytes} bytes`
    const isTooLarge = isMessage && bytes > this.#options.messageBytesMax
    if (isTooLarge && !this.#options.onLeftOut) return `a message of ${bytes} bytes`
    this.#head = []
    this.#left = bytes
    if (isTooLarge) this.#leftOut = { first, bytes, kept: [], keptBytes: 0 }
    else passed.push(Buffer.from(head))
    return undefined
  }

  #leaveOut(body: Buffer): void {
    const message = this.#leftOut
    if (!message) return
    const kept = body.subarray(0, keptBytesMax - message.keptBytes)
    message.kept.push(Buffer.from(kept))
    message.keptBytes += kept.length
    if (this.#left > 0) return
    this.#leftOut = undefined
    const bytes = Buffer.concat(message.kept)
    const topicEnd = 2 + bytes.readUInt16BE(0)
    const hasId = (message.first & 0x06) !== 0
    const payloadFrom = topicEnd + (hasId ? 2 : 0)
    this.#options.onLeftOut?.({
      topic: bytes.toString('utf8', 2, topicEnd),
      packetId: hasId ? bytes.readUInt16BE(topicEnd) : undefined,
      bytes: message.bytes,
      excerpt: bytes.subarray(payloadFrom, payloadFrom + excerptBytesMax),
    })
  }
}

function wrongType(first: number): string | undefined {
  const type = first >> 4
  if (!fromServer.has(type)) return `a frame of type ${type}, which no server sends`
  // Subscribed at QoS 1 at most: a server that sends QoS 2 would fill the memory with messages that it never releases.
  if (type === publish && (first & 0x06) > 2) return 'a message at QoS 2, which was not asked for'
  return undefined
}
