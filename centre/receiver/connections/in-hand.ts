// How many bytes of a connection are worked on: beyond a share it is not read any further, so that the rest waits at the sender.
// aedes itself reads on whenever bytes arrive, whatever is still to be acknowledged.
import type { Duplex } from 'node:stream'

/** Of one connection, in bytes of Reports that are not acknowledged yet. One Report more may be under way. */
export const inHandBytesMax = 512 * 1024

export class InHand {
  readonly #bytes = new WeakMap<Duplex, number>()

  /** True while nothing more of it is to be read. */
  isHeld(connection: Duplex): boolean {
    return (this.#bytes.get(connection) ?? 0) >= inHandBytesMax
  }

  /** Call the answer when these bytes are done with. */
  take(connection: Duplex, bytes: number): () => void {
    this.#bytes.set(connection, (this.#bytes.get(connection) ?? 0) + bytes)
    return () => {
      const wasHeld = this.isHeld(connection)
      this.#bytes.set(connection, (this.#bytes.get(connection) ?? 0) - bytes)
      if (wasHeld && !this.isHeld(connection) && !connection.destroyed) connection.emit('readable')
    }
  }
}
