// Keeps the desk equal to the centre: opens the stream first, then reads the complete list, then applies the stream;
// when the stream is quiet, it checks whether the connection is dead. Time, chance and the socket are passed in.
import type { DeskAlarm, StreamMessage, VillageSummary } from '../../../protocols/desk/api.ts'
import type { DeskCommand } from '../../../protocols/desk/commands.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { Random } from '../../../protocols/kit/random.ts'

/** Without a `hello` for this long an attempt has failed. */
export const helloTimeoutMs = 6000
/** After this much silence the list is requested, so that a dead stream is detected within seconds. */
export const quietMs = 4000
/** How many alarms that check compares: more than the reds of any normal day. */
export const comparedMax = 20
export const retryFirstMs = 400
export const retryMaxMs = 8000
/** Messages kept while the list is read; with more, the list is read again. */
export const bufferedMax = 5000

/** All data of the desk, from one moment of the centre. */
export interface DeskContent {
  alarms: DeskAlarm[]
  villages: VillageSummary[]
  /** Newest first. */
  commands?: DeskCommand[]
}

export interface Socket {
  onMessage(listener: (text: string) => void): void
  onClose(listener: () => void): void
  close(): void
}

export type StreamState = 'connecting' | 'live' | 'lost'

export interface StreamLinkOptions {
  clock: Clock
  random: Random
  openSocket: () => Socket
  readAll: () => Promise<DeskContent>
  readMostUrgent: (limit: number) => Promise<DeskAlarm[]>
  agrees: (alarms: readonly DeskAlarm[]) => boolean
  onState: (state: StreamState) => void
  onHello: (centreTimeMs: number) => void
  onSnapshot: (snapshot: DeskContent) => void
  onMessage: (message: StreamMessage) => void
  /** Called after a failure: may throw nothing, and may sign the person out. */
  onFailure: (error: unknown) => void
}

export class StreamLink {
  #options: StreamLinkOptions
  #socket: Socket | undefined
  #attempt = 0
  #failures = 0
  #isStarted = false
  #buffered: StreamMessage[] | undefined
  #lastHeardMs = 0
  #cancelTimer = (): void => {}

  constructor(options: StreamLinkOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#failures = 0
    this.#options.onState('connecting')
    this.#connect()
  }

  stop(): void {
    this.#isStarted = false
    this.#drop()
  }

  /** The browser reports that the network is back, or the page became active: try now instead of waiting. */
  checkNow(): void {
    if (!this.#isStarted) return
    if (this.#socket === undefined) this.#connect()
    else if (this.#buffered === undefined) void this.#compare(this.#attempt)
  }

  #connect(): void {
    this.#drop()
    const attempt = this.#attempt
    const socket = this.#options.openSocket()
    this.#socket = socket
    // Held back from the first message on: messages that the list does not contain yet are applied after it, in order.
    this.#buffered = []
    socket.onMessage((text) => {
      if (attempt === this.#attempt) this.#hear(text, attempt)
    })
    socket.onClose(() => {
      if (attempt === this.#attempt) this.#fail(new Error('the stream closed'))
    })
    this.#arm(helloTimeoutMs, () => this.#fail(new Error('no hello in time')))
  }

  #hear(text: string, attempt: number): void {
    let message: StreamMessage
    try {
      message = JSON.parse(text) as StreamMessage
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#lastHeardMs = this.#options.clock.monotonicMs()
    if (message.type === 'hello') {
      this.#options.onHello(message.centreTimeMs)
      void this.#catchUp(attempt)
    } else if (message.type === 'resync') {
      this.#buffered ??= []
      void this.#catchUp(attempt)
    } else if (this.#buffered === undefined) {
      this.#options.onMessage(message)
    } else if (this.#buffered.push(message) > bufferedMax) {
      this.#fail(new Error('too many changes while the list was read'))
    }
  }

  async #catchUp(attempt: number): Promise<void> {
    // The requests inside have their own time limit; the socket may be quiet in that time.
    this.#cancelTimer()
    try {
      const snapshot = await this.#options.readAll()
      if (attempt !== this.#attempt) return
      const buffered = this.#buffered ?? []
      this.#buffered = undefined
      this.#options.onSnapshot(snapshot)
      for (const message of buffered) this.#options.onMessage(message)
      this.#failures = 0
      this.#options.onState('live')
      this.#watchQuiet(attempt)
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(error)
    }
  }

  #watchQuiet(attempt: number): void {
    const { clock } = this.#options
    this.#arm(Math.max(1, this.#lastHeardMs + quietMs - clock.monotonicMs()), () => {
      if (clock.monotonicMs() - this.#lastHeardMs < quietMs) this.#watchQuiet(attempt)
      else void this.#compare(attempt)
    })
  }

  async #compare(attempt: number): Promise<void> {
    this.#cancelTimer()
    const askedMs = this.#options.clock.monotonicMs()
    try {
      const alarms = await this.#options.readMostUrgent(comparedMax)
      if (attempt !== this.#attempt) return
      const wasQuiet = this.#lastHeardMs <= askedMs
      if (wasQuiet && !this.#options.agrees(alarms)) {
        // The centre has a change that the stream did not deliver: this stream is replaced.
        this.#connect()
        return
      }
      this.#lastHeardMs = this.#options.clock.monotonicMs()
      this.#watchQuiet(attempt)
    } catch (error) {
      if (attempt === this.#attempt) this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#drop()
    const { clock, random } = this.#options
    this.#options.onState('lost')
    this.#options.onFailure(error)
    // A listener may have stopped the link, because the person was signed out.
    if (!this.#isStarted) return
    const ceilingMs = Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    this.#cancelTimer = clock.after(ceilingMs * (0.5 + random.next() / 2), () => this.#connect())
  }

  #arm(delayMs: number, run: () => void): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.after(delayMs, run)
  }

  #drop(): void {
    this.#attempt += 1
    this.#cancelTimer()
    this.#buffered = undefined
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }
}
