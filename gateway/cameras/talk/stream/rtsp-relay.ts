// The relay between ffmpeg and a camera's stream: ffmpeg connects to the relay on loopback, the relay connects to the
// camera and to no other host. So ffmpeg never has the password, and ffmpeg never follows an address that a camera
// names.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import { urlHost } from '../http/camera-http.ts'
import { lookupCamera } from '../camera-lookup.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import { isStale, type CameraAuth } from '../http/http-auth.ts'
import { isSameHost } from '../same-host.ts'
import { encodeRtsp, headersOf, RtspReader, statusOf, type RtspMessage } from './rtsp-message.ts'

export interface RtspRelayOptions {
  host: string
  port: number
  path: string
  auth: CameraAuth
  random: Random
  /** Called when the camera is connected, and for each of its bytes: a slow stream is not a silent one. */
  onBytes?: () => void
}

/**
 * Signed attempts of one request, the second and third for an expired nonce; and connections and redirects of one
 * picture.
 */
const triesMax = 3
const redialsMax = 4
const redirectsMax = 2

/** For one picture: one connection of ffmpeg, one to the camera; both end with `close`. */
export class RtspRelay {
  readonly #options: RtspRelayOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #token: string
  readonly #fromPlayer = new RtspReader()
  readonly #fromCamera = new RtspReader()
  readonly #channels = new Set<number>()
  #camera: Socket | undefined
  #port: number
  #path: string
  #isTaken = false
  /** The camera has not answered yet. */
  #isWaiting = false
  #redials = 0
  #redirects = 0
  #asked: { method: string; url: string; message: RtspMessage; tries: number } | undefined
  #isPlaying = false
  #problem: CameraProblem | undefined
  #lastStatus = 0

  constructor(options: RtspRelayOptions) {
    this.#options = options
    this.#port = options.port
    this.#path = options.path
    // Another program of the box could connect before ffmpeg does: it does not have this secret path.
    this.#token = options.random.hex(16)
    this.#server = createServer((socket) => this.#accept(socket))
    this.#server.maxConnections = 4
  }

  /** Resolves with the address for ffmpeg. */
  async open(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return this.#ownUrl
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** The reason for a missing picture, as far as the relay saw it. */
  get problem(): CameraProblem | undefined {
    return this.#problem
  }

  /** The last answer's status. */
  get lastStatus(): number {
    return this.#lastStatus
  }

  /** 461 is the code for "not by this transport"; old servers answer 400 and similar codes to the same request. */
  get isTransportRefused(): boolean {
    return this.#asked?.method === 'SETUP' && this.#lastStatus >= 400
  }

  get #ownUrl(): string {
    const { port } = this.#server.address() as AddressInfo
    return `rtsp://127.0.0.1:${port}/${this.#token}`
  }

