// Bytes of a connection in progress: beyond a limit its reading stops, so that the rest waits at the sender. aedes
// itself reads whenever bytes arrive, however much is unacknowledged.
import type { Duplex } from 'node:stream'

/** Of one connection, in bytes of unacknowledged Reports. One further Report may be in progress. */
export const unacknowledgedBytesMax = 512 * 1024

export class UnacknowledgedBytes {
  readonly #bytes = new WeakMap<Duplex, number>()

  /** True while nothing more of it may be read. */
  isHeld(connection: Duplex): boolean {
    return (this.#bytes.get(connection) ?? 0) >= unacknowledgedBytesMax
  }

  /** Call the result when these bytes are processed. */
  take(connection: Duplex, bytes: number): () => void {
    this.#bytes.set(connection, (this.#bytes.get(connection) ?? 0) + bytes)
    return () => {
      const wasHeld = this.isHeld(connection)
      this.#bytes.set(connection, (this.#bytes.get(connection) ?? 0) - bytes)
      if (wasHeld && !this.isHeld(connection) && !connection.destroyed) connection.emit('readable')
    }
  }
}
