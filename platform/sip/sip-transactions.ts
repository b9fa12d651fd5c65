// Transactions without INVITE (RFC 3261 clause 17.1.2 and 17.2.2): a request until its final answer, and one answer to each request however
// often it comes. INVITE is answered like the others.
import type { Clock } from '../../protocols/kit/clock.ts'
import {
  branchOf,
  headerOf,
  isRequest,
  viaOf,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip-message.ts'

/** RFC 3261 table 4. */
export const t1Ms = 500
const t2Ms = 4000
const lifeMs = 64 * t1Ms
/** Requests of ours without a final answer; a further one fails at once. */
const clientsMax = 1000
/**
 * Requests of others that are remembered; the oldest answered one of the address with the most makes room, and its repeat would be
 * taken anew.
 */
const serversMax = 2000
/** Of one address, so that strangers who send many take no place of a camera's. */
const serversPerAddressMax = 500

/** A way to one peer. */
export interface SipLink {
  /** `UDP`, `TCP` or `TLS`. */
  transport: string
  isReliable: boolean
  /** Where the peer reaches us, for Via and Contact. */
  local: { host: string; port: number }
  remote: { host: string; port: number }
  /** A failure is seen by the time-out. */
  send(bytes: Buffer): void
}

/** The answer to a request, or undefined for none (ACK). */
export type AnswerRequest = (
  request: SipRequest,
  link: SipLink,
) => Promise<SipResponse | undefined> | SipResponse | undefined

export interface SipTransactionsOptions {
  clock: Clock
  encode: (message: SipMessage) => Buffer
  answer: AnswerRequest
  /** A request of a peer failed in our program. */
  onFailed: (error: unknown) => void
  /** A response that no request waits for: a 200 to INVITE that is repeated until its ACK arrives. */
  onStray?: ((response: SipResponse, link: SipLink) => void) | undefined
}

interface Client {
  link: SipLink
  bytes: Buffer
  againMs: number
  cancel: () => void
  onResponse: (response: SipResponse) => void
  isProceeding: boolean
}

interface Server {
  host: string
  response?: Buffer
  cancel: () => void
}

export class SipTransactions {
  readonly #options: SipTransactionsOptions
  readonly #clients = new Map<string, Client>()
  readonly #servers = new Map<string, Server>()
  /** Their keys by the address of the peer. */
  readonly #byAddress = new Map<string, Set<string>>()

  constructor(options: SipTransactionsOptions) {
    this.#options = options
  }

  /** Rejects after 32 s without a final answer, or when `signal` aborts. The topmost Via has a new branch. */
  request(request: SipRequest, link: SipLink, signal: AbortSignal): Promise<SipResponse> {
    const { clock, encode } = this.#options
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Error('no answer'))
      if (this.#clients.size >= clientsMax) return reject(new Error('too many requests wait for an answer'))
      const key = `${branchOf(request)} ${request.method}`
      const end = (done: () => void): void => {
        client.cancel()
        cancelLife()
        signal.removeEventListener('abort', aborted)
        if (this.#clients.get(key) === client) this.#clients.delete(key)
        done()
      }
      const aborted = (): void => end(() => reject(new Error('no answer')))
      const client: Client = {
        link,
        bytes: encode(request),
        againMs: t1Ms,
        isProceeding: false,
        cancel: () => undefined,
        onResponse: (response) => {
          if (response.status >= 200) end(() => resolve(response))
          else {
            client.isProceeding = true
            if (request.method !== 'INVITE') return
            // Clause 17.1.1.2: the telephone rings. It is sent no more, and the caller decides how long.
            client.cancel()
            cancelLife()
          }
        },
      }
      const cancelLife = clock.after(lifeMs, aborted)
      signal.addEventListener('abort', aborted, { once: true })
      this.#clients.set(key, client)
      link.send(client.bytes)
      if (!link.isReliable) this.#sendAgain(client)
    })
  }

  take(message: SipMessage, link: SipLink): void {
    if (isRequest(message)) this.#takeRequest(message, link)
    else {
      const client = this.#clients.get(`${branchOf(message)} ${methodOf(message)}`)
      if (client) client.onResponse(message)
      else this.#options.onStray?.(message, link)
    }
  }

  stop(): void {
    for (const { cancel } of [...this.#clients.values(), ...this.#servers.values()]) cancel()
    this.#clients.clear()
    this.#servers.clear()
    this.#byAddress.clear()
  }

  /** Timer E: doubled up to T2; after a provisional answer T2. */
  #sendAgain(client: Client): void {
    client.cancel = this.#options.clock.after(client.againMs, () => {
      client.link.send(client.bytes)
      client.againMs = client.isProceeding ? t2Ms : Math.min(client.againMs * 2, t2Ms)
      this.#sendAgain(client)
    })
  }

  #takeRequest(request: SipRequest, link: SipLink): void {
    const key = `${branchOf(request)} ${viaOf(request)?.sentBy} ${headerOf(request, 'call-id')} ${headerOf(request, 'cseq')} ${request.method}`
    const known = this.#servers.get(key)
    if (known) {
      if (known.response) link.send(known.response)
      return
    }
    const { host } = link.remote
    if (!this.#hasRoom(host)) return
    const server: Server = { host, cancel: () => undefined }
    this.#servers.set(key, server)
    const ofAddress = this.#byAddress.get(host) ?? new Set<string>()
    this.#byAddress.set(host, ofAddress.add(key))
    void this.#answer(request, link, server, key)
  }

  async #answer(request: SipRequest, link: SipLink, server: Server, key: string): Promise<void> {
    const { answer, encode, onFailed, clock } = this.#options
    try {
      const response = await answer(request, link)
      if (response) {
        server.response = encode(response)
        link.send(server.response)
      }
    } catch (error) {
      onFailed(error)
    }
    // Timer J. On a reliable link a repeat can not come; the entry ends at once.
    const forget = (): void => {
      if (this.#servers.get(key) === server) this.#forget(key, server)
    }
    if (link.isReliable || !server.response) forget()
    else server.cancel = clock.after(lifeMs, forget)
  }

  /** False when all places are taken by requests that wait for their answer. */
  #hasRoom(host: string): boolean {
    const own = this.#byAddress.get(host)
    if (own && own.size >= serversPerAddressMax) return this.#makeRoom(own)
    if (this.#servers.size < serversMax) return true
    const crowds = [...this.#byAddress.values()].sort((one, other) => other.size - one.size)
    return crowds.some((crowd) => this.#makeRoom(crowd))
  }

  #makeRoom(keys: ReadonlySet<string>): boolean {
    for (const key of keys) {
      const server = this.#servers.get(key)
      if (!server?.response) continue
      server.cancel()
      this.#forget(key, server)
      return true
    }
    return false
  }

  #forget(key: string, { host }: Server): void {
    this.#servers.delete(key)
    const ofAddress = this.#byAddress.get(host)
    ofAddress?.delete(key)
    if (ofAddress?.size === 0) this.#byAddress.delete(host)
  }
}

const methodOf = (response: SipResponse): string => headerOf(response, 'cseq')?.split(/\s+/)[1] ?? ''
