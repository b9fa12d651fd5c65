// Splits the bytes of an RTSP connection into messages and interleaved packets, within limits, and reads their first
// lines.
import { CameraProblem } from '../camera-problem.ts'

const headBytesMax = 16 * 1024
/** The SDP of a camera has one or two kilobytes. */
const bodyBytesMax = 64 * 1024

export interface RtspMessage {
  kind: 'message'
  /** The first line, such as `RTSP/1.0 200 OK`. */
  first: string
  headers: [name: string, value: string][]
  body: Buffer
}

export interface RtspPacket {
  kind: 'packet'
  bytes: Buffer
}

export class RtspReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The bytes not split yet; used when the reader need not parse the rest. */
  takeRest(): Buffer {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    return rest
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
  }

  /** The next complete piece, or undefined until more arrives. Throws a CameraProblem for input that is not RTSP. */
  next(): RtspMessage | RtspPacket | undefined {
    const pending = this.#pending
    if (pending[0] === 0x24) {
      if (pending.length < 4 || pending.length < 4 + pending.readUInt16BE(2)) return undefined
      return { kind: 'packet', bytes: this.#take(4 + pending.readUInt16BE(2)) }
    }
    // Blank lines before a message, and bare line feeds, are common.
    let start = 0
    while (pending[start] === 0x0d || pending[start] === 0x0a) start++
    if (start > 0) {
      this.#take(start)
      return this.next()
    }
    const text = pending.subarray(0, headBytesMax).toString('latin1')
    const blank = /\r?\n\r?\n/.exec(text)
    if (!blank) {
      if (pending.length > headBytesMax) throw new CameraProblem('bad-rtsp')
      return undefined
    }
    const end = blank.index
    const [first = '', ...lines] = text.slice(0, end).split(/\r?\n/)
    const headers = lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]] : []
    })
    const length = Number(headerOf({ headers }, 'content-length') ?? 0)
    if (!(length >= 0 && length <= bodyBytesMax)) throw new CameraProblem('bad-rtsp')
    const from = end + blank[0].length
    if (pending.length < from + length) return undefined
    return { kind: 'message', first, headers, body: this.#take(from + length).subarray(from) }
  }

  /**
   * While a stream plays: all complete packets of these channels and all complete messages, in order; other bytes
   * between them are dropped.
   */
  takePlaying(channels: ReadonlySet<number>): Buffer[] {
    const bytes = this.#pending
    const parts: Buffer[] = []
    let from = 0
    let at = 0
    for (let end = 0; at < bytes.length; at = end) {
      end = pieceEnd(bytes, at, channels)
      if (end === incomplete) break
      if (end !== junk) continue
      if (at > from) parts.push(bytes.subarray(from, at))
      end = nextStart(bytes, at + 1)
      from = end
    }
    if (at > from) parts.push(bytes.subarray(from, at))
    this.#pending = bytes.subarray(at)
    return parts
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return taken
  }
}

const incomplete = -1
const junk = -2
const messageStart = Buffer.from('RTSP/')

/** The end of the packet or message at `at`; `incomplete` or `none` if there is no complete one. */
function pieceEnd(bytes: Buffer, at: number, channels: ReadonlySet<number>): number {
  const left = bytes.length - at
  if (bytes[at] === 0x24) {
    if (left < 5) return left > 1 && !channels.has(bytes[at + 1] ?? 0) ? junk : incomplete
    // RTP and RTCP both have version 2.
    if (!channels.has(bytes[at + 1] ?? 0) || (bytes[at + 4] ?? 0) >> 6 !== 2) return junk
    const length = 4 + bytes.readUInt16BE(at + 2)
    return left < length ? incomplete : at + length
  }
  const head = bytes.subarray(at, at + messageStart.length)
  if (!messageStart.subarray(0, head.length).equals(head)) return junk
  const text = bytes.subarray(at, at + headBytesMax).toString('latin1')
  const blank = /\r?\n\r?\n/.exec(text)
  if (!blank) return left >= headBytesMax ? junk : incomplete
  const length = Number(/^content-length:\s*(\d{1,6})\s*$/im.exec(text.slice(0, blank.index))?.[1] ?? 0)
  const size = blank.index + blank[0].length + Math.min(length, bodyBytesMax)
  return left < size ? incomplete : at + size
}

function nextStart(bytes: Buffer, from: number): number {
  const found = [bytes.indexOf(0x24, from), bytes.indexOf(messageStart, from)].filter((at) => at >= 0)
  return found.length === 0 ? bytes.length : Math.min(...found)
}

export function headersOf({ headers }: Pick<RtspMessage, 'headers'>, name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
}

export function headerOf(message: Pick<RtspMessage, 'headers'>, name: string): string | undefined {
  return headersOf(message, name)[0]
}

export function encodeRtsp({ first, headers, body }: Omit<RtspMessage, 'kind'>): Buffer {
  // A line break inside a value, for example from a camera's challenge, would start another header.
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]/g, '')}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${first}\r\n${lines}\r\n`, 'latin1'), body])
}

/** 0 for input that is not an answer. */
export function statusOf(first: string): number {
  return Number(/^RTSP\/\d\S* +(\d{3})/.exec(first)?.[1] ?? 0)
}
