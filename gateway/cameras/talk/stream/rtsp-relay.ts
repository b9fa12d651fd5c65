// Stands between ffmpeg and a camera's stream: ffmpeg talks to us on loopback, we talk to the camera and to nobody else.
// So the password stays with us (ffmpeg never has it), and where a camera points to, ffmpeg does not go.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Random } from '../../../../protocols/kit/random.ts'
import { urlHost } from '../http/camera-http.ts'
import { lookupCamera } from '../camera-lookup.ts'
import { CameraProblem, toProblem } from '../camera-problem.ts'
import type { CameraAuth } from '../http/http-auth.ts'
import { encodeRtsp, headersOf, RtspReader, statusOf, type RtspMessage } from './rtsp-message.ts'

export interface RtspRelayOptions {
  host: string
  port: number
  path: string
  auth: CameraAuth
  random: Random
}

/** For one picture: one connection of ffmpeg, one to the camera; both end with `close`. */
export class RtspRelay {
  readonly #options: RtspRelayOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #token: string
  readonly #fromPlayer = new RtspReader()
  readonly #fromCamera = new RtspReader()
  #isTaken = false
  #asked: { method: string; url: string; message: RtspMessage; tries: number } | undefined
  #isPlaying = false
  #problem: CameraProblem | undefined
  #lastStatus = 0

  constructor(options: RtspRelayOptions) {
    this.#options = options
    // Another program of the box could connect before ffmpeg does: it does not know this.
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

  /** Why there is no picture, as far as it was seen here. */
  get problem(): CameraProblem | undefined {
    return this.#problem
  }

  /** The last answer's status. */
  get lastStatus(): number {
    return this.#lastStatus
  }

  /** 461 is the word for "not by this transport"; old servers say 400 and the like to the same request. */
  get isTransportRefused(): boolean {
    return this.#asked?.method === 'SETUP' && this.#lastStatus >= 400
  }

  get #ownUrl(): string {
    const { port } = this.#server.address() as AddressInfo
    return `rtsp://127.0.0.1:${port}/${this.#token}`
  }

  get #cameraUrl(): string {
    const { host, port, path } = this.#options
    return `rtsp://${urlHost(host)}:${port}${path.replace(/[\s\0]/g, '')}`
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
    const { host, port } = this.#options
    const camera = connect({ host, port, lookup: lookupCamera })
    this.#keep(camera)
    camera.once('error', (error) => {
      const problem = toProblem(error, 'no-answer')
      const isPort = problem.code === 'refused' || problem.code === 'no-answer'
      this.#fail(isPort ? new CameraProblem(problem.code, { detail: `RTSP ${port}` }) : problem)
    })
    camera.once('connect', () => {
      camera.on('data', (chunk: Buffer) =>
        this.#guarded(player, () => {
          if (this.#isPlaying) return pass(chunk, player, camera)
          this.#fromCamera.push(chunk)
          this.#hearCamera(player, camera)
        }),
      )
      player.on('data', (chunk: Buffer) =>
        this.#guarded(player, () => {
          this.#fromPlayer.push(chunk)
          this.#hearPlayer(camera)
        }),
      )
      this.#ask(camera, first, 0)
      this.#fromPlayer.push(rest)
      this.#guarded(player, () => this.#hearPlayer(camera))
      player.resume()
    })
    camera.once('close', () => player.end())
    player.once('close', () => camera.destroy())
  }

  #hearPlayer(camera: Socket): void {
    for (let piece = this.#fromPlayer.next(); piece; piece = this.#fromPlayer.next()) {
      if (piece.kind === 'packet') camera.write(piece.bytes)
      else this.#ask(camera, piece, 0)
    }
  }

  /** A request of ffmpeg's, with the camera's own address and our sign-in. */
  #ask(camera: Socket, message: RtspMessage, tries: number): void {
    const [method = ''] = message.first.split(' ')
    const named = urlOf(message.first)
    const isOwn = named.startsWith(this.#ownUrl)
    const url = isOwn ? this.#cameraUrl + named.slice(this.#ownUrl.length) : named
    this.#asked = { method, url, message, tries }
    const authorization = this.#options.auth.authorization(method, url, '')
    const headers = message.headers.filter(([name]) => name.toLowerCase() !== 'authorization')
    if (authorization !== undefined) headers.push(['Authorization', authorization])
    camera.write(encodeRtsp({ first: `${method} ${url} RTSP/1.0`, headers, body: message.body }))
  }

  #hearCamera(player: Socket, camera: Socket): void {
    for (let piece = this.#fromCamera.next(); piece; piece = this.#fromCamera.next()) {
      if (piece.kind === 'packet') {
        pass(piece.bytes, player, camera)
        continue
      }
      this.#lastStatus = statusOf(piece.first)
      if (this.#lastStatus === 0) throw new CameraProblem('bad-rtsp')
      if (this.#lastStatus === 401) {
        this.#signIn(camera, piece)
        continue
      }
      if (this.#lastStatus >= 300 && this.#lastStatus < 400) throw new CameraProblem('foreign-host')
      player.write(encodeRtsp({ ...piece, headers: withoutDetours(piece.headers) }))
      if (this.#lastStatus === 200 && this.#asked?.method === 'PLAY') {
        // From here on there are packets only, in whatever order and with whatever junk: ffmpeg finds its way.
        this.#isPlaying = true
        pass(this.#fromCamera.takeRest(), player, camera)
        return
      }
    }
  }

  #signIn(camera: Socket, answer: RtspMessage): void {
    const { auth } = this.#options
    if (!auth.hasCredentials) throw new CameraProblem('no-password')
    const asked = this.#asked
    // A remembered nonce may have expired: a second no to a fresh one is final. More tries would lock the account.
    if (!asked || asked.tries > 0) {
      auth.forget()
      throw new CameraProblem('wrong-password')
    }
    if (!auth.learn(headersOf(answer, 'www-authenticate'))) throw new CameraProblem('unknown-auth')
    this.#ask(camera, asked.message, asked.tries + 1)
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
    // Ends of connections are told by `close`; what a person should know of is caught where it belongs.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

const urlOf = (first: string): string => first.split(' ')[1] ?? ''

/** Hands bytes on; a player that does not read makes the camera wait. */
function pass(bytes: Buffer, to: Socket, from: Socket): void {
  if (bytes.length === 0 || to.destroyed || to.write(bytes)) return
  from.pause()
  to.once('drain', () => from.resume())
}

/** A camera may not say that its packets come from, or should go to, somebody else. */
function withoutDetours(headers: RtspMessage['headers']): RtspMessage['headers'] {
  return headers.map(([name, value]) =>
    name.toLowerCase() === 'transport'
      ? [name, value.replace(/;\s*(?:source|destination)=[^;]*/gi, '')]
      : [name, value],
  )
}
