// A user agent at one server: its link by UDP, TCP or TLS, requests with everything that RFC 3261 clause 8.1.1 asks for, and digest when asked.
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { isIPv6, type Socket } from 'node:net'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { DigestClient, type Credentials } from './sip-digest.ts'
import { connectSip, localAddressTo, SipUdp, type HostAndPort, type SipLinksOptions } from './sip-links.ts'
import {
  encodeSip,
  headersOf,
  isRequest,
  type SipHeaders,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts'
import { SipTransactions, type AnswerRequest, type SipLink } from './sip-transactions.ts'

export interface SipAgentSettings {
  server: HostAndPort
  transport: 'udp' | 'tcp' | 'tls'
  /** With `tls`: the authority of the server's certificate; absent: those that the system knows. */
  caFile?: string | undefined
  /** Where the server reaches us; absent: the address of this machine on the way to it, and any port. */
  local?: { host?: string | undefined; port?: number | undefined }
  /** `user@domain`, without `sip:`. */
  address: string
}

export interface SipAgentOptions {
  settings: SipAgentSettings
  credentials: () => Credentials | undefined
  clock: Clock
  random: Random
  answer: AnswerRequest
  onFailed: (error: unknown) => void
  /** See `SipTransactionsOptions`. */
  onStray?: (response: SipResponse, link: SipLink) => void
}

export interface SipDraft {
  method: string
  uri: string
  /** Absent: `uri`. */
  to?: string
  headers?: SipHeaders
  body?: Uint8Array
  /** A dialog's own; absent: new ones. */
  callId?: string
  fromTag?: string
  cseq?: number
}

/** Challenges that are answered in one request: the second is for a nonce that has expired. */
const challengesMax = 2

export class SipAgent {
  readonly #options: SipAgentOptions
  readonly #transactions: SipTransactions
  readonly #links: SipLinksOptions
  readonly #digests = new Map<string, { header: string; client: DigestClient }>()
  #udp: SipUdp | undefined
  #tcp: { socket: Socket; link: SipLink } | undefined
  #opening: Promise<SipLink> | undefined
  #serverAddress: string | undefined
  readonly #registrations: string
  #cseq = 0
  #isStopped = false

  constructor(options: SipAgentOptions) {
    this.#options = options
    const { clock, answer, onFailed, onStray } = options
    this.#registrations = options.random.hex(12)
    this.#transactions = new SipTransactions({ clock, encode: encodeSip, answer, onFailed, onStray })
    this.#links = {
      onMessage: (message, link) => this.#take(message, link),
      onNoise: () => undefined,
    }
  }

  get address(): string {
    return this.#options.settings.address
  }

  /** One request and its final answer; a 401 or 407 is answered when there are credentials. */
  async send(draft: SipDraft, signal: AbortSignal): Promise<SipResponse> {
    const link = await this.#link(signal)
    const { random } = this.#options
    // All registrations of one start have one Call-ID (clause 10.2).
    const {
      callId = draft.method === 'REGISTER' ? this.#registrations : random.hex(12),
      fromTag = random.hex(6),
    } = draft
    for (let asked = 0; ; asked++) {
      const request = this.#requestOf({ ...draft, callId, fromTag }, link)
      const response = await this.#transactions.request(request, link, signal).catch((error: unknown) => {
        this.#giveUp(draft, link)
        throw error
      })
      if (asked >= challengesMax || !this.#learn(draft.method, response, asked)) return response
    }
  }

  /**
   * An INVITE and its final answer (clause 13.2). Each answer but a 2xx is acknowledged here; `onAttempt` gets every request as it is sent,
   * for CANCEL and for the ACK of a 2xx.
   */
  async invite(
    draft: Omit<SipDraft, 'method'>,
    onAttempt: (sent: { request: SipRequest; link: SipLink }) => void,
    signal: AbortSignal,
  ): Promise<SipResponse> {
    const link = await this.#link(signal)
    const { random } = this.#options
    const { callId = random.hex(12), fromTag = random.hex(6) } = draft
    for (let asked = 0; ; asked++) {
      const request = this.#requestOf({ ...draft, method: 'INVITE', callId, fromTag }, link)
      onAttempt({ request, link })
      const response = await this.#transactions.request(request, link, signal)
      if (response.status >= 300) link.send(encodeSip(ackOf(request, response)))
      if (asked >= challengesMax || !this.#learn('INVITE', response, asked)) return response
    }
  }

  /** A request that no answer follows (ACK), for the caller to send. */
  outside(draft: SipDraft & { callId: string; fromTag: string }, link: SipLink): SipRequest {
    return this.#requestOf(draft, link)
  }

  /** The addresses of this machine and of the server on the way between them. */
  async ends(signal: AbortSignal): Promise<{ local: string; remote: string }> {
    const { local, remote } = await this.#link(signal)
    return { local: local.host, remote: remote.host }
  }

  /** Of the link that is open; for the text of a test. */
  contact({ host, port }: HostAndPort): string {
    const user = this.address.replace(/@.*$/s, '')
    const { transport } = this.#options.settings
    return `<sip:${user}@${at(host)}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}>`
  }

  stop(): void {
    this.#isStopped = true
    this.#transactions.stop()
    this.#udp?.stop()
    this.#tcp?.socket.destroy()
  }

  /** A server that answers no registration on a connection may be gone without a word: the next request opens another. */
  #giveUp({ method }: SipDraft, link: SipLink): void {
    if (method === 'REGISTER' && this.#tcp?.link === link) this.#tcp.socket.destroy()
  }

  #take(message: SipMessage, link: SipLink): void {
    // Requests by UDP count from the server's own address only: any machine can write a datagram.
    if (link.transport === 'UDP' && isRequest(message) && link.remote.host !== this.#serverAddress) return
    this.#transactions.take(message, link)
  }

  #requestOf(draft: SipDraft & { callId: string; fromTag: string }, link: SipLink): SipRequest {
    const { random } = this.#options
    const { method, uri, to = `<${uri}>`, headers = [], body = new Uint8Array(), callId, fromTag } = draft
    const known = this.#digests.get(method)
    const credentials = known && this.#options.credentials()
    const proof = credentials && known.client.authorization(method, uri, credentials)
    const { host, port } = link.local
    return {
      method,
      uri,
      headers: [
        ['via', `SIP/2.0/${link.transport} ${at(host)}:${port};rport;branch=z9hG4bK${random.hex(10)}`],
        ['max-forwards', '70'],
        ['from', `<sip:${this.address}>;tag=${fromTag}`],
        ['to', to],
        ['call-id', callId],
        ['cseq', `${draft.cseq ?? ++this.#cseq} ${method}`],
        ['user-agent', 'gengfu'],
        ...(['REGISTER', 'SUBSCRIBE', 'INVITE', 'REFER'].includes(method)
          ? ([['contact', this.contact(link.local)]] satisfies SipHeaders)
          : []),
        ...(known && proof !== undefined ? ([[known.header, proof]] satisfies SipHeaders) : []),
        ...headers,
      ],
      body,
    }
  }

  /** True when the challenge can be answered, and the answer may be better than the one before it. */
  #learn(method: string, response: SipResponse, asked: number): boolean {
    const { status } = response
    if (status !== 401 && status !== 407) return false
    const [asks, header] =
      status === 401 ? ['www-authenticate', 'authorization'] : ['proxy-authenticate', 'proxy-authorization']
    const values = headersOf(response, asks)
    const client = new DigestClient(this.#options.random)
    if (!client.learn(values) || !this.#options.credentials()) return false
    this.#digests.set(method, { header, client })
    // Asked again although the nonce is new: the password is wrong.
    return asked === 0 || values.some((value) => /\bstale\s*=\s*"?true/i.test(value))
  }

  async #link(signal: AbortSignal): Promise<SipLink> {
    if (this.#isStopped) throw new Error('stopped')
    if (this.#tcp && !this.#tcp.socket.destroyed && this.#tcp.socket.writable) return this.#tcp.link
    this.#opening ??= this.#open(signal).finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #open(signal: AbortSignal): Promise<SipLink> {
    const { server, transport, local, caFile } = this.#options.settings
    if (transport !== 'udp') {
      const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
      const opened = await connectSip(server, this.#links, signal, transport === 'tls' ? { ca } : undefined)
      this.#tcp = opened
      return opened.link
    }
    const { address } = await lookup(server.host)
    this.#serverAddress = address
    const remote = { host: address, port: server.port }
    const mine = local?.host ?? (await localAddressTo(remote))
    if (!this.#udp) {
      const udp = new SipUdp(this.#links)
      // Not to the configured address: behind a NAT it is none of this machine's.
      await udp.start({ host: isIPv6(address) ? '::' : '0.0.0.0', port: local?.port ?? 0 })
      this.#udp = udp
    }
    return this.#udp.linkTo(remote, mine)
  }
}

/** Of an answer that refuses: in the transaction of the INVITE itself (clause 17.1.1.3). */
export function ackOf(invite: SipRequest, response: SipResponse): SipRequest {
  const same = invite.headers.filter(([name]) =>
    ['via', 'max-forwards', 'from', 'call-id', 'route'].includes(name),
  )
  const cseq = headersOf(invite, 'cseq')[0] ?? ''
  return {
    method: 'ACK',
    uri: invite.uri,
    headers: [...same, ['to', headersOf(response, 'to')[0] ?? ''], ['cseq', cseq.replace(/ .*$/, ' ACK')]],
    body: new Uint8Array(),
  }
}

const at = (host: string): string => (host.includes(':') ? `[${host}]` : host)
