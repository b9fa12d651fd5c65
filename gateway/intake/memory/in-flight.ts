// Events that are judged and not yet on disk: a repeat is answered together with the event, never before it.
import type { StorageAnswer } from '../../journal/port.ts'

/**
 * Number of lists: a repeat searches one of them, so that a device that repeats endlessly costs others little. A power
 * of two.
 */
const lists = 256

/** The list is chosen by the last characters of the id, because these differ between devices and messages. */
function listOf(device: string, messageId: string): number {
  let sum = 0
  for (let i = device.length - 3; i < device.length; i++) sum = (sum * 31 + (device.charCodeAt(i) || 0)) | 0
  for (let i = messageId.length - 3; i < messageId.length; i++)
    sum = (sum * 31 + (messageId.charCodeAt(i) || 0)) | 0
  return sum & (lists - 1)
}

export class InFlight {
  readonly #onKept: () => void
  /** The newest of each list. Linked to each other, so that an event needs no further object. */
  readonly #newest = Array.from({ length: lists }, (): EventInFlight | undefined => undefined)

  /** `onKept` is called for each event before its sender is answered. */
  constructor(onKept: () => void) {
    this.#onKept = onKept
  }

  begin(device: string, messageId: string, answer: StorageAnswer): EventInFlight {
    const list = listOf(device, messageId)
    const before = this.#newest[list]
    const event = new EventInFlight(this, list, { device, messageId, answer })
    event.older = before
    if (before) before.newer = event
    this.#newest[list] = event
    return event
  }

  /** Called for repeats only. */
  find(device: string, messageId: string): EventInFlight | undefined {
    for (let event = this.#newest[listOf(device, messageId)]; event; event = event.older)
      if (event.messageId === messageId && event.device === device) return event
    return undefined
  }

  end(event: EventInFlight, isKept: boolean): void {
    if (isKept) this.#onKept()
    const { older, newer } = event
    if (older) older.newer = newer
    if (newer) newer.older = older
    else if (this.#newest[event.list] === event) this.#newest[event.list] = older
    event.older = event.newer = undefined
  }
}

export class EventInFlight implements StorageAnswer {
  readonly device: string
  readonly messageId: string
  readonly list: number
  older: EventInFlight | undefined
  newer: EventInFlight | undefined
  readonly #all: InFlight
  readonly #answer: StorageAnswer
  #repeats: StorageAnswer[] | undefined

  constructor(
    all: InFlight,
    list: number,
    event: { device: string; messageId: string; answer: StorageAnswer },
  ) {
    this.#all = all
    this.list = list
    this.device = event.device
    this.messageId = event.messageId
    this.#answer = event.answer
  }

  /** The same message has arrived once more. */
  join(answer: StorageAnswer): void {
    this.#repeats ??= []
    this.#repeats.push(answer)
  }

  kept(): void {
    this.#all.end(this, true)
    this.#tellAll((answer) => answer.kept())
  }

  refused(error: Error): void {
    this.#all.end(this, false)
    this.#tellAll((answer) => answer.refused(error))
  }

  /** The input was not an event: it is answered like one, and not counted. */
  asQuarantined(): StorageAnswer {
    return {
      kept: () => {
        this.#all.end(this, false)
        this.#tellAll((answer) => answer.kept())
      },
      refused: (error) => this.refused(error),
    }
  }

  #tellAll(tell: (answer: StorageAnswer) => void): void {
    tell(this.#answer)
    for (const repeat of this.#repeats ?? []) tell(repeat)
  }
}
