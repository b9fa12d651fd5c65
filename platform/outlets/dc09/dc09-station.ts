// A monitoring station by DC-09: one or two receivers, of which the one that answered last is asked first, and their clocks.
import { messageOf as failureText } from '../../failure.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Dc09Settings } from '../settings/dc09-settings.ts'
import { plainWords } from '../answer-bytes.ts'
import type { OutletAnswer } from '../port.ts'
import { exchangeTcp, exchangeUdp, type Dc09Receiver } from './dc09-exchange.ts'
import { encodeFrame, parseFrame, type Dc09Frame } from '../../dc09/dc09-frame.ts'

/** Share of an attempt's time in which its answer must come. */
const shareOfTime = 0.95
/**
 * An encrypted answer whose time is further away is an old one that was recorded and sent again: its number stands outside of the
 * cipher. The standard lets a receiver be 40 s behind and 20 s ahead of the sender.
 */
const answerAgeMsMax = 60_000

export type Draft = Pick<Dc09Frame, 'id' | 'sequence' | 'data' | 'more' | 'account'>

export interface Dc09StationOptions {
  settings: Dc09Settings
  keyOf: () => Buffer | undefined
  clock: Clock
}

export class Dc09Station {
  readonly #options: Dc09StationOptions
  readonly #offsetsMs: number[]
  /** The time in the newest encrypted answer of each receiver. */
  readonly #newestMs: number[]
  #first = 0

  constructor(options: Dc09StationOptions) {
    this.#options = options
    this.#offsetsMs = options.settings.receivers.map(() => 0)
    this.#newestMs = options.settings.receivers.map(() => 0)
  }

  bytesOf(draft: Draft, offsetMs: number): Buffer {
    const { settings, keyOf, clock } = this.#options
    const { line, receiver } = settings
    const atMs = clock.wallMs() + offsetMs
    return encodeFrame({ ...draft, line, ...(receiver === undefined ? {} : { receiver }), atMs }, keyOf())
  }

  /** Each receiver gets its share of the time. */
  async send(draft: Draft, signal: AbortSignal): Promise<OutletAnswer> {
    const { receivers, timeoutSeconds } = this.#options.settings
    const shareMs = (timeoutSeconds * 1000 * shareOfTime) / receivers.length
    const answers: string[] = []
    for (let turn = 0; turn < receivers.length; turn++) {
      const index = (this.#first + turn) % receivers.length
      const answer = await this.askOne(index, draft, shareMs, signal)
      if (answer.state !== 'refused') this.#first = index
      if (answer.state !== 'refused' || answer.isFinal || signal.aborted) return answer
      answers.push(`${this.nameOf(index)} ${answer.words}`)
    }
    return { state: 'refused', words: answers.join('; ') }
  }

  nameOf(index: number): string {
    const at = this.#options.settings.receivers[index]
    return at === undefined ? '' : `${at.host}:${at.port}`
  }

  async askOne(index: number, draft: Draft, ms: number, signal: AbortSignal): Promise<OutletAnswer> {
    const share = new AbortController()
    const cancel = this.#options.clock.after(ms, () => share.abort())
    try {
      return await this.#ask(index, draft, AbortSignal.any([signal, share.signal]), false)
    } catch (error) {
      const words = share.signal.aborted ? 'no answer' : plainWords(failureText(error))
      return { state: 'refused', words }
    } finally {
      cancel()
    }
  }

  /** `isAgain`: after a NAK, with the receiver's own time. */
  async #ask(index: number, draft: Draft, signal: AbortSignal, isAgain: boolean): Promise<OutletAnswer> {
    const { settings, clock, keyOf } = this.#options
    const receiver = settings.receivers[index]
    if (!receiver) return { state: 'refused', words: 'no receiver', isFinal: true }
    const bytes = this.bytesOf(draft, this.#offsetsMs[index] ?? 0)
    const heard = await this.#exchange(receiver, bytes, signal)
    const key = keyOf()
    const answer = parseFrame(heard, key)
    if (typeof answer === 'string')
      return { state: 'refused', words: `answer not understood (${answer}): ${plainWords(heard)}` }
    const words = `${answer.id} ${answer.data} ${answer.more}`
    // Every machine on the way can write a plain answer: it proves nothing, and ends nothing, where the two have a key.
    const isProven = key === undefined || this.#isFresh(index, answer)
    if (answer.id === 'DUH') return { state: 'refused', words: `not understood: ${words}`, isFinal: isProven }
    if (answer.id === 'NAK' && answer.atMs !== undefined && !isAgain) {
      this.#offsetsMs[index] = answer.atMs - clock.wallMs()
      return this.#ask(index, draft, signal, true)
    }
    if (answer.id !== 'ACK') return { state: 'refused', words }
    if (answer.sequence !== undefined && answer.sequence !== draft.sequence)
      return { state: 'refused', words: `acknowledges ${answer.sequence}, not ${draft.sequence}` }
    return { state: isProven ? 'confirmed' : 'handed-over', words }
  }

  /** Encrypted, and written now: after every earlier answer of this receiver. */
  #isFresh(index: number, { isEncrypted, atMs }: Dc09Frame): boolean {
    const nowMs = this.#options.clock.wallMs() + (this.#offsetsMs[index] ?? 0)
    if (!isEncrypted || atMs === undefined || Math.abs(atMs - nowMs) > answerAgeMsMax) return false
    const newestMs = this.#newestMs[index] ?? 0
    // A receiver whose clock was set back is believed again when the difference is no longer that of a repeated answer.
    if (atMs < newestMs && newestMs - atMs <= answerAgeMsMax) return false
    this.#newestMs[index] = atMs
    return true
  }

  #exchange(receiver: Dc09Receiver, bytes: Buffer, signal: AbortSignal): Promise<Buffer> {
    const { settings, clock } = this.#options
    if (settings.transport === 'tcp') return exchangeTcp(receiver, bytes, signal)
    return exchangeUdp(receiver, bytes, signal, (delayMs, run) => clock.after(delayMs, run))
  }
}
