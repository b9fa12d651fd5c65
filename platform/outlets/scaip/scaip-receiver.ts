// An alarm receiver by SCAIP: a request goes as SIP MESSAGE, its response (`mrs`) comes as a MESSAGE of the receiver, or in the answer itself.
import { readFileSync } from 'node:fs'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { parseGbXml, textOf } from '../../gb28181/gb-xml.ts'
import { SipAgent } from '../../sip/sip-agent.ts'
import { responseTo, type SipHeaders, type SipRequest, type SipResponse } from '../../sip/sip-message.ts'
import { SipRegistration } from '../../sip/sip-registration.ts'
import { plainWords } from '../answer-bytes.ts'
import type { OutletAnswer } from '../port.ts'
import type { ScaipSettings } from '../settings/scaip-settings.ts'

const contentType: SipHeaders = [['content-type', 'application/scaip+xml']]
const allow: SipHeaders = [['allow', 'MESSAGE, OPTIONS']]
/** `snu`, SS 91100: 0 OK; wrong in itself: 1 too long, 2 invalid format, 3 wrong data, 7 mandatory tag missing. Others are busy for now. */
const okNumber = '0'
const finalNumbers = ['1', '2', '3', '7']

export interface ScaipReceiverOptions {
  settings: ScaipSettings
  clock: Clock
  random: Random
  onFailed: (error: unknown) => void
  /** A response that no request waits for any more. */
  onLate: (ref: string, answer: OutletAnswer) => void
  onRegistered: (isRegistered: boolean, words: string) => void
}

/** Undefined for what is no response. */
export function parseScaipResponse(body: Uint8Array): { ref: string; answer: OutletAnswer } | undefined {
  const root = parseGbXml(body)
  const [ref, number] = [textOf(root, 'ref'), textOf(root, 'snu')]
  if (root?.name !== 'mrs' || ref === undefined || number === undefined) return undefined
  if (!/^[0-9A-Za-z]{1,16}$/.test(ref) || !/^\d{1,5}$/.test(number)) return undefined
  const words = plainWords(`snu ${number} ${textOf(root, 'ste') ?? ''}`)
  const digit = String(Number.parseInt(number, 10))
  if (digit === okNumber) return { ref, answer: { state: 'confirmed', words } }
  const isFinal = finalNumbers.includes(digit)
  return { ref, answer: { state: 'refused', words, ...(isFinal ? { isFinal } : {}) } }
}

export class ScaipReceiver {
  readonly uri: string
  readonly caller: string
  readonly #options: ScaipReceiverOptions
  readonly #agent: SipAgent
  readonly #registration: SipRegistration | undefined
  readonly #waiting = new Map<string, (answer: OutletAnswer) => void>()

  constructor(options: ScaipReceiverOptions) {
    this.#options = options
    const { settings, clock, random, onFailed } = options
    const { host, port, transport, receiver, user, domain = host, localHost, localPort } = settings
    this.uri = `sip:${receiver}@${domain}`
    this.caller = `sip:${user}@${domain}`
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
    })
    const expiresSeconds = settings.registerSeconds
    if (expiresSeconds !== undefined)
      this.#registration = new SipRegistration({
        agent: this.#agent,
        uri: `sip:${domain}`,
        expiresSeconds,
        clock,
        onChange: (isRegistered, words) => options.onRegistered(isRegistered, words),
      })
  }

  start(): void {
    this.#registration?.start()
  }

  async stop(): Promise<void> {
    await this.#registration?.stop()
    this.#agent.stop()
  }

  /** Resolves with the receiver's response; a bare 200 proves only that its SIP program has taken the message. */
  async ask(ref: string, body: Buffer, signal: AbortSignal): Promise<OutletAnswer> {
    if (this.#registration && !(await this.#registration.ensure(signal)))
      return { state: 'refused', words: `not registered: ${this.#registration.words}` }
    let respond: (answer: OutletAnswer) => void = () => undefined
    const responded = new Promise<OutletAnswer>((resolve) => (respond = resolve))
    // Before it is sent: the response may come before the 200.
    this.#waiting.set(ref, respond)
    const late = (): void => respond({ state: 'refused', words: 'taken, and no response (mrs) came' })
    try {
      const draft = { method: 'MESSAGE', uri: this.uri, headers: contentType, body }
      const response = await this.#agent.send(draft, signal)
      const words = `${response.status} ${plainWords(response.reason)}`
      if (response.status < 200 || response.status > 299) {
        if ([401, 403, 404].includes(response.status)) this.#registration?.lost(words)
        return { state: 'refused', words }
      }
      const inside = parseScaipResponse(response.body)
      if (inside?.ref === ref) return inside.answer
      if (signal.aborted) late()
      signal.addEventListener('abort', late, { once: true })
      return await responded
    } finally {
      signal.removeEventListener('abort', late)
      this.#waiting.delete(ref)
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
    const reply = (status: number, reason: string, more: SipHeaders = []): SipResponse =>
      responseTo(request, status, reason, this.#options.random.hex(6), more)
    switch (request.method) {
      case 'ACK':
        return undefined
      case 'OPTIONS':
        return reply(200, 'OK', allow)
      case 'MESSAGE': {
        const found = parseScaipResponse(request.body)
        if (!found) return reply(415, 'Unsupported Media Type')
        const respond = this.#waiting.get(found.ref)
        if (respond) respond(found.answer)
        else this.#options.onLate(found.ref, found.answer)
        return reply(200, 'OK')
      }
      default:
        return reply(405, 'Method Not Allowed', allow)
    }
  }
}
