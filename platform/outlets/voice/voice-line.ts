// The line to an exchange: one call at a time, in which words are played and keys are heard.
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { RtpSpeech, mediaOf, offerOf } from '../../sip/rtp.ts'
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
    const before = this.#last
    const run = async (): Promise<CallOutcome> => {
      await before
      return this.#callNow(user, speech, isKey, signal)
    }
    const made = run()
    this.#last = made.catch(() => undefined)
    return made
  }

  async #callNow(
    user: string,
    speech: Uint8Array,
    isKey: (key: string) => boolean,
    signal: AbortSignal,
  ): Promise<CallOutcome> {
    const { clock, random, settings } = this.#options
    if (signal.aborted) return { state: 'refused', words: 'the line was busy with another call', tookMs: 0 }
    if (this.#registration && !(await this.#registration.ensure(signal)))
      return { state: 'refused', words: `not registered: ${this.#registration.words}`, tookMs: 0 }
    const over = new AbortController()
    let pressed: string | undefined
    const onKey = (key: string): void => {
      if (!isKey(key)) return
      pressed = key
      over.abort()
    }
    const { local, remote } = await this.#agent.ends(signal)
    const rtp = new RtpSpeech({ server: remote, clock, random, onKey })
    const sdp = offerOf(local, await rtp.open(local), random.between(1, 2 ** 31).toString())
    const uri = `sip:${user}@${this.domain}`
    const call = new SipCall({ agent: this.#agent, uri, sdp, random, onKey, onEnd: () => over.abort() })
    this.#call = call
    const ringing = new AbortController()
    const cancelRinging = clock.after(settings.ringSeconds * 1000, () => ringing.abort())
    try {
      const response = await call
        .place(AbortSignal.any([signal, ringing.signal]))
        .catch((error: Error) => error.message)
        .finally(cancelRinging)
      if (typeof response === 'string')
        return { state: 'refused', words: ringing.signal.aborted ? 'not picked up' : response, tookMs: 0 }
      const words = plainWords(`${response.status} ${response.reason}`)
      if (response.status > 299) return { state: 'refused', words, tookMs: 0 }
      const openedMs = clock.monotonicMs()
      const media = mediaOf(response.body)
      if (!media) return { state: 'refused', words: 'it takes no µ-law speech', tookMs: 0 }
      await rtp.play(media, speech, AbortSignal.any([signal, over.signal]))
      const isWhole = !signal.aborted && (!over.signal.aborted || pressed !== undefined)
      const tookMs = clock.monotonicMs() - openedMs
      return { state: isWhole ? 'played' : 'answered', words, key: pressed, tookMs }
    } finally {
      await call.hangUp()
      rtp.close()
    }
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
