// Hands a published packet to its subscribers without waiting for any of them: one subscriber that does not read must
// not stop the others. Replaces the emitter that aedes would create.
import { FilterTree } from './filter-tree.ts'

interface RoutedPacket {
  topic: string
  retain?: boolean
}

type Deliver = (packet: RoutedPacket, done: () => void) => void

const ignoreOutcome = (): void => undefined

export class Delivery {
  readonly #tree = new FilterTree<Deliver>()
  #round = 0
  #isClosed = false
  readonly #keepRetained: (packet: RoutedPacket) => void

  /** The number of the packet in delivery, 0 outside: distinguishes copies of one packet from two packets. */
  current = 0

  /**
   * `keepRetained`: stores a retained message in the same step as its delivery, so that a new subscription gets it
   * once.
   */
  constructor(keepRetained: (packet: RoutedPacket) => void = () => undefined) {
    this.#keepRetained = keepRetained
  }

  on(filter: string, deliver: Deliver, done?: () => void): this {
    this.#tree.add(filter, deliver)
    done?.()
    return this
  }

  // At once, not in a later turn: aedes unregisters a client when this is done, and would otherwise unregister a new
  // connection of the same client that opened in between.
  removeListener(filter: string, deliver: Deliver, done?: () => void): this {
    this.#tree.remove(filter, deliver)
    done?.()
    return this
  }

  emit(packet: RoutedPacket, done: (error?: Error) => void = ignoreOutcome): this {
    if (this.#isClosed) {
      done(new Error('the broker is closed'))
      return this
    }
    if (packet.retain === true) this.#keepRetained(packet)
    this.current = ++this.#round
    this.#tree.match(packet.topic, (deliver) => deliver(packet, ignoreOutcome))
    this.current = 0
    setImmediate(done)
    return this
  }

  close(done: () => void): this {
    this.#isClosed = true
    setImmediate(done)
    return this
  }
}
