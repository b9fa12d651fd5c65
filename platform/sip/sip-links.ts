// Sockets of SIP: UDP for any number of peers, and TCP in both directions. What a peer sends is bounded, and what is no SIP is dropped.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect, isIP, isIPv6, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { isRequest, parseSip, splitList, viaOf, type SipMessage } from './sip-message.ts'
import { SipStream } from './sip-stream.ts'
import type { SipLink } from './sip-transactions.ts'

/** Bytes that a slow peer has not read; beyond it the connection ends. */
const unsentBytesMax = 1_048_576
const sipPort = 5060
/** A peer that is gone without a word is noticed: the first probe of the system after this time of silence. */
const probeMs = 60_000

export interface SipLinksOptions {
  onMessage: (message: SipMessage, link: SipLink) => void
  /** Bytes that are no message of SIP: counted, and dropped. */
  onNoise: (problem: string, address: string) => void
}

export interface HostAndPort {
  host: string
  port: number
}

const plain = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '')

export class SipUdp {
  readonly #options: SipLinksOptions
  #socket: UdpSocket | undefined

  constructor(options: SipLinksOptions) {
    this.#options = options
  }

  /** Resolves with the port. */
  async start({ host, port }: HostAndPort): Promise<number> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    socket.on('message', (bytes, from) => this.#take(bytes, { host: from.address, port: from.port }))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind(port, host, () => {
        socket.removeAllListeners('error')
        // Later: a peer's port is closed. The time-out of the request shows it.
        socket.on('error', () => undefined)
        resolve()
      })
    })
    this.#socket = socket
    return socket.address().port
  }

  linkTo(remote: HostAndPort, localHost: string): SipLink {
    const socket = this.#socket
    const local = { host: localHost, port: socket?.address().port ?? 0 }
    return {
      transport: 'UDP',
      isReliable: false,
      local,
      remote,
      send: (bytes) => {
        if (this.#socket === socket) socket?.send(bytes, remote.port, remote.host, () => undefined)
      },
    }
  }

  stop(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  #take(bytes: Buffer, from: HostAndPort): void {
    // Empty lines keep a way through a NAT open.
    if (bytes.length <= 4 || !this.#socket) return
    const parsed = parseSip(bytes)
    if ('problem' in parsed) this.#options.onNoise(parsed.problem, from.host)
    else {
      const { message } = parsed
      const remote = isRequest(message) ? markVia(message, from) : from
      this.#options.onMessage(message, this.linkTo(remote, this.#socket.address().address))
    }
  }
}

/** Notes in the topmost Via where a datagram came from, and returns where its answer goes (RFC 3581 clause 4). */
function markVia(message: SipMessage, { host, port }: HostAndPort): HostAndPort {
  const first = message.headers.find(([name]) => name === 'via')
  const via = viaOf(message)
  if (!first || !via) return { host, port }
  if (!via.parameters.has('rport')) return { host, port: via.port ?? sipPort }
  const [mine = '', ...rest] = splitList(first[1])
  const marked = mine.replace(/;\s*rport(?:\s*=\s*\d*)?/i, `;rport=${port};received=${host}`)
  first[1] = [marked, ...rest].join(', ')
  return { host, port }
}

/** A connection as a link: messages in both directions on the same one. */
export function serveSipSocket(
  socket: Socket,
  { onMessage, onNoise }: SipLinksOptions,
  transport = 'TCP',
): SipLink {
  const stream = new SipStream()
  const link: SipLink = {
    transport,
    isReliable: true,
    local: { host: plain(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { host: plain(socket.remoteAddress), port: socket.remotePort ?? 0 },
    send: (bytes) => {
      if (socket.destroyed) return
      if (socket.writableLength > unsentBytesMax) socket.destroy()
      else socket.write(bytes)
    },
  }
  socket.setKeepAlive(true, probeMs)
  socket.on('error', () => socket.destroy())
  socket.on('data', (part: Buffer) => {
    for (const bytes of stream.take(part)) {
      const parsed = parseSip(bytes)
      if ('problem' in parsed) onNoise(parsed.problem, link.remote.host)
      else onMessage(parsed.message, link)
    }
    if (stream.problem === undefined) return
    onNoise(stream.problem, link.remote.host)
    socket.destroy()
  })
  return link
}

/** `secure`: by TLS, with the certificate of the server proven to be that of `to.host`. */
export function connectSip(
  to: HostAndPort,
  options: SipLinksOptions,
  signal: AbortSignal,
  secure?: { ca?: string | undefined },
): Promise<{ socket: Socket; link: SipLink }> {
  return new Promise((resolve, reject) => {
    const named = isIP(to.host) === 0 ? { servername: to.host } : {}
    const ca = secure?.ca === undefined ? {} : { ca: secure.ca }
    const socket = secure ? connectSecure({ ...to, ...named, ...ca }) : connect(to)
    // Only until it is connected: the end of one attempt must not close the link of the next.
    const aborted = (): void => void socket.destroy(new Error('no connection'))
    signal.addEventListener('abort', aborted, { once: true })
    const done = (): void => signal.removeEventListener('abort', aborted)
    socket.once('error', (error) => {
      done()
      reject(error)
    })
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      done()
      resolve({ socket, link: serveSipSocket(socket, options, secure ? 'TLS' : 'TCP') })
    })
    if (signal.aborted) aborted()
  })
}

/** The address of this machine on the way to a peer; rejects where there is no way. */
export function localAddressTo({ host, port }: HostAndPort): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const failed = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', failed)
    socket.connect(port, host, (error?: Error) => {
      if (error) return failed(error)
      const { address } = socket.address()
      socket.close()
      resolve(address)
    })
  })
}
