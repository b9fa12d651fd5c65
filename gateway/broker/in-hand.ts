// A device's message between its arrival and its answer. One object for all of it, because this is made for every event.
import type { PublishRight } from './access.ts'
import type { Unanswered } from './answer-order.ts'
import type { Connection } from './connection.ts'

/** Gives the answer: undefined or null lets the PUBACK go, an error drops the connection. */
export type Done = (error?: Error | null) => void

const nothing = Buffer.alloc(0)

export class InHand implements Unanswered {
  readonly connection: Connection
  readonly right: PublishRight
  readonly topic: string
  /** Empty once it was handed on: hundreds wait for their commit at a time, and should be small. */
  payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly isRetained: boolean
  isReady = false
  readonly #done: Done | undefined
  readonly #packetId: number
  readonly #onGiven: () => void
  readonly #bytes: number
  #error: Error | null | undefined

  /** `answer` is how aedes is told, or the packet id of an event that did not go through aedes. */
  constructor(
    connection: Connection,
    right: PublishRight,
    message: { topic: string; payload: Buffer; qos: 0 | 1 | 2; isRetained: boolean },
    answer: Done | number,
    onGiven: () => void,
  ) {
    this.connection = connection
    this.right = right
    this.topic = message.topic
    this.payload = message.payload
    this.#bytes = message.payload.length
    this.qos = message.qos
    this.isRetained = message.isRetained
    this.#done = typeof answer === 'number' ? undefined : answer
    this.#packetId = typeof answer === 'number' ? answer : 0
    this.#onGiven = onGiven
    connection.inHand++
    connection.inHandBytes += this.#bytes
    connection.answers.add(this)
  }

  /** The payload is where it is read. */
  letGo(): void {
    this.payload = nothing
  }

  answer(error?: Error | null): void {
    this.#error = error
    this.connection.answers.ready(this)
  }

  give(): void {
    const { connection } = this
    connection.inHand--
    connection.inHandBytes -= this.#bytes
    this.#onGiven()
    if (this.#done) this.#done(this.#error)
    else if (this.#error) connection.end(this.#error.message)
    else connection.acknowledge(this.#packetId)
  }
}
