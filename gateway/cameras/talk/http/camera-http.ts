// One request to a camera: a deadline, a limit for the body, a pinned certificate, and only the camera's own address.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import { lookupCamera } from '../camera-lookup.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import { pause } from '../../../../platform/time/pause.ts'
import { isSameHost } from '../same-host.ts'
import { isStale, parseChallenges, type CameraAuth } from './http-auth.ts'
import { HttpReader, type HttpAnswer } from './http-reader.ts'

export interface CameraAddress {
  host: string
  port: number
  isTls: boolean
}

/** The certificate that a camera showed first; no other is accepted after it. */
export interface CertificatePin {
  get(): string | undefined
  set(fingerprint: string): void
}

export interface CameraAnswer {
  status: number
  contentType: string
  body: Buffer
  /** From the first byte sent to the last byte received of the successful round, in ms. */
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
  /**
   * For everything together: connecting, signing in, the whole body; with `wholeMsMax`, for each wait for the next
   * bytes.
   */
  deadlineMs: number
  /** For a large answer over a slow link: as long as bytes arrive. */
  wholeMsMax?: number
  bodyBytesMax: number
  /** For an answer that may never end: true when the received part is enough. */
  isEnough?: (answer: HttpAnswer) => boolean
  /** The announced length is only a minimum: a moment is spent waiting for further bytes. */
  isBeginning?: (answer: HttpAnswer) => boolean
  /** The request carries its own signature: a 401 without a usable challenge is an answer, too. */
  isSigned?: boolean
  signal: AbortSignal
}

interface Asked extends AskOptions {
  onBytes: () => void
  leftMs: () => number
}

/**
 * Rounds of one request: the first attempt, the answer to a challenge, an expired nonce, one redirect and its sign-in.
 */
const roundsMax = 5
/** Time that must be left of the deadline after the pause that a busy camera asks for; it is asked again once. */
const askAgainMsMin = 2_000
/** How long further bytes of a body are awaited after its announced length. */
const restMs = 500

/** Resolves with any status except 401, which becomes a problem after the sign-in was tried. */
export async function askCamera(options: AskOptions): Promise<CameraAnswer> {
  const overall = new AbortController()
  const { clock, deadlineMs, wholeMsMax = deadlineMs } = options
  const startedMs = clock.monotonicMs()
  let endsMs = startedMs
  const watch = (forMs: number): (() => void) => {
    endsMs = clock.monotonicMs() + forMs
    return clock.after(forMs, () => {
      const detail = `${Math.round((clock.monotonicMs() - startedMs) / 1000)} s`
      overall.abort(new CameraProblem('slow', { detail }))
    })
  }
  let cancel = watch(deadlineMs)
  const onBytes = (): void => {
    const leftMs = startedMs + wholeMsMax - clock.monotonicMs()
    if (wholeMsMax === deadlineMs || leftMs <= 0) return
    cancel()
    cancel = watch(Math.min(deadlineMs, leftMs))
  }
  const stop = (): void => overall.abort(options.signal.reason)
  if (options.signal.aborted) stop()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    const leftMs = (): number => endsMs - clock.monotonicMs()
    return await askWithAuth({ ...options, onBytes, leftMs }, overall.signal)
  } catch (error) {
    throw toProblem(error, 'bad-http')
  } finally {
    cancel()
    options.signal.removeEventListener('abort', stop)
  }
}

async function askWithAuth(options: Asked, signal: AbortSignal): Promise<CameraAnswer> {
  const { auth, clock } = options
  let { address, path } = options
  let answered = 0
  let hasRested = false
  const connection = new CameraConnection()
  try {
    for (let round = 0; round < roundsMax; round++) {
      const isSigning = auth.scheme !== 'none'
      const startedMs = clock.monotonicMs()
      const answer = await connection.ask({ ...options, address, path }, signal)
      const answerMs = clock.monotonicMs() - startedMs
      const [location] = valuesOf(answer, 'location')
      if (answer.status >= 301 && answer.status <= 308 && location !== undefined) {
        ;({ address, path } = redirected(address, path, location))
        continue
      }
      const rest = hasRested ? undefined : restOf(answer, options.leftMs())
      if (rest !== undefined) {
        hasRested = true
        await pause(clock, rest, signal)
        continue
      }
      const challenges = valuesOf(answer, 'www-authenticate')
      const isRefused =
        answer.status === 401 && !(options.isSigned && !hasDigest(challenges) && isSoap(answer))
      if (!isRefused && !(answer.status === 403 && auth.insistOnBasic())) {
        if (answer.status < 400) auth.accepted()
        const contentType = valuesOf(answer, 'content-type')[0] ?? ''
        return { status: answer.status, contentType, body: answer.body, answerMs }
      }
      if (answer.status === 403) continue
      if (!auth.hasCredentials) throw new CameraProblem('no-password')
      // A cached nonce may have expired: a second refusal with a fresh one is final. More attempts would lock the
      // account.
      const isFinal = isSigning && answered > 0 && !isStale(challenges)
      if (isFinal) {
        auth.forget()
        throw new CameraProblem('wrong-password')
      }
      if (!auth.learn(challenges, address.isTls)) throw new CameraProblem('unknown-auth')
      answered++
    }
  } finally {
    connection.close()
  }
  throw new CameraProblem('http-error', { detail: answered > 1 ? 'HTTP 401' : 'redirect' })
}

