// The last retained message of each topic, in memory, bounded in number and bytes.
import type { AedesPublishPacket } from 'aedes'
import { filterMatches } from '../topic-text.ts'

export interface RetainedLimits {
  retainedMessages: number
  retainedBytes: number
}

// Cost of a stored packet beside topic and payload, roughly; it keeps many tiny ones within the limit too.
const overheadBytes = 200

const costOf = (packet: AedesPublishPacket): number =>
  packet.topic.length + packet.payload.length + overheadBytes

export class RetainedStore {
  readonly #packets = new Map<string, AedesPublishPacket>()
  readonly #limits: RetainedLimits
  #bytes = 0

  constructor(limits: RetainedLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#packets.size
  }

  /** Stores `packet`, or removes its topic when the payload is empty. False when there is no room. */
  store(packet: AedesPublishPacket): boolean {
    const before = this.#packets.get(packet.topic)
    const freed = before ? costOf(before) : 0
    if (packet.payload.length === 0) {
      this.#packets.delete(packet.topic)
      this.#bytes -= freed
      return true
    }
    const bytes = this.#bytes - freed + costOf(packet)
    if (bytes > this.#limits.retainedBytes) return false
    if (!before && this.#packets.size >= this.#limits.retainedMessages) return false
    // A copy: the payload is a view into the socket's read buffer, which would stay in memory with it.
    this.#packets.set(packet.topic, Object.assign({}, packet, { payload: Buffer.from(packet.payload) }))
    this.#bytes = bytes
    return true
  }

  *matching(filters: readonly string[]): Generator<AedesPublishPacket> {
    for (const filter of filters) {
      const exact = this.#packets.get(filter)
      if (exact) yield exact
      if (!/[+#]/.test(filter)) continue
      for (const packet of this.#packets.values()) if (filterMatches(filter, packet.topic)) yield packet
    }
  }
}
