// The simulated camera's video: an RTSP server that sends motion JPEG inside the TCP connection, five pictures a second.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { CameraKnobs } from './knobs.ts'
import { packetsOf, type RtpState } from './rtp-jpeg.ts'
import type { SignIn } from './sign-in.ts'

const frameMs = 200
const requestBytesMax = 16 * 1024

export interface RtspServerOptions {
  host: string
  port: number
  knobs: CameraKnobs
  signIn: SignIn
  picture: () => Uint8Array
  wallMs: () => number
}

export class RtspServer {
  readonly #options: RtspServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(options: RtspServerOptions) {
    this.#options = options
    this.#server = createServer((socket) => this.#serve(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, this.#options.host, resolve)
    })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    let received = ''
    let playing: NodeJS.Timeout | undefined
    const rtp: RtpState = { sequence: 1, ssrc: 0x67656e67 }
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearInterval(playing)
      this.#sockets.delete(socket)
    })
    const sendPicture = (): void => {
      if (this.#options.knobs.isStreamStalled || socket.writableLength > 1_000_000) return
      for (const packet of packetsOf(this.#options.picture(), rtp, this.#options.wallMs() * 90)) {
        const frame = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff])
        socket.write(Buffer.concat([frame, packet]))
      }
    }
    socket.on('data', (chunk) => {
      // Receiver reports come in the same connection; they start with '$' and are ignored.
      received = (received + chunk.toString('latin1')).slice(-requestBytesMax)
      for (;;) {
        const end = received.indexOf('\r\n\r\n')
        if (end < 0 || this.#options.knobs.isHung) return
        const request = received.slice(Math.max(0, received.search(/[A-Z_]+ rtsp:/)), end)
        received = received.slice(end + 4)
        const [method = ''] = request.split(' ')
        setTimeout(() => {
          this.#answer(socket, method, request)
          if (method === 'PLAY' && !playing) {
            sendPicture()
            playing = setInterval(sendPicture, frameMs)
          }
        }, this.#options.knobs.slowMs)
      }
    })
  }

  #answer(socket: Socket, method: string, request: string): void {
    const { knobs, signIn } = this.#options
    if (socket.destroyed) return
    const header = (name: string): string | undefined =>
      new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(request)?.[1]?.trim()
    const reply = (status: string, lines: string[] = [], body = ''): void => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`]
      const head = [`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq') ?? '0'}`, ...lines, ...length]
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    }
    if (knobs.streamRedirect?.at === method)
      return reply('302 Moved Temporarily', [`Location: ${knobs.streamRedirect.to}`])
    if (method === 'OPTIONS')
      return reply('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER'])
    if (knobs.hasWrongAuth || !signIn.accepts(header('Authorization'), method)) {
      return reply(
        '401 Unauthorized',
        signIn
          .challenge()
          .slice(0, 1)
          .map((one) => `WWW-Authenticate: ${one}`),
      )
    }
    if (method === 'DESCRIBE') {
      const url = request.split(' ')[1] ?? ''
      const sdp = [
        'v=0',
        'o=- 1 1 IN IP4 0.0.0.0',
        's=camera',
        'c=IN IP4 0.0.0.0',
        't=0 0',
        'm=video 0 RTP/AVP 26',
        'a=control:track1',
        'a=framerate:5',
        '',
      ]
      return reply('200 OK', ['Content-Type: application/sdp', `Content-Base: ${url}/`], sdp.join('\r\n'))
    }
    if (method === 'SETUP') {
      const transport = header('Transport') ?? ''
      if (!transport.includes('TCP')) return reply('461 Unsupported Transport')
      return reply('200 OK', ['Session: 1234;timeout=60', 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1'])
    }
    reply(
      method === 'PLAY' || method === 'TEARDOWN' || method === 'GET_PARAMETER'
        ? '200 OK'
        : '501 Not Implemented',
      ['Session: 1234'],
    )
  }
}
