// The line from one centre to one database machine. It can be cut so that neither side hears of it, as a network that is divided, and its
// far end can change, as an address that moves to another machine.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class DatabaseLine {
  /** Port on loopback of the server behind it. */
  target = 0
  port = 0
  readonly #pairs = new Set<[near: Socket, far: Socket]>()
  #server: Server | undefined
  #isHeld = false

  async open(): Promise<this> {
    const server = createServer((near) => this.#join(near))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    return this
  }

  #join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    this.#pairs.add(pair)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
    }
    near.on('data', (bytes) => this.#isHeld || far.write(bytes))
    far.on('data', (bytes) => this.#isHeld || near.write(bytes))
    const end = (): void => {
      // While the network is divided no side hears that the other one has gone.
      if (this.#isHeld) return
      this.#pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    near.on('close', end)
    far.on('close', end)
  }

  /** From now on nothing arrives at either side, and nothing ends. */
  hold(): void {
    this.#isHeld = true
  }

  /** What was lost meanwhile is not made up for: the connections of before end. */
  release(): void {
    this.#isHeld = false
    for (const [near, far] of this.#pairs) {
      near.destroy()
      far.destroy()
    }
    this.#pairs.clear()
  }

  close(): void {
    this.release()
    this.#server?.close()
  }
}