const valuesOf = (answer: HttpAnswer, name: string): string[] =>
  answer.headers.filter(([one]) => one === name).map(([, value]) => value)

/** The pause that a busy camera asks for; undefined if it names none, or one too long for this request. */
function restOf(answer: HttpAnswer, leftMs: number): number | undefined {
  const given = valuesOf(answer, 'retry-after')[0] ?? ''
  // A date would need the camera's clock.
  if (answer.status !== 503 || !/^\d{1,4}$/.test(given)) return undefined
  const forMs = Number(given) * 1000
  return forMs + askAgainMsMin <= leftMs ? forMs : undefined
}

const hasDigest = (challenges: readonly string[]): boolean =>
  parseChallenges(challenges).some(({ scheme }) => scheme === 'digest')

/** A refusal by SOAP, or without any challenge: a page asks for an HTTP sign-in instead. */
const isSoap = (answer: HttpAnswer): boolean =>
  valuesOf(answer, 'www-authenticate').length === 0 ||
  /<(?:[\w.-]+:)?Envelope[\s>]/.test(answer.body.toString('latin1'))

/**
 * Follows a redirect to the camera itself only: some cameras redirect to their maker's site or to an address behind a
 * NAT.
 */
function redirected(
  address: CameraAddress,
  path: string,
  location: string,
): { address: CameraAddress; path: string } {
  const base = `${address.isTls ? 'https' : 'http'}://${urlHost(address.host)}:${address.port}${path}`
  if (!URL.canParse(location, base)) throw new CameraProblem('foreign-host')
  const url = new URL(location, base)
  if (!isSameHost(url.hostname, address.host)) throw new CameraProblem('foreign-host')
  const isTls = url.protocol === 'https:'
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { address: { host: address.host, port, isTls }, path: url.pathname + url.search }
}

/** An IPv6 address as written in URLs. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

/** How long a kept connection is checked for its end before it is used again. */
const closingMs = 5

/**
 * The connection of one request: kept for its next round if the camera allows it, since some bind their nonce to it.
 */
class CameraConnection {
  #socket: Socket | undefined
  #address: CameraAddress | undefined
  /** The camera closed a connection that it announced to keep. */
  #isFickle = false

  async ask(options: Asked, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted()
    const kept = await this.#take(options)
    if (kept) {
      try {
        return await this.#exchange(options, kept, signal)
      } catch (error) {
        // It closed just before: there was no answer, so there was no refusal.
        if (toProblem(error, 'bad-http').code !== 'reset' || signal.aborted) throw error
        this.#isFickle = true
      }
    }
    return this.#exchange(options, await openSocket(options, signal), signal)
  }

  close(): void {
    this.#socket?.destroy()
  }

  async #take({ address: { host, port, isTls }, clock }: AskOptions): Promise<Socket | undefined> {
    const socket = this.#socket
    const known = this.#address
    this.#socket = undefined
    if (!socket) return undefined
    const isSame = known?.host === host && known.port === port && known.isTls === isTls
    // Many close without announcing it: a request into that is lost, with the nonce that it used.
    if (isSame) await new Promise<void>((resolve) => clock.after(closingMs, resolve))
    if (isSame && !socket.destroyed && socket.readable && socket.writable) return socket
    socket.destroy()
    return undefined
  }

  async #exchange(options: Asked, socket: Socket, signal: AbortSignal): Promise<HttpAnswer> {
    // Only a request that may have to be signed asks the camera to keep its connection.
    const mayFollow = options.auth.hasCredentials && !this.#isFickle
    const authorization = options.auth.authorization(options.method, options.path, options.body ?? '')
    let isKept = false
    try {
      const { answer, isCleanEnd } = await exchange(options, authorization, mayFollow, socket, signal)
      const says = valuesOf(answer, 'connection').join()
      isKept = mayFollow && answer.status === 401 && isCleanEnd && !/close/i.test(says)
      return answer
    } finally {
      if (isKept) {
        this.#socket = socket
        this.#address = options.address
      } else socket.destroy()
    }
  }
}