  get #cameraUrl(): string {
    return `rtsp://${urlHost(this.#options.host)}:${this.#port}${this.#path.replace(/[\s\0]/g, '')}`
  }

  #accept(player: Socket): void {
    this.#keep(player)
    const reader = new RtspReader()
    player.on('data', (chunk: Buffer) =>
      this.#guarded(player, () => {
        reader.push(chunk)
        const message = reader.next()
        if (!message) return
        const isOurs = message.kind === 'message' && urlOf(message.first).startsWith(this.#ownUrl)
        if (!isOurs || this.#isTaken) return void player.destroy()
        this.#isTaken = true
        player.removeAllListeners('data')
        player.pause()
        this.#join(player, message, reader.takeRest())
      }),
    )
  }

  #join(player: Socket, first: RtspMessage, rest: Buffer): void {
    player.on('data', (chunk: Buffer) =>
      this.#guarded(player, () => {
        this.#fromPlayer.push(chunk)
        this.#hearPlayer()
      }),
    )
    player.once('close', () => this.#camera?.destroy())
    this.#dial(player)
    this.#ask(first, 0)
    this.#fromPlayer.push(rest)
    this.#guarded(player, () => this.#hearPlayer())
    player.resume()
  }

  /** Connects to the camera, again if it closed after its challenge or redirected to another of its ports. */
  #dial(player: Socket): void {
    const { host } = this.#options
    const port = this.#port
    const camera = connect({ host, port, lookup: lookupCamera })
    this.#options.onBytes?.()
    this.#camera?.destroy()
    this.#camera = camera
    this.#fromCamera.takeRest()
    this.#keep(camera)
    camera.once('error', (error) => {
      if (this.#camera !== camera) return
      const problem = toProblem(error, 'no-answer')
      const isPort = problem.code === 'refused' || problem.code === 'no-answer'
      if (problem.code === 'reset' && this.#canRedial) return
      this.#fail(isPort ? new CameraProblem(problem.code, { detail: `RTSP ${port}` }) : problem)
    })
    camera.on('data', (chunk: Buffer) =>
      this.#guarded(player, () => {
        if (this.#camera !== camera) return
        this.#options.onBytes?.()
        this.#fromCamera.push(chunk)
        if (this.#isPlaying) this.#pass(player, camera)
        else this.#hearCamera(player, camera)
      }),
    )
    camera.once('close', () => {
      if (this.#camera !== camera) return
      if (!this.#canRedial || player.destroyed) return void player.end()
      this.#redials++
      this.#dial(player)
      if (this.#asked) this.#ask(this.#asked.message, this.#asked.tries)
    })
  }

  /** It closed after its challenge instead of reading the answer to it. */
  get #canRedial(): boolean {
    const isEarly = this.#asked?.method === 'OPTIONS' || this.#asked?.method === 'DESCRIBE'
    return isEarly && this.#isWaiting && (this.#asked?.tries ?? 0) > 0 && this.#redials < redialsMax
  }

  #hearPlayer(): void {
    for (let piece = this.#fromPlayer.next(); piece; piece = this.#fromPlayer.next()) {
      if (piece.kind === 'packet') this.#camera?.write(piece.bytes)
      else this.#ask(piece, 0)
    }
  }

  /** A request of ffmpeg, with the camera's own address and our sign-in. */
  #ask(message: RtspMessage, tries: number): void {
    const [method = ''] = message.first.split(' ')
    const named = urlOf(message.first)
    const isOwn = named.startsWith(this.#ownUrl)
    const url = isOwn ? this.#cameraUrl + named.slice(this.#ownUrl.length) : named
    this.#asked = { method, url, message, tries }
    this.#isWaiting = true
    for (const channel of channelsOf(message.headers)) this.#channels.add(channel)
    const authorization = this.#options.auth.authorization(method, url, '')
    const headers = message.headers.filter(([name]) => name.toLowerCase() !== 'authorization')
    if (authorization !== undefined) headers.push(['Authorization', authorization])
    this.#camera?.write(encodeRtsp({ first: `${method} ${url} RTSP/1.0`, headers, body: message.body }))
  }

  #hearCamera(player: Socket, camera: Socket): void {
    for (let piece = this.#fromCamera.next(); piece; piece = this.#fromCamera.next()) {
      if (piece.kind === 'packet') {
        write(piece.bytes, player, camera)
        continue
      }
      if (/^[A-Z_]+ \S+ RTSP\//.test(piece.first)) {
        // A keep-alive request from the camera.
        const headers = piece.headers.filter(([name]) => name.toLowerCase() === 'cseq')
        camera.write(encodeRtsp({ first: 'RTSP/1.0 200 OK', headers, body: Buffer.alloc(0) }))
        continue
      }
      if (this.#takeAnswer(piece, player)) {
        // From here on there are packets, in any order and with any bytes between them.
        this.#isPlaying = true
        return this.#pass(player, camera)
      }
      // Another connection took its place.
      if (this.#camera !== camera) return
    }
  }

  /** True when it plays from now on. */
  #takeAnswer(piece: RtspMessage, player: Socket): boolean {
    this.#isWaiting = false
    this.#lastStatus = statusOf(piece.first)
    if (this.#lastStatus === 0) throw new CameraProblem('bad-rtsp')
    const { auth } = this.#options
    if (this.#lastStatus === 401) {
      this.#signIn(piece, player)
      return false
    }
    if (this.#lastStatus >= 300 && this.#lastStatus < 400) {
      this.#redirect(piece, player)
      return false
    }
    if (this.#lastStatus === 200) auth.accepted()
    // The camera's list of methods is not needed to ask for its stream.
    const isOptions = this.#asked?.method === 'OPTIONS' && this.#lastStatus >= 400
    const first = isOptions ? 'RTSP/1.0 200 OK' : piece.first
    for (const channel of channelsOf(piece.headers)) this.#channels.add(channel)
    player.write(encodeRtsp({ ...piece, first, headers: withoutDetours(piece.headers) }))
    return this.#lastStatus === 200 && this.#asked?.method === 'PLAY'
  }

  #signIn(answer: RtspMessage, player: Socket): void {
    const { auth } = this.#options
    if (!auth.hasCredentials) throw new CameraProblem('no-password')
    const asked = this.#asked
    const challenges = headersOf(answer, 'www-authenticate')
    // A cached nonce may have expired: a second refusal with a fresh one is final. More attempts would lock the
    // account.
    if (!asked || asked.tries >= triesMax || (asked.tries > 0 && !isStale(challenges))) {
      auth.forget()
      // Each answer was too late for its nonce: that proves nothing about the password.
      if (isStale(challenges)) throw new CameraProblem('stream-failed', { detail: 'RTSP 401' })
      throw new CameraProblem('wrong-password')
    }
    if (!auth.learn(challenges)) throw new CameraProblem('unknown-auth')
    if (/close/i.test(headersOf(answer, 'connection').join())) this.#dial(player)
    this.#ask(asked.message, asked.tries + 1)
  }

  /** Followed on the camera itself only, to another port or path of it. */
  #redirect(answer: RtspMessage, player: Socket): void {
    const [location = ''] = headersOf(answer, 'location')
    const rest = /^rtsp:\/\/(?:[^/]*@)?(\[[^\]]*\]|[^:/?]*)(?::(\d+))?(\/.*|\?.*)?$/i.exec(location)
    const asked = this.#asked
    const isEarly = asked?.method === 'OPTIONS' || asked?.method === 'DESCRIBE'
    if (
      !rest ||
      !isEarly ||
      !isSameHost(rest[1] ?? '', this.#options.host) ||
      ++this.#redirects > redirectsMax
    )
      throw new CameraProblem('foreign-host')
    const port = Number(rest[2] ?? 554)
    this.#port = port > 0 && port < 65536 ? port : 554
    this.#path = rest[3] ?? '/'
    this.#dial(player)
    this.#ask(asked.message, 0)
  }

  #pass(player: Socket, camera: Socket): void {
    for (const part of this.#fromCamera.takePlaying(this.#channels)) write(part, player, camera)
  }

  #guarded(player: Socket, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#fail(toProblem(error, 'bad-rtsp'))
      player.destroy()
    }
  }

  #fail(problem: CameraProblem): void {
    this.#problem ??= problem
    for (const socket of this.#sockets) socket.destroy()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // `close` reports the end of a connection; errors for a person are caught where they occur.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

const urlOf = (first: string): string => first.split(' ')[1] ?? ''

/** Forwards bytes; if the player does not read, the camera must wait. */
function write(bytes: Buffer, to: Socket, from: Socket): void {
  if (bytes.length === 0 || to.destroyed || to.write(bytes)) return
  from.pause()
  to.once('drain', () => from.resume())
}

/** A camera may not announce another host as source or destination of its packets. */
function withoutDetours(headers: RtspMessage['headers']): RtspMessage['headers'] {
  return headers.map(([name, value]) =>
    name.toLowerCase() === 'transport'
      ? [name, value.replace(/;\s*(?:source|destination)=[^;]*/gi, '')]
      : [name, value],
  )
}

/** Channels of interleaved packets, requested or answered. */
function channelsOf(headers: RtspMessage['headers']): number[] {
  return headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'transport') return []
    const [, from, to = from] = /interleaved=(\d{1,3})(?:-(\d{1,3}))?/i.exec(value) ?? []
    return [from, to].flatMap((channel) => (channel === undefined ? [] : [Number(channel)]))
  })
}

