// Reads one HTTP answer as cameras send it: spaces before colons, odd bytes, bare line feeds, wrong lengths. Bounded in all.
import { CameraProblem } from './camera-problem.ts'

const headBytesMax = 16 * 1024
/** A chunk's size line; longer is no size. */
const sizeLineMax = 64

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
  readonly #body: Buffer[] = []
  #bodyBytes = 0
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
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    while (!this.#head) {
      if (!this.#takeHead()) return
    }
    if (this.#isChunked) while (this.#takeChunk());
    else this.#takeBody(this.#left ?? this.#pending.length)
    if (!this.#isChunked && this.#left === 0) this.#isComplete = true
  }

  finish(): HttpAnswer {
    if (!this.#head) throw new CameraProblem(this.#pending.length === 0 ? 'reset' : 'bad-http')
    return { ...this.#head, body: Buffer.concat(this.#body, this.#bodyBytes) }
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
    if (status < 200) return this.#pending.length > 0
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
    this.#body.push(part)
    this.#bodyBytes += part.length
    if (this.#bodyBytes > this.#bodyBytesMax) throw this.#tooLarge()
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
