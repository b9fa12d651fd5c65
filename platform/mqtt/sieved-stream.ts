// A connection to an MQTT server that is read through a frame sieve: mqtt.js gets it as its stream.
import { Duplex } from 'node:stream'
import { packetTypes } from './packet-rules.ts'
import { FrameSieve, type LeftOutMessage } from './frame-sieve.ts'

export interface SievedStreamOptions {
  messageBytesMax: number
  /** A message was left out: it is acknowledged when the promise resolves; when it rejects, the connection ends. */
  onLeftOut: (message: LeftOutMessage) => Promise<void>
}

export class SievedStream extends Duplex {
  readonly #socket: Duplex
  readonly #sieve: FrameSieve

  /** Takes over the socket, its end and its errors. */
  constructor(socket: Duplex, options: SievedStreamOptions) {
    super()
    this.#socket = socket
    this.#sieve = new FrameSieve({
      messageBytesMax: options.messageBytesMax,
      onLeftOut: (message) => {
        options.onLeftOut(message).then(
          () => this.#acknowledge(message),
          (error: Error) => this.destroy(error),
        )
      },
    })
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #hear(chunk: Buffer): void {
    const parts = this.#sieve.take(chunk)
    if (typeof parts === 'string') {
      this.destroy(Object.assign(new Error(`the server sent ${parts}`), { code: 'NOT_MQTT' }))
      return
    }
    let isRead = true
    for (const part of parts) isRead = this.push(part)
    if (!isRead) this.#socket.pause()
  }

  #acknowledge({ packetId }: LeftOutMessage): void {
    if (packetId === undefined || this.destroyed) return
    this.write(Buffer.from([packetTypes.puback << 4, 2, packetId >> 8, packetId & 0xff]))
  }
}
