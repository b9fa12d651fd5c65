// Reads one HTTP answer with the deviations of real cameras: spaces before colons, odd bytes, bare line feeds, wrong
// lengths. All sizes are bounded.
import { gunzipSync, inflateSync, type ZlibOptions } from 'node:zlib'
import { CameraProblem } from '../camera-problem.ts'

const headBytesMax = 16 * 1024
/** Longest size line of a chunk. */
const sizeLineMax = 64
/** Answers such as 100 Continue before the answer. */
const earlyAnswersMax = 4
/** Overhead of chunks, beside a quarter of the body: chunks of one byte are an attack on processor time. */
const wrappingBytesMax = 64 * 1024

export interface HttpAnswer {
  status: number
  /** Names in lower case, in order, with repeats. */
  headers: [name: string, value: string][]
  body: Buffer
}

/** Push received bytes until `isComplete`, then call `finish`; an earlier `finish` means that the camera closed. */
export class HttpReader {
  readonly #bodyBytesMax: number
  #pending: Buffer = Buffer.alloc(0)
  #head: Omit<HttpAnswer, 'body'> | undefined
  /** Grows by doubling: a list of parts would need a hundred times the memory of one-byte parts. */
  #body: Buffer = Buffer.alloc(0)
  #bodyBytes = 0
  #receivedBytes = 0
  #earlyAnswers = 0
  /** Bytes still missing of the body or chunk; undefined: until the camera closes. */
  #left: number | undefined
  #isChunked = false
  #isComplete = false

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Throws a CameraProblem for an answer that is not HTTP or too large. */
  push(chunk: Buffer): void {
    if (this.#isComplete) return
    this.#receivedBytes += chunk.length
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (!this.#head) {
      if (!this.#takeHead()) return
    }
    if (this.#isChunked) while (this.#takeChunk());
    else this.#takeBody(this.#left ?? this.#pending.length)
    if (!this.#isChunked && this.#left === 0) this.#isComplete = true
    const wrappingBytes = this.#receivedBytes - this.#pending.length - this.#bodyBytes
    if (wrappingBytes > wrappingBytesMax + this.#bodyBytes / 4) throw this.#tooLarge()
  }

  /** The answer so far, because an endless answer may already contain enough. Undefined before its head. */
  get soFar(): HttpAnswer | undefined {
    return this.#head && { ...this.#head, body: this.#body.subarray(0, this.#bodyBytes) }
  }

  /** The length was too short: further bytes belong to the body as well. False without an announced length. */
  readOn(): boolean {
    if (!this.#isComplete || this.#isChunked || this.#head?.status !== 200) return false
    this.#isComplete = false
    this.#left = undefined
    this.#takeBody(this.#pending.length)
    return true
  }

  /** True when it was read to its announced end, and no byte followed. */
  get isCleanEnd(): boolean {
    return this.#isComplete && this.#pending.length === 0
  }

  /**
   * Throws a CameraProblem when the camera closed without an answer, or its compressed body can not be decompressed.
   */
  finish(): HttpAnswer {
    if (!this.#head) throw new CameraProblem(this.#pending.length === 0 ? 'reset' : 'bad-http')
    const body = this.#body.subarray(0, this.#bodyBytes)
    const encoding = this.#head.headers.find(([name]) => name === 'content-encoding')?.[1] ?? ''
    return { ...this.#head, body: unpacked(body, encoding, this.#bodyBytesMax) }
  }

  #takeHead(): boolean {
    const start = this.#pending.subarray(0, 5).toString('latin1')
    if (start.length === 5 && !/^(HTTP\/|ICY )/i.test(start)) throw new CameraProblem('bad-http')
    const text = this.#pending.subarray(0, headBytesMax).toString('latin1')
    const end = /\r?\n\r?\n/.exec(text)
    if (!end) {
      if (this.#pending.length >= headBytesMax)
        throw new CameraProblem('bad-http', { detail: 'headers too long' })
      return false
    }
    // A line that begins with a blank continues the line before (RFC 9112, 5.2).
    const [first = '', ...lines] = text
      .slice(0, end.index)
      .replace(/\r?\n[ \t]+/g, ' ')
      .split(/\r?\n/)
    // Webcams with Shoutcast servers answer ICY.
    const status = Number(/^(?:HTTP\/\d[^ ]*|ICY) +(\d{3})/i.exec(first)?.[1] ?? 0)
    if (status === 0) throw new CameraProblem('bad-http')
    this.#pending = this.#pending.subarray(end.index + end[0].length)
    // 100 Continue is not the answer; the answer follows.
    if (status < 200) {
      if (++this.#earlyAnswers > earlyAnswersMax) throw new CameraProblem('bad-http', { detail: `${status}` })
      return this.#pending.length > 0
    }
    const headers = lines.flatMap((line): [string, string][] => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]] : []
    })
    this.#head = { status, headers }
    const value = (name: string): string => headers.find(([one]) => one === name)?.[1] ?? ''
    this.#isChunked = /chunked/i.test(value('transfer-encoding'))
    // A length together with chunks is wrong (RFC 9112, 6.3).
    const isLength = /^\d+$/.test(value('content-length')) && !this.#isChunked
    const length = isLength ? Number(value('content-length')) : undefined
    if (length !== undefined && length > this.#bodyBytesMax) throw this.#tooLarge()
    this.#left = status === 204 || status === 304 ? 0 : length
    return true
  }

  #takeBody(wanted: number): number {
    const part = this.#pending.subarray(0, wanted)
    this.#pending = this.#pending.subarray(part.length)
    const bodyBytes = this.#bodyBytes + part.length
    if (bodyBytes > this.#bodyBytesMax) throw this.#tooLarge()
    if (bodyBytes > this.#body.length) {
      const wider = Buffer.alloc(Math.min(this.#bodyBytesMax, Math.max(bodyBytes * 2, 16 * 1024)))
      this.#body.copy(wider, 0, 0, this.#bodyBytes)
      this.#body = wider
    }
    part.copy(this.#body, this.#bodyBytes)
    this.#bodyBytes = bodyBytes
    if (this.#left !== undefined) this.#left -= part.length
    return part.length
  }

  /** True when there may be more to read. */
  #takeChunk(): boolean {
    if (this.#left !== undefined && this.#left > 0) return this.#takeBody(this.#left) > 0
    const line = /^(?:\r?\n)?([^\r\n]+)\r?\n/.exec(this.#pending.subarray(0, sizeLineMax).toString('latin1'))
    if (!line) {
      if (this.#pending.length >= sizeLineMax) throw new CameraProblem('bad-http', { detail: 'chunk size' })
      return false
    }
    const size = Number.parseInt(line[1] ?? '', 16)
    if (Number.isNaN(size)) throw new CameraProblem('bad-http', { detail: 'chunk size' })
    this.#pending = this.#pending.subarray(line[0].length)
    this.#left = size
    this.#isComplete = size === 0
    return size > 0
  }

  #tooLarge(): CameraProblem {
    return new CameraProblem('too-large', { detail: `> ${this.#bodyBytesMax} bytes` })
  }
}

/**
 * Compressed although we asked for no compression; if it decompresses to more than the body limit, it is an attack on
 * memory.
 */
function unpacked(body: Buffer, encoding: string, bytesMax: number): Buffer {
  const unpack = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync }[
    encoding.trim().toLowerCase()
  ]
  if (!unpack || body.length === 0) return body
  try {
    return unpack(body, { maxOutputLength: bytesMax } satisfies ZlibOptions)
  } catch (error) {
    const isLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw new CameraProblem(isLarge ? 'too-large' : 'bad-http', {
      detail: encoding.slice(0, 20),
      cause: error,
    })
  }
}