/** True when the host answers as RTSP does, with any status; rejects with a CameraProblem. */
export function askRtspOptions(options: {
  host: string
  port: number
  clock: Clock
  deadlineMs: number
  signal: AbortSignal
}): Promise<void> {
  const { host, port, clock, deadlineMs, signal } = options
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup: lookupCamera })
    const end = (problem?: CameraProblem): void => {
      cancel()
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      if (problem) reject(problem)
      else resolve()
    }
    const detail = { detail: `RTSP ${port}` }
    const cancel = clock.after(deadlineMs, () => end(new CameraProblem('no-answer', detail)))
    const onAbort = (): void => end(toProblem(signal.reason, 'stopped'))
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('error', (error) => {
      const problem = toProblem(error, 'no-answer')
      end(problem.code === 'refused' ? new CameraProblem('refused', detail) : problem)
    })
    socket.once('close', () => end(new CameraProblem('reset', detail)))
    socket.once('data', (bytes: Buffer) => {
      const isRtsp = /^\s*RTSP\//.test(bytes.toString('latin1'))
      end(isRtsp ? undefined : new CameraProblem('bad-rtsp', detail))
    })
    socket.once('connect', () =>
      socket.write(`OPTIONS rtsp://${urlHost(host)}:${port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n`),
    )
    if (signal.aborted) onAbort()
  })
}
