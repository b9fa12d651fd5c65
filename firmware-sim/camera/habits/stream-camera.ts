// An RTSP server with one habit that sends one packet repeatedly: enough to see whether a stream would arrive.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { StreamHabit } from './stream-habits.ts'

/** Channel 0, RTP version 2. */
export const streamPacket = Buffer.from([0x24, 0, 0, 12, 0x80, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
const packetMs = 20

export class StreamCamera {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #refusals = 0

  constructor(habit: StreamHabit) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      let pending = ''
      let timer: NodeJS.Timeout | undefined
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        clearInterval(timer)
        this.#sockets.delete(socket)
      })
      socket.on('data', (chunk: Buffer) => {
        pending += chunk.toString('latin1')
        for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
          const request = pending.slice(0, end)
          pending = pending.slice(end + 4)
          if (request.startsWith('RTSP/')) continue
          const [method = ''] = request.split(' ')
          const number = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0'
          if (habit.closesAfterRefusal && this.#refusals === 0) {
            this.#refusals++
            socket.end(
              `RTSP/1.0 401 Unauthorized\r\nCSeq: ${number}\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n`,
            )
            return
          }
          const more = method === 'SETUP' ? 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n' : ''
          const text = `RTSP/1.0 200 OK\r\nCSeq: ${number}\r\nSession: 1\r\n${more}\r\n`
          socket.write(habit.answer?.(method, text, 0) ?? text, 'latin1')
          if (method === 'SETUP' && habit.asks !== undefined) socket.write(habit.asks)
          if (method === 'PLAY')
            timer = setInterval(
              () => socket.write(Buffer.concat([Buffer.from(habit.junk ?? '', 'latin1'), streamPacket])),
              packetMs,
            )
        }
      })
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
