// A TCP way between box and centre that is as thin as told, counts what passes, and can be broken at any byte.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const sliceMs = 20

export class SlowLink {
  /** The centre's port on loopback. */
  target = 0
  /** Bytes that went up to the centre, over all connections. */
  upBytes = 0
  bytesPerSecond: number
  /** Broken: connections are refused. */
  isDown = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond
    this.#server = createServer({ noDelay: true }, (near) => this.#carry(near))
  }

  start(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port)),
    )
  }

  /** Ends what is open, in the middle of whatever it carries. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #carry(near: Socket): void {
    if (this.isDown) return void near.destroy()
    const far = connect({ port: this.target, host: '127.0.0.1', noDelay: true })
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
    far.on('data', (bytes) => near.write(bytes))
    near.on('data', (bytes) => void this.#push(near, far, bytes))
  }

  /** Passes the bytes on in slices, each when the link would have carried it. */
  async #push(near: Socket, far: Socket, bytes: Buffer): Promise<void> {
    near.pause()
    for (let at = 0; at < bytes.length && !far.destroyed;) {
      const slice = bytes.subarray(at, at + Math.max(1, Math.floor((this.bytesPerSecond * sliceMs) / 1000)))
      at += slice.length
      this.upBytes += slice.length
      far.write(slice)
      if (at < bytes.length) await new Promise((resolve) => setTimeout(resolve, sliceMs))
    }
    near.resume()
  }
}
