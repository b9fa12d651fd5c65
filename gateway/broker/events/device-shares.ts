// The share of each device at intake: how many messages that are no plain reports (alarms, unreadable ones, presence) are in progress.
// The rest of its messages wait in their order and are handed on in turn with other devices: no flood delays another device's press.

/** A message that can wait here. */
export interface SharedMessage {
  readonly device: string
  readonly size: number
  /** It is answered, possibly while it was handed on. */
  readonly isReady: boolean
  /** True while it counts against the share of its device. */
  isCounted: boolean
}

/** Of one device, handed on and without an answer. A commit of eight alarms takes little longer than that of one. */
export const atIntakeMax = 8
/** Of one device, waiting: more than its connections read before they stop. Beyond it a message is refused. */
export const waitingMax = 4096
export const waitingBytesMax = 1024 * 1024

interface Share<Message> {
  device: string
  atIntake: number
  waiting: Message[]
  waitingBytes: number
  isInTurn: boolean
}

export class DeviceShares<Message extends SharedMessage> {
  readonly #hand: (message: Message) => boolean
  /** Of devices with something at intake or waiting: no other has one. */
  readonly #shares = new Map<string, Share<Message>>()
  /** Those that may hand on one more, in turn. */
  #turns: Share<Message>[] = []
  #waiting = 0

  /** `hand` hands a message on and returns whether it counts against the share. */
  constructor(hand: (message: Message) => boolean) {
    this.#hand = hand
  }

  /** Messages that wait, of all devices. */
  get waiting(): number {
    return this.#waiting
  }

  /** Hands the message on, now or in its turn; false when too many of its device wait. */
  take(message: Message): boolean {
    const share = this.#shares.get(message.device)
    if (!share || (share.waiting.length === 0 && share.atIntake < atIntakeMax)) {
      this.#handOn(message)
      return true
    }
    if (share.waiting.length >= waitingMax || share.waitingBytes + message.size > waitingBytesMax)
      return false
    share.waiting.push(message)
    share.waitingBytes += message.size
    this.#waiting++
    return true
  }

  /** Whether the device has used its share: until an answer frees a place, little more is read from it. */
  isUsedUp(device: string): boolean {
    return this.#shares.size > 0 && (this.#shares.get(device)?.atIntake ?? 0) >= atIntakeMax
  }

  /** A message is answered. */
  answered(message: Message): void {
    if (!message.isCounted) return
    message.isCounted = false
    const share = this.#shares.get(message.device)
    if (!share) return
    share.atIntake--
    if (share.waiting.length > 0) this.#giveTurn(share)
    else if (share.atIntake === 0) this.#shares.delete(message.device)
  }

  #handOn(message: Message): void {
    if (!this.#hand(message) || message.isReady) return
    message.isCounted = true
    let share = this.#shares.get(message.device)
    if (!share) {
      share = { device: message.device, atIntake: 0, waiting: [], waitingBytes: 0, isInTurn: false }
      this.#shares.set(message.device, share)
    }
    share.atIntake++
  }

  #giveTurn(share: Share<Message>): void {
    if (share.isInTurn) return
    share.isInTurn = true
    this.#turns.push(share)
    if (this.#turns.length === 1) setImmediate(() => this.#takeTurns())
  }

  /** One message of each device in a turn of the event loop: between them sockets are read, and a press goes on its way. */
  #takeTurns(): void {
    const turns = this.#turns
    this.#turns = []
    for (const share of turns) {
      share.isInTurn = false
      const message = share.atIntake < atIntakeMax ? share.waiting.shift() : undefined
      if (message) {
        share.waitingBytes -= message.size
        this.#waiting--
        this.#handOn(message)
      }
      if (share.waiting.length > 0 && share.atIntake < atIntakeMax) this.#giveTurn(share)
      else if (share.waiting.length === 0 && share.atIntake === 0) this.#shares.delete(share.device)
    }
  }
}
