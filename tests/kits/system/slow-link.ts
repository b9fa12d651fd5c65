// A TCP path between box and centre with a set rate, which shows the bytes, and can be broken at any byte.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const sliceMs = 20

/** Gets the bytes of one connection as they pass. */
export interface LinkWatch {
  up(bytes: Buffer): void
  down(bytes: Buffer): void
}

export class SlowLink {
  /** The centre's port on loopback. */
  target = 0
  bytesPerSecond: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #watch: (() => LinkWatch) | undefined

  constructor(bytesPerSecond: number, watch?: () => LinkWatch) {
    this.bytesPerSecond = bytesPerSecond
    this.#watch = watch
    this.#server = createServer({ noDelay: true }, (near) => this.#carry(near))
  }

  start(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port)),
    )
  }

  /** Closes the open connections, in the middle of their data. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(near: Socket): void {
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true })
    const watch = this.#watch?.()
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => one.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    far.on('data', (bytes) => {
      watch?.down(bytes)
      near.write(bytes)
    })
    near.on('data', (bytes) => {
      watch?.up(bytes)
      void this.#push(near, far, bytes)
    })
  }

  /** Passes the bytes on in slices, each when the link would have carried it. */
  async #push(near: Socket, far: Socket, bytes: Buffer): Promise<void> {
    near.pause()
    for (let at = 0; at < bytes.length && !far.destroyed;) {
      const slice = bytes.subarray(at, at + Math.max(1, Math.floor((this.bytesPerSecond * sliceMs) / 1000)))
      at += slice.length
      far.write(slice)
      await new Promise((resolve) => setTimeout(resolve, (slice.length / this.bytesPerSecond) * 1000))
    }
    near.resume()
  }
}
