// The messages that were sent to a device at QoS 1 and 2, and the acknowledgement due for each: aedes accepts any
// acknowledgement for any message.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { packetTypes } from '../../../platform/mqtt/packet-rules.ts'

const { puback, pubrec, pubcomp } = packetTypes

/** Beyond it the oldest is removed: a late acknowledgement of it then passes unchecked. */
export const sentMessagesMax = 20_000
const packetIdMax = 65_535

export class SentMessages {
  /** Packet id to the type of acknowledgement that is due. */
  readonly #due = new Map<number, number>()
  #lastId = 0

  /** An unused packet id. */
  nextId(): number {
    do this.#lastId = (this.#lastId % packetIdMax) + 1
    while (this.#due.has(this.#lastId))
    return this.#lastId
  }

  sent(packetId: number, qos: number): void {
    this.#await(packetId, qos === 2 ? pubrec : puback)
  }

  /** PUBREL was sent (again): only PUBCOMP is due. */
  released(packetId: number): void {
    this.#await(packetId, pubcomp)
  }

  /**
   * False when another acknowledgement is due for this id. An acknowledgement of an unknown id may be late and is
   * ignored.
   */
  acknowledge(type: number, packetId: number): boolean {
    const due = this.#due.get(packetId)
    if (due === undefined) return true
    // Both may be repeated; PUBREL is then sent again.
    if (type === pubrec && due === pubcomp) return true
    if (type !== due) return false
    if (due === pubrec) this.#due.set(packetId, pubcomp)
    else this.#due.delete(packetId)
    return true
  }

  #await(packetId: number, type: number): void {
    this.#due.delete(packetId)
    this.#due.set(packetId, type)
    forgetOldest(this.#due, sentMessagesMax)
  }
}