/** Writes the request and reads the answer without Node's parser, which refuses many answers of real cameras. */
function exchange(
  options: Asked,
  authorization: string | undefined,
  mayFollow: boolean,
  socket: Socket,
  signal: AbortSignal,
): Promise<{ answer: HttpAnswer; isCleanEnd: boolean }> {
  return new Promise((resolve, reject) => {
    const reader = new HttpReader(options.bodyBytesMax)
    let isReadingOn = false
    let cancelRest = (): void => undefined
    const settle = (): void => {
      cancelRest()
      signal.removeEventListener('abort', onAbort)
      socket.removeAllListeners('data')
      socket.removeListener('error', fail)
      socket.removeListener('end', finish)
      socket.removeListener('close', finish)
    }
    const fail = (error: unknown): void => {
      settle()
      reject(toProblem(error, 'bad-http'))
    }
    const finish = (): void => {
      settle()
      try {
        resolve({ answer: reader.finish(), isCleanEnd: reader.isCleanEnd })
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
        options.onBytes()
        const { soFar } = reader
        if (soFar && isEnough(options, soFar)) return finish()
        const isBeginning = isReadingOn || (reader.isComplete && goesOn(options, reader))
        if (isBeginning) {
          isReadingOn = true
          cancelRest()
          // The end may have arrived together with the beginning.
          if (reader.soFar && isEnough(options, reader.soFar)) return finish()
          cancelRest = options.clock.after(restMs, finish)
        } else if (reader.isComplete) finish()
      } catch (error) {
        fail(error)
      }
    })
    socket.write(requestText(options, authorization, mayFollow))
  })
}

/** True when more is awaited; bytes already received after the announced length are used. */
function goesOn(options: AskOptions, reader: HttpReader): boolean {
  return reader.soFar !== undefined && (options.isBeginning?.(reader.soFar) ?? false) && reader.readOn()
}

/** A refusal is known from its head, and its page may never end. */
function isEnough(options: AskOptions, answer: HttpAnswer): boolean {
  if (answer.status === 401 && hasDigest(valuesOf(answer, 'www-authenticate')))
    return (
      valuesOf(answer, 'content-length').length === 0 && valuesOf(answer, 'transfer-encoding').length === 0
    )
  return options.isEnough?.(answer) ?? false
}

function requestText(options: AskOptions, authorization: string | undefined, mayFollow: boolean): Buffer {
  const { address, method, path, body } = options
  const headers: [string, string][] = [
    ['Host', `${urlHost(address.host)}:${address.port}`],
    ['Connection', mayFollow ? 'keep-alive' : 'close'],
    ['Accept', '*/*'],
    ['Accept-Encoding', 'identity'],
    ...Object.entries(options.headers ?? {}),
  ]
  if (authorization !== undefined) headers.push(['Authorization', authorization])
  if (body !== undefined) headers.push(['Content-Length', String(Buffer.byteLength(body))])
  // A line break inside a value, for example from a camera's challenge, would start another header.
  const lines = headers.map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]/g, '')}\r\n`)
  const head = `${method} ${path.replace(/[\s\0]/g, '')} HTTP/1.1\r\n${lines.join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '', 'utf8')])
}

/** Cameras of 2014 use TLS 1.0 with keys that OpenSSL now refuses; the pin shows whether it is the same camera. */
const oldTls = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

/** Connects; with TLS the certificate is compared with the pin before our first byte is sent. */
function openSocket(options: AskOptions, signal: AbortSignal): Promise<Socket> {
  const { host, port, isTls } = options.address
  return new Promise((resolve, reject) => {
    // A camera's certificate is signed by no known authority: the pinned fingerprint is its identity, not a chain.
    const socket = isTls
      ? connectTls({ host, port, lookup: lookupCamera, rejectUnauthorized: false, ...oldTls })
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
      // A socket error between two owners is delivered to the exchange by its own listener.
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
