// Cuts the bytes of an RTSP connection into messages and interleaved packets, within bounds, and reads their first lines.
import { CameraProblem } from '../camera-problem.ts'

const headBytesMax = 16 * 1024
/** An SDP of a camera has one or two kilobytes. */
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

  /** What is not cut yet; for when the rest is none of the reader's business. */
  takeRest(): Buffer {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    return rest
  }

  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
  }

  /** The next whole piece, or undefined until more arrives. Throws a CameraProblem for what is no RTSP. */
  next(): RtspMessage | RtspPacket | undefined {
    const pending = this.#pending
    if (pending[0] === 0x24) {
      if (pending.length < 4 || pending.length < 4 + pending.readUInt16BE(2)) return undefined
      return { kind: 'packet', bytes: this.#take(4 + pending.readUInt16BE(2)) }
    }
    const end = pending.indexOf('\r\n\r\n')
    if (end < 0 || end > headBytesMax) {
      if (pending.length > headBytesMax) throw new CameraProblem('bad-rtsp')
      return undefined
    }
    const [first = '', ...lines] = pending.subarray(0, end).toString('latin1').trimStart().split('\r\n')
    const headers = lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]] : []
    })
    const length = Number(headerOf({ headers }, 'content-length') ?? 0)
    if (!(length >= 0 && length <= bodyBytesMax)) throw new CameraProblem('bad-rtsp')
    if (pending.length < end + 4 + length) return undefined
    return { kind: 'message', first, headers, body: this.#take(end + 4 + length).subarray(end + 4) }
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return taken
  }
}

export function headersOf({ headers }: Pick<RtspMessage, 'headers'>, name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value)
}

export function headerOf(message: Pick<RtspMessage, 'headers'>, name: string): string | undefined {
  return headersOf(message, name)[0]
}

export function encodeRtsp({ first, headers, body }: Omit<RtspMessage, 'kind'>): Buffer {
  // A line break inside a value, as out of a camera's challenge, would start a header of its own.
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]/g, '')}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${first}\r\n${lines}\r\n`, 'latin1'), body])
}

/** 0 for what is no answer. */
export function statusOf(first: string): number {
  return Number(/^RTSP\/\d\S* +(\d{3})/.exec(first)?.[1] ?? 0)
}
