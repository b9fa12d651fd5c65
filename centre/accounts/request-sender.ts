// The sender of a request and the address that it used, read from headers of trusted proxies only. Decides whether a
// page of the centre sent it.
import type { IncomingMessage } from 'node:http'
import { createNetworkList, senderAddress } from '../../platform/strangers/network-address.ts'

type Request = Pick<IncomingMessage, 'headers' | 'socket'>

export interface RequestSenderOptions {
  /** Addresses and networks whose X-Forwarded-... headers are trusted. */
  trustedProxies: readonly string[]
  /** True when the centre's own listener uses TLS. */
  isTls: boolean
}

const lastOf = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header.join(',') : header)?.split(',').at(-1)?.trim()

export class RequestSender {
  readonly #isTrusted: (address: string) => boolean
  readonly #isTls: boolean

  constructor({ trustedProxies, isTls }: RequestSenderOptions) {
    this.#isTrusted = createNetworkList(trustedProxies)
    this.#isTls = isTls
  }

  addressOf({ headers, socket }: Request): string {
    const forwarded = headers['x-forwarded-for']
    const text = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
    return senderAddress(socket.remoteAddress ?? '', text, this.#isTrusted)
  }

  /** True for a trusted proxy that forwards another client's request. */
  isProxied({ headers, socket }: Request): boolean {
    return headers['x-forwarded-for'] !== undefined && this.#isTrusted(socket.remoteAddress ?? '')
  }

  /** True when the browser used https. */
  isSecure(request: Request): boolean {
    const forwarded = this.#isTrusted(request.socket.remoteAddress ?? '')
      ? lastOf(request.headers['x-forwarded-proto'])
      : undefined
    return forwarded === undefined ? this.#isTls : forwarded === 'https'
  }

  /** Scheme, host and port that the browser used, in the form of its Origin header; undefined without a host. */
  ownOrigin(request: Request): string | undefined {
    const isTrusted = this.#isTrusted(request.socket.remoteAddress ?? '')
    const host = (isTrusted ? lastOf(request.headers['x-forwarded-host']) : undefined) ?? request.headers.host
    const origin = `${this.isSecure(request) ? 'https' : 'http'}://${host ?? ''}`
    return host !== undefined && URL.canParse(origin) ? new URL(origin).origin : undefined
  }

  /**
   * True when a page of the centre, or no page at all, sent the request. A browser reports it in Sec-Fetch-Site, also
   * for pictures inside a foreign page, which carry no Origin.
   */
  isOwnPage(request: Request): boolean {
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
    const { origin } = request.headers
    return origin === undefined || origin === this.ownOrigin(request)
  }
}
