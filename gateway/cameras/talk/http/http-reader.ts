// Reads one HTTP answer as cameras send it: spaces before colons, odd bytes, bare line feeds, wrong lengths. Bounded in all.
import { CameraProblem } from '../camera-problem.ts'

const headBytesMax = 16 * 1024
/** A chunk's size line; longer is no size. */
const sizeLineMax = 64
/** Answers such as 100 Continue before the answer. */
const earlyAnswersMax = 4
/** Sizes of chunks and the like, beside a quarter of the body: chunks of one byte are an attack on our time. */
const wrappingBytesMax = 64 * 1024

export interface HttpAnswer {
  status: number
  /** Names in lower case, in order, with repeats. */
  headers: [name: string, value: string][]
  body: Buffer
}

/** Push what arrives until `isComplete`, then `finish`; `finish` earlier means that the camera closed. */
export class HttpReader {
  readonly #bodyBytesMax: number
  #pending: Buffer = Buffer.alloc(0)
  #head: Omit<HttpAnswer, 'body'> | undefined
  /** Grows by doubling: a list of parts would cost a hundred times a part of one byte. */
  #body: Buffer = Buffer.alloc(0)
  #bodyBytes = 0
  #receivedBytes = 0
  #earlyAnswers = 0
  /** Bytes still to come of the body or of the chunk; undefined means until the camera closes. */
  #left: number | undefined
  #isChunked = false
  #isComplete = false

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Throws a CameraProblem for what is no HTTP or too large. */
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

  /** The body so far of an answer in several parts, which may go on for ever: its first part may be all that is wanted. */
  get partsSoFar(): Buffer | undefined {
    const type = this.#head?.headers.find(([name]) => name === 'content-type')?.[1] ?? ''
    return /^multipart\//i.test(type) ? this.#body.subarray(0, this.#bodyBytes) : undefined
  }

  finish(): HttpAnswer {
    if (!this.#head) throw new CameraProblem(this.#pending.length === 0 ? 'reset' : 'bad-http')
    return { ...this.#head, body: this.#body.subarray(0, this.#bodyBytes) }
  }

  #takeHead(): boolean {
    const start = this.#pending.subarray(0, 5).toString('latin1')
    if (start.length === 5 && !/^HTTP\//i.test(start)) throw new CameraProblem('bad-http')
    const text = this.#pending.subarray(0, headBytesMax).toString('latin1')
    const end = /\r?\n\r?\n/.exec(text)
    if (!end) {
      if (this.#pending.length >= headBytesMax)
        throw new CameraProblem('bad-http', { detail: 'headers too long' })
      return false
    }
    const [first = '', ...lines] = text.slice(0, end.index).split(/\r?\n/)
    const status = Number(/^HTTP\/\d[^ ]* +(\d{3})/i.exec(first)?.[1] ?? 0)
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
    const length = /^\d+$/.test(value('content-length')) ? Number(value('content-length')) : undefined
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

  /** True when there may be more to take. */
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
