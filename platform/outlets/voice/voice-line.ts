// The line to an exchange: one call at a time, in which words are played and keys are heard, or which is passed on to another number.
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { RtpSpeech, mediaOf, offerOf, type Media } from '../../sip/rtp.ts'
import { SipAgent } from '../../sip/sip-agent.ts'
import { SipCall } from '../../sip/sip-call.ts'
import { responseTo, type SipRequest, type SipResponse } from '../../sip/sip-message.ts'
import { SipRegistration } from '../../sip/sip-registration.ts'
import { plainWords } from '../answer-bytes.ts'
import type { CallSettings } from '../settings/voice-settings.ts'

export interface VoiceLineOptions {
  settings: CallSettings
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
  onRegistered: (isRegistered: boolean, words: string) => void
}

export interface CallOutcome {
  /** `played`: all of the words were sent. */
  state: 'refused' | 'answered' | 'played'
  words: string
  key?: string | undefined
  /** How long it was open. */
  tookMs: number
}

export interface ConnectOutcome {
  /** `unreached`: the first telephone was not. `failed`: it was, and the second was not, or the exchange connects no calls. */
  state: 'unreached' | 'failed' | 'connected'
  words: string
}

/** A call that is open. */
interface OpenCall {
  call: SipCall
  rtp: RtpSpeech
  media: Media
  /** Of the exchange. */
  words: string
  over: AbortController
}

/** With INVITE and its answer, before the time of the words and keys. */
type CallStart = { isOpen: true; open: OpenCall } | { isOpen: false; words: string }

export class VoiceLine {
  readonly domain: string
  readonly #options: VoiceLineOptions
  readonly #agent: SipAgent
  readonly #registration: SipRegistration | undefined
  #call: SipCall | undefined
  /** A line carries one call: the next one waits. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: VoiceLineOptions) {
    this.#options = options
    const { settings, clock, random, onFailed, onRegistered } = options
    const { host, port, transport, user, domain = host, localHost, localPort } = settings
    this.domain = domain
    this.#agent = new SipAgent({
      settings: {
        server: { host, port },
        transport,
        caFile: settings.caFile,
        local: { host: localHost, port: localPort },
        address: `${user}@${domain}`,
      },
      credentials: () => this.#credentials(),
      clock,
      random,
      answer: (request) => this.#answer(request),
      onFailed,
      onStray: (response, link) => this.#call?.stray(response, link),
    })
    const expiresSeconds = settings.registerSeconds
    if (expiresSeconds !== undefined)
      this.#registration = new SipRegistration({
        agent: this.#agent,
        uri: `sip:${domain}`,
        expiresSeconds,
        clock,
        onChange: (isRegistered, words) => onRegistered(isRegistered, words),
      })
  }

  start(): void {
    this.#registration?.start()
  }

  async stop(): Promise<void> {
    await this.#call?.hangUp()
    await this.#registration?.stop()
    this.#agent.stop()
  }

  /** `isKey`: a key that ends the call. */
  call(
    user: string,
    speech: Uint8Array,
    isKey: (key: string) => boolean,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    let pressed: string | undefined
    const onKey = (key: string, over: AbortController): void => {
      if (!isKey(key)) return
      pressed = key
      over.abort()
    }
    const talk = async (start: CallStart): Promise<CallOutcome> => {
      if (!start.isOpen) return { state: 'refused', words: start.words, tookMs: 0 }
      const { clock } = this.#options
      const { rtp, media, words, over } = start.open
      const openedMs = clock.monotonicMs()
      await rtp.play(media, speech, AbortSignal.any([signal, over.signal]))
      const isWhole = !signal.aborted && (!over.signal.aborted || pressed !== undefined)
      const tookMs = clock.monotonicMs() - openedMs
      return { state: isWhole ? 'played' : 'answered', words, key: pressed, tookMs }
    }
    return this.#inTurn(user, onKey, signal, talk)
  }

  /** Calls `user`, plays `speech`, and has the exchange connect that telephone with `target` (RFC 3515, as RFC 5589 describes it). */
  connect(user: string, speech: Uint8Array, target: string, signal: AbortSignal): Promise<ConnectOutcome> {
    const talk = async (start: CallStart): Promise<ConnectOutcome> => {
      if (!start.isOpen) return { state: 'unreached', words: start.words }
      const { call, rtp, media, over } = start.open
      await rtp.play(media, speech, AbortSignal.any([signal, over.signal]))
      if (signal.aborted || over.signal.aborted) return { state: 'failed', words: 'hung up before the other' }
      return this.#passOn(call, `sip:${target}@${this.domain}`, AbortSignal.any([signal, over.signal]))
    }
    return this.#inTurn(user, () => undefined, signal, talk)
  }

