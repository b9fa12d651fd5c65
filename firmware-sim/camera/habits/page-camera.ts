// A camera's web server, byte for byte: each habit writes its own answers to a raw socket.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Habit } from './habit.ts'

export interface PageRequest {
  method: string
  path: string
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

/** A connection, with the habit's state of it and of the camera. */
export interface PageAnswer {
  write(...parts: (string | Uint8Array)[]): void
  end(...parts: (string | Uint8Array)[]): void
  connection: { nonce?: string }
  memory: { count: number; nonces: Set<string> }
}

export interface PageHabit extends Habit {
  serve(request: PageRequest, answer: PageAnswer, picture: Uint8Array): void
  /** Part of the gateway's configuration. */
  auth?: 'basic'
  /** The plain reason if no picture is possible. */
  problem?: string
}

export class PageCamera {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #memory: PageAnswer['memory'] = { count: 0, nonces: new Set() }

  constructor(habit: Pick<PageHabit, 'serve'>, picture: Uint8Array) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
      const bytes = (part: string | Uint8Array): Uint8Array =>
        typeof part === 'string' ? Buffer.from(part, 'latin1') : part
      const answer: PageAnswer = {
        write: (...parts) => void socket.write(Buffer.concat(parts.map(bytes))),
        end: (...parts) => void socket.end(Buffer.concat(parts.map(bytes))),
        connection: {},
        memory: this.#memory,
      }
      read(socket, (request) => habit.serve(request, answer, picture))
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

function read(socket: Socket, onRequest: (request: PageRequest) => void): void {
  let pending = ''
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1')
    for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
      const [first = '', ...lines] = pending.slice(0, end).split('\r\n')
      const headers = Object.fromEntries(
        lines.map((line) => [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      )
      const length = Number(headers['content-length'] ?? 0)
      if (pending.length < end + 4 + length) return
      const body = Buffer.from(pending.slice(end + 4, end + 4 + length), 'latin1').toString('utf8')
      pending = pending.slice(end + 4 + length)
      const [method = '', path = '/'] = first.split(' ')
      onRequest({ method, path, headers, body })
    }
  })
}
