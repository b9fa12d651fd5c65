// A line of bytes between two programs that can be cut: open connections end, and new ones end at once until it is up.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class CutLine {
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  isUp = true

  /** To this port of loopback; answers the port of the line. */
  async open(target: number): Promise<number> {
    const server = createServer((near) => {
      if (!this.isUp) return void near.destroy()
      const far = connect(target, '127.0.0.1')
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => this.#sockets.delete(socket))
      }
      near.on('close', () => far.destroy()).pipe(far)
      far.on('close', () => near.destroy()).pipe(near)
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  cut(isUp = false): void {
    this.isUp = isUp
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server?.close()
  }
}