  /** A telephone that leaves without a report has been connected: an exchange that joins two calls ends ours. */
  async #passOn(call: SipCall, uri: string, signal: AbortSignal): Promise<ConnectOutcome> {
    const { clock, settings } = this.#options
    let done: (outcome: ConnectOutcome) => void = () => undefined
    const reported = new Promise<ConnectOutcome>((resolve) => (done = resolve))
    const onProgress = (status: number, reason: string): void => {
      const words = plainWords(`${status} ${reason}`)
      if (status >= 200) done({ state: status < 300 ? 'connected' : 'failed', words })
    }
    const unsaid = (): void => done({ state: 'connected', words: 'passed on, without a report' })
    const cancel = clock.after(settings.ringSeconds * 1000, unsaid)
    signal.addEventListener('abort', unsaid, { once: true })
    try {
      const { status, reason } = await call.refer(uri, onProgress, signal)
      if (status > 299) {
        const words = plainWords(`${status} ${reason}`)
        return { state: 'failed', words: `the exchange connects no calls: ${words}` }
      }
      return await reported
    } catch {
      return { state: 'failed', words: 'the exchange does not answer the request to connect' }
    } finally {
      cancel()
      signal.removeEventListener('abort', unsaid)
    }
  }

  #inTurn<T>(
    user: string,
    onKey: (key: string, over: AbortController) => void,
    signal: AbortSignal,
    talk: (start: CallStart) => Promise<T>,
  ): Promise<T> {
    const before = this.#last
    const run = async (): Promise<T> => {
      await before
      return this.#callNow(user, onKey, signal, talk)
    }
    const made = run()
    this.#last = made.catch(() => undefined)
    return made
  }

  async #callNow<T>(
    user: string,
    onKey: (key: string, over: AbortController) => void,
    signal: AbortSignal,
    talk: (start: CallStart) => Promise<T>,
  ): Promise<T> {
    const { clock, random } = this.#options
    const refused = (words: string): Promise<T> => talk({ isOpen: false, words })
    if (signal.aborted) return refused('the line was busy with another call')
    if (this.#registration && !(await this.#registration.ensure(signal)))
      return refused(`not registered: ${this.#registration.words}`)
    const over = new AbortController()
    const onOwnKey = (key: string): void => onKey(key, over)
    const { local, remote } = await this.#agent.ends(signal)
    const rtp = new RtpSpeech({ server: remote, clock, random, onKey: onOwnKey })
    const sdp = offerOf(local, await rtp.open(local), random.between(1, 2 ** 31).toString())
    const uri = `sip:${user}@${this.domain}`
    const onEnd = (): void => over.abort()
    const call = new SipCall({ agent: this.#agent, uri, sdp, random, onKey: onOwnKey, onEnd })
    this.#call = call
    try {
      const response = await this.#ring(call, signal)
      if (typeof response === 'string') return await refused(response)
      const words = plainWords(`${response.status} ${response.reason}`)
      if (response.status > 299) return await refused(words)
      const media = mediaOf(response.body)
      if (!media) return await refused('it takes no µ-law speech')
      return await talk({ isOpen: true, open: { call, rtp, media, words, over } })
    } finally {
      await call.hangUp()
      rtp.close()
    }
  }

  /** The final answer, or why there is none. */
  async #ring(call: SipCall, signal: AbortSignal): Promise<SipResponse | string> {
    const { clock, settings } = this.#options
    const ringing = new AbortController()
    const cancelRinging = clock.after(settings.ringSeconds * 1000, () => ringing.abort())
    const response = await call
      .place(AbortSignal.any([signal, ringing.signal]))
      .catch((error: Error) => error.message)
      .finally(cancelRinging)
    return typeof response === 'string' && ringing.signal.aborted ? 'not picked up' : response
  }

  #credentials(): { user: string; password: string } | undefined {
    const { passwordFile, user } = this.#options.settings
    // Read at each use: a changed password needs no restart.
    return passwordFile === undefined
      ? undefined
      : { user, password: readFileSync(passwordFile, 'utf8').trim() }
  }

  #answer(request: SipRequest): SipResponse | undefined {
    if (this.#call?.takes(request)) return this.#call.answer(request)
    if (request.method === 'ACK') return undefined
    const { random } = this.#options
    return request.method === 'OPTIONS'
      ? responseTo(request, 200, 'OK', random.hex(6))
      : responseTo(request, 481, 'Call/Transaction Does Not Exist', random.hex(6))
  }
}
