// One request to a camera: one absolute deadline, a cap on the body, a pinned certificate, and no other address than its own.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import { lookupCamera } from '../camera-lookup.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import type { CameraAuth } from './http-auth.ts'
import { HttpReader, type HttpAnswer } from './http-reader.ts'

export interface CameraAddress {
  host: string
  port: number
  isTls: boolean
}

/** The certificate that a camera showed first; nobody else's is accepted after it. */
export interface CertificatePin {
  get(): string | undefined
  set(fingerprint: string): void
}

export interface CameraAnswer {
  status: number
  contentType: string
  body: Buffer
  /** From the first byte sent to the last received of the round that succeeded, in ms. */
  answerMs: number
}

export interface AskOptions {
  address: CameraAddress
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
  auth: CameraAuth
  pin: CertificatePin
  clock: Clock
  /** For everything together: connecting, signing in, the whole body. */
  deadlineMs: number
  bodyBytesMax: number
  /** Of an answer in several parts without end: true when what has come is enough. */
  isEnough?: (parts: Buffer) => boolean
  signal: AbortSignal
}

/** Rounds of one request: the first try, the answer to a challenge, a stale nonce, one redirect. */
const roundsMax = 4

/** Resolves with any status except 401, which becomes a problem after the sign-in was tried. */
export async function askCamera(options: AskOptions): Promise<CameraAnswer> {
  const overall = new AbortController()
  const cancel = options.clock.after(options.deadlineMs, () =>
    overall.abort(new CameraProblem('slow', { detail: `${options.deadlineMs / 1000} s` })),
  )
  const stop = (): void => overall.abort(options.signal.reason)
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    return await askWithAuth(options, overall.signal)
  } catch (error) {
    throw toProblem(error, 'bad-http')
  } finally {
    cancel()
    options.signal.removeEventListener('abort', stop)
  }
}

async function askWithAuth(options: AskOptions, signal: AbortSignal): Promise<CameraAnswer> {
  const { auth } = options
  let { address, path } = options
  let answered = 0
  for (let round = 0; round < roundsMax; round++) {
    const authorization = auth.authorization(options.method, path, options.body ?? '')
    const startedMs = options.clock.monotonicMs()
    const answer = await askOnce({ ...options, address, path }, authorization, signal)
    const answerMs = options.clock.monotonicMs() - startedMs
    const values = (name: string): string[] =>
      answer.headers.filter(([one]) => one === name).map(([, value]) => value)
    const [location] = values('location')
    if (answer.status >= 301 && answer.status <= 308 && location !== undefined) {
      ;({ address, path } = redirected(address, location))
      continue
    }
    if (answer.status !== 401) {
      return {
        status: answer.status,
        contentType: values('content-type')[0] ?? '',
        body: answer.body,
        answerMs,
      }
    }
    if (!auth.hasCredentials) throw new CameraProblem('no-password')
    // A remembered nonce may have expired: a second no to a fresh one is final. More tries would lock the account.
    const wasFresh = authorization !== undefined && answered > 0
    if (wasFresh) {
      auth.forget()
      throw new CameraProblem('wrong-password')
    }
    if (!auth.learn(values('www-authenticate'))) throw new CameraProblem('unknown-auth')
    answered++
  }
  throw new CameraProblem('http-error', { detail: 'redirect' })
}

/** Follows a redirect on the camera itself only: cameras do point to their maker's site or an address behind a NAT. */
function redirected(address: CameraAddress, location: string): { address: CameraAddress; path: string } {
  const base = `${address.isTls ? 'https' : 'http'}://${urlHost(address.host)}:${address.port}`
  if (!URL.canParse(location, base)) throw new CameraProblem('foreign-host')
  const url = new URL(location, base)
  if (url.hostname !== urlHost(address.host)) throw new CameraProblem('foreign-host')
  const isTls = url.protocol === 'https:'
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { address: { host: address.host, port, isTls }, path: url.pathname + url.search }
}

/** An IPv6 address as URLs write it. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

async function askOnce(
  options: AskOptions,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  signal.throwIfAborted()
  const socket = await openSocket(options, signal)
  try {
    return await exchange(options, authorization, socket, signal)
  } finally {
    socket.destroy()
  }
}

/** Writes the request and reads the answer by ourselves: Node's parser refuses much of what cameras send. */
function exchange(
  options: AskOptions,
  authorization: string | undefined,
  socket: Socket,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const reader = new HttpReader(options.bodyBytesMax)
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners('data')
    }
    const fail = (error: unknown): void => {
      settle()
      reject(toProblem(error, 'bad-http'))
    }
    const finish = (): void => {
      settle()
      try {
        resolve(reader.finish())
      } catch (error) {
        reject(toProblem(error, 'bad-http'))
      }
    }
    const onAbort = (): void => fail(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', fail)
    socket.on('end', finish)
    socket.on('close', finish)
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk)
        const parts = reader.partsSoFar
        if (reader.isComplete || (parts && options.isEnough?.(parts))) finish()
      } catch (error) {
        fail(error)
      }
    })
    socket.write(requestText(options, authorization))
  })
}

function requestText(options: AskOptions, authorization: string | undefined): Buffer {
  const { address, method, path, body } = options
  const headers: [string, string][] = [
    ['Host', `${urlHost(address.host)}:${address.port}`],
    ['Connection', 'close'],
    ['Accept', '*/*'],
    ...Object.entries(options.headers ?? {}),
  ]
  if (authorization !== undefined) headers.push(['Authorization', authorization])
  if (body !== undefined) headers.push(['Content-Length', String(Buffer.byteLength(body))])
  // A line break inside a value, as out of a camera's challenge, would start a header of its own.
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]/g, '')}\r\n`)
  const head = `${method} ${path.replace(/[\s\0]/g, '')} HTTP/1.1\r\n${lines.join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '', 'utf8')])
}

/** Connects; over TLS the certificate is compared with the pin before a single byte of ours is sent. */
function openSocket(options: AskOptions, signal: AbortSignal): Promise<Socket> {
  const { host, port, isTls } = options.address
  return new Promise((resolve, reject) => {
    // A camera's certificate names nobody we know: identity is the pinned fingerprint, not a chain.
    const socket = isTls
      ? connectTls({ host, port, lookup: lookupCamera, rejectUnauthorized: false, minVersion: 'TLSv1' })
      : connectTcp({ host, port, lookup: lookupCamera })
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(toProblem(error, isTls ? 'tls-failed' : 'no-answer'))
    }
    const onAbort = (): void => {
      const reason: unknown = signal.reason
      const isDeadline = reason instanceof CameraProblem && reason.code === 'slow'
      fail(isDeadline ? new CameraProblem('no-answer', { detail: `${options.deadlineMs / 1000} s` }) : reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', fail)
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      if (isTls && !isPinned(socket as TLSSocket, options.pin)) {
        return fail(new CameraProblem('certificate-changed'))
      }
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('error', fail)
      // Whatever breaks between two owners of the socket is told to the exchange by its own listener.
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
  })
}

function isPinned(socket: TLSSocket, pin: CertificatePin): boolean {
  const fingerprint = socket.getPeerCertificate().fingerprint256
  if (typeof fingerprint !== 'string' || fingerprint === '') return false
  const known = pin.get()
  if (known === undefined) pin.set(fingerprint)
  return known === undefined || known === fingerprint
}
