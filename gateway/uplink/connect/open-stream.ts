// Opens the byte stream to the centre: TCP, TLS or WebSocket, through an HTTP proxy if one is configured.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { createWebSocketStream, WebSocket } from 'ws'
import { commonNameOf } from '../../../platform/certificates/certificate-files.ts'
import type { UplinkSettings } from '../../config/uplink-settings.ts'
import { ConnectFailure, reasonOf, vanishedPackets } from './connect-failure.ts'
import { isTrustedDateless } from './dateless-trust.ts'
import { dial, type DialOptions } from './dial.ts'
import { opened } from './opened.ts'

/** Largest WebSocket message from the centre, in bytes: Receipts and stages are far smaller. */
const downBytesMax = 256 * 1024
const defaultPorts: Record<string, number> = lookup({ 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 })

export interface OpenOptions extends DialOptions {
  settings: UplinkSettings
  /** True if the box's clock was set since it started. */
  isClockSet: () => boolean
  /** A certificate that is not valid yet by the box's clock was accepted, because the clock was never set. */
  onDateless: (validFrom: string) => void
}

/**
 * Resolves when the stream is open; rejects when the centre can not be reached or its certificate is not trusted, or
 * when `signal` aborts.
 */
export async function openStream(address: string, options: OpenOptions): Promise<Duplex> {
  const { settings, signal } = options
  const url = new URL(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (defaultPorts[url.protocol] ?? 1883) : Number(url.port)
  const isSecure = url.protocol === 'mqtts:' || url.protocol === 'wss:'
  // Read before there is a socket: a reset that arrives before the socket has a listener would end the program.
  const keys = isSecure ? await readKeys(settings) : undefined
  const tcp = settings.proxyUrl
    ? await openTunnel(new URL(settings.proxyUrl), host, port, options)
    : await dial(host, port, options)
  tcp.on('error', () => undefined)
  // With keep-alive the kernel too detects a dead peer; without Nagle's algorithm a single alarm is sent at once.
  tcp.setKeepAlive(true, 10_000)
  tcp.setNoDelay(true)
  const stream = keys ? await openTls(tcp, host, keys, options) : tcp
  return url.protocol === 'ws:' || url.protocol === 'wss:' ? openWebSocket(url, stream, signal) : stream
}

async function openTunnel(proxy: URL, host: string, port: number, options: DialOptions): Promise<net.Socket> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const proxyHost = proxy.hostname.replace(/^\[|\]$/g, '')
  const socket = await dial(proxyHost, proxy.port === '' ? 3128 : Number(proxy.port), options).catch(
    (error: unknown) => {
      throw new ConnectFailure(`the proxy can not be reached: ${reasonOf(error)}`, { cause: error })
    },
  )
  const request = http.request({
    method: 'CONNECT',
    path: authority,
    headers: { host: authority },
    signal: options.signal,
    createConnection: () => socket,
  })
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      socket.destroy()
      reject(new ConnectFailure(reason))
    }
    request.once('error', (error) => {
      const reason = options.signal.aborted ? reasonOf(options.signal.reason) : reasonOf(error)
      fail(`the proxy does not open the way: ${reason}`)
    })
    request.once('response', ({ statusCode = 0 }) => fail(`the proxy answered ${statusCode}`))
    request.once('connect', ({ statusCode = 0 }, tunnel: net.Socket) => {
      if (statusCode === 200) resolve(tunnel)
      else fail(`the proxy answered ${statusCode}`)
    })
    request.end()
  })
}

interface Keys {
  ca: Buffer | undefined
  cert: Buffer | undefined
  key: Buffer | undefined
}

/** Read at each attempt, so that a renewed certificate works without a restart. */
export async function readKeys(
  settings: Pick<UplinkSettings, 'caFile' | 'certFile' | 'keyFile'>,
): Promise<Keys> {
  const read = async (path: string | undefined) => (path === undefined ? undefined : readFile(path))
  const [ca, cert, key] = await Promise.all([
    read(settings.caFile),
    read(settings.certFile),
    read(settings.keyFile),
  ])
  return { ca, cert, key }
}

/** The common name in the box's certificate; undefined without one. */
export async function shownName(certFile: string | undefined): Promise<string | undefined> {
  if (certFile === undefined) return undefined
  return commonNameOf(new X509Certificate(await readFile(certFile))) ?? ''
}

async function openTls(
  socket: net.Socket,
  host: string,
  { ca, cert, key }: Keys,
  options: OpenOptions,
): Promise<tls.TLSSocket> {
  const secure = tls.connect({
    socket,
    ...(net.isIP(host) === 0 ? { servername: host } : { host }),
    minVersion: 'TLSv1.2',
    // Checked below, before a byte is sent: only there can a clock that was never set be distinguished from a bad certificate.
    rejectUnauthorized: false,
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
  })
  // With TLS 1.3 the centre's refusal of the box's certificate follows the handshake, possibly in the same read.
  secure.on('error', () => undefined)
  await opened(secure, 'secureConnect', options.signal).catch((error: unknown) => {
    const reason = reasonOf(error)
    throw new ConnectFailure(options.signal.aborted ? `${reason}: ${vanishedPackets}` : reason, {
      cause: error,
    })
  })
  if (secure.authorized) return secure
  const code = String(secure.authorizationError)
  const leaf = secure.getPeerX509Certificate()
  const isDateOnly =
    code === 'CERT_NOT_YET_VALID' && leaf && ca && isTrustedDateless(leaf, host, ca.toString())
  if (isDateOnly && !options.isClockSet()) {
    options.onDateless(leaf.validFrom)
    return secure
  }
  secure.destroy()
  throw new ConnectFailure(`the certificate of the centre is not trusted: ${code}`)
}

async function openWebSocket(url: URL, stream: Duplex, signal: AbortSignal): Promise<Duplex> {
  // The stream is already encrypted; `ws` uses it as a plain connection.
  const target = new URL(url)
  target.protocol = 'ws:'
  target.port = url.port === '' ? String(defaultPorts[url.protocol]) : url.port
  const socket = new WebSocket(target, ['mqtt'], {
    createConnection: () => stream as net.Socket,
    perMessageDeflate: false,
    maxPayload: downBytesMax,
    followRedirects: false,
  })
  try {
    await opened(socket, 'open', signal)
  } catch (error) {
    stream.destroy()
    throw error
  }
  return createWebSocketStream(socket)
}
