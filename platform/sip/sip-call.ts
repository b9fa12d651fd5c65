// One call that we make (RFC 3261 clause 13 and 15): INVITE, ringing, ACK, the end by either side, and its transfer to another number
// (RFC 3515). Speech and keys are in `rtp.ts`.
import type { Random } from '../../protocols/kit/random.ts'
import type { SipAgent } from './sip-agent.ts'
import {
  encodeSip,
  headerOf,
  headersOf,
  parseAddress,
  responseTo,
  splitList,
  type SipHeaders,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts'
import type { SipLink } from './sip-transactions.ts'

const goodbyeMs = 2000

export interface SipCallOptions {
  agent: SipAgent
  uri: string
  /** Our offer. */
  sdp: string
  random: Pick<Random, 'hex'>
  /** A key by SIP INFO, as some gateways send it. */
  onKey: (key: string) => void
  /** The other side has hung up. */
  onEnd: () => void
}

export class SipCall {
  readonly callId: string
  readonly #options: SipCallOptions
  readonly #fromTag: string
  #sent: { request: SipRequest; link: SipLink } | undefined
  #accepted: SipResponse | undefined
  #isOver = false
  #onProgress: (status: number, reason: string) => void = () => undefined

  constructor(options: SipCallOptions) {
    this.#options = options
    this.callId = options.random.hex(12)
    this.#fromTag = options.random.hex(6)
  }

  /** Resolves with the final answer; a 2xx is acknowledged, and its body is the other side's SDP. `signal` ends the ringing. */
  async place(signal: AbortSignal): Promise<SipResponse> {
    const { agent, uri, sdp } = this.#options
    const cancel = (): void => this.#cancel()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      const draft = {
        uri,
        callId: this.callId,
        fromTag: this.#fromTag,
        headers: [
          ['content-type', 'application/sdp'],
          ['allow', 'INVITE, ACK, CANCEL, BYE, INFO, NOTIFY'],
        ] satisfies SipHeaders,
        body: Buffer.from(sdp),
      }
      const response = await agent.invite(draft, (sent) => (this.#sent = sent), signal)
      if (response.status < 300) {
        this.#accepted = response
        this.#acknowledge()
      } else this.#isOver = true
      return response
    } catch (error) {
      this.#isOver = true
      throw error
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  /** True when the request was of this call, and `reply` is its answer. */
  takes(request: SipRequest): boolean {
    return headerOf(request, 'call-id') === this.callId
  }

  answer(request: SipRequest): SipResponse | undefined {
    const { random, onEnd, onKey } = this.#options
    const reply = (status: number, reason: string): SipResponse =>
      responseTo(request, status, reason, random.hex(6))
    switch (request.method) {
      case 'ACK':
        return undefined
      case 'BYE':
        this.#isOver = true
        onEnd()
        return reply(200, 'OK')
      case 'INFO': {
        const found = /^\s*Signal\s*=\s*([0-9*#])/im.exec(Buffer.from(request.body).toString('latin1'))
        if (found) onKey(found[1] ?? '')
        return reply(200, 'OK')
      }
      case 'NOTIFY': {
        const found = /^SIP\/2\.0 ([1-6]\d\d) ?([^\r\n]{0,80})/.exec(
          Buffer.from(request.body).toString('latin1'),
        )
        if (found) this.#onProgress(Number(found[1]), found[2] ?? '')
        return reply(200, 'OK')
      }
      default:
        return reply(488, 'Not Acceptable Here')
    }
  }

  /**
   * A response that no request waits for. A 200 is repeated until its ACK arrives; one that comes after we have given up is a telephone that was
   * picked up at that moment: it is acknowledged and hung up, or it would stay open.
   */
  stray(response: SipResponse, link: SipLink): void {
    if (headerOf(response, 'call-id') !== this.callId || !headerOf(response, 'cseq')?.endsWith(' INVITE'))
      return
    if (response.status < 200 || response.status > 299) return
    if (this.#accepted) return this.#acknowledge()
    if (!this.#sent) return
    this.#accepted = response
    this.#sent = { ...this.#sent, link }
    this.#acknowledge()
    this.#isOver = false
    void this.hangUp()
  }

  /**
   * Asks the other side to call `target` and to leave us: an exchange that stands between joins the two, a telephone calls by itself. The answer
   * to REFER says only that it is tried; `onProgress` gets the status of that call as the other side reports it.
   */
  async refer(
    target: string,
    onProgress: (status: number, reason: string) => void,
    signal: AbortSignal,
  ): Promise<SipResponse> {
    const { agent } = this.#options
    this.#onProgress = onProgress
    const inDialog = this.#inDialog()
    const headers: SipHeaders = [
      ...inDialog.headers,
      ['refer-to', `<${target}>`],
      ['referred-by', `<sip:${agent.address}>`],
    ]
    return agent.send({ method: 'REFER', ...inDialog, headers }, signal)
  }

  /** For at most two seconds; the other side may have hung up already. */
  async hangUp(): Promise<void> {
    if (this.#isOver || !this.#accepted) return
    this.#isOver = true
    const { agent } = this.#options
    const late = AbortSignal.timeout(goodbyeMs)
    await agent.send({ method: 'BYE', ...this.#inDialog() }, late).catch(() => undefined)
  }

  /** A new request in the dialog: to the other side's Contact, by the route of its answer, reversed (clause 12.1.2). */
  #inDialog() {
    const accepted = this.#accepted ?? { headers: [] }
    const contact = parseAddress(headersOf(accepted, 'contact').flatMap(splitList)[0] ?? '')?.uri
    const routes = headersOf(accepted, 'record-route').flatMap(splitList).toReversed()
    return {
      uri: contact ?? this.#options.uri,
      to: headerOf(accepted, 'to') ?? '',
      callId: this.callId,
      fromTag: this.#fromTag,
      headers: routes.map((route): [string, string] => ['route', route]),
    }
  }

  #acknowledge(): void {
    const { agent } = this.#options
    const sent = this.#sent
    if (!sent) return
    const cseq = Number.parseInt(headerOf(sent.request, 'cseq') ?? '1', 10)
    sent.link.send(encodeSip(agent.outside({ method: 'ACK', ...this.#inDialog(), cseq }, sent.link)))
  }

  /** Clause 9.1: only while it rings; what comes instead of a 487 is taken by `stray`. */
  #cancel(): void {
    const sent = this.#sent
    if (!sent || this.#accepted) return
    const names = ['via', 'max-forwards', 'from', 'to', 'call-id', 'route']
    const headers = sent.request.headers.filter(([name]) => names.includes(name))
    const cseq = (headerOf(sent.request, 'cseq') ?? '').replace(/ .*$/, ' CANCEL')
    const cancel = {
      method: 'CANCEL',
      uri: sent.request.uri,
      headers: [...headers, ['cseq', cseq] as [string, string]],
      body: new Uint8Array(),
    }
    sent.link.send(encodeSip(cancel))
  }
}
