// Connections of one sender: with one more than it may have, its oldest is closed. Names are no secret, and a connection whose peer is gone without
// a word stands for long: neither must take the places of others, or lock the sender itself out.
import type { Socket } from 'node:net'

export class ConnectionsByName {
  readonly #max: number
  /** In the order in which they came. */
  readonly #byName = new Map<string, Set<Socket>>()

  constructor(max: number) {
    this.#max = max
  }

  /** `socket` has sent under this name, which is a known one. */
  enter(name: string, socket: Socket): void {
    const sockets = this.#byName.get(name) ?? new Set<Socket>()
    if (sockets.has(socket)) return
    this.#byName.set(name, sockets)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      if (sockets.size === 0 && this.#byName.get(name) === sockets) this.#byName.delete(name)
    })
    const [oldest] = sockets
    if (sockets.size <= this.#max || !oldest) return
    // The close event comes later; until then the next connection would find this one here again.
    sockets.delete(oldest)
    oldest.destroy()
  }
}
