// Events that are judged and not on disk yet: a repeat of one is answered together with it, never before.
import type { EntryTold } from '../journal/port.ts'
import type { Told } from './port.ts'

export class InFlight {
  readonly #onKept: () => void
  /** Linked to each other instead of listed: nothing else is made for an event that comes and goes. */
  #newest: EventInFlight | undefined

  /** `onKept` is told of each event before who sent it is. */
  constructor(onKept: () => void) {
    this.#onKept = onKept
  }

  begin(device: string, messageId: string, told: Told): EventInFlight {
    const event = new EventInFlight(this, device, messageId, told)
    event.older = this.#newest
    if (this.#newest) this.#newest.newer = event
    this.#newest = event
    return event
  }

  /** As long as what all devices have under way, which the broker bounds; asked for repeats only. */
  find(device: string, messageId: string): EventInFlight | undefined {
    for (let event = this.#newest; event; event = event.older)
      if (event.messageId === messageId && event.device === device) return event
    return undefined
  }

  end(event: EventInFlight, isKept: boolean): void {
    if (isKept) this.#onKept()
    const { older, newer } = event
    if (older) older.newer = newer
    if (newer) newer.older = older
    else if (this.#newest === event) this.#newest = older
    event.older = event.newer = undefined
  }
}

export class EventInFlight implements EntryTold, Told {
  readonly device: string
  readonly messageId: string
  older: EventInFlight | undefined
  newer: EventInFlight | undefined
  readonly #all: InFlight
  readonly #told: Told
  #repeats: Told[] | undefined

  constructor(all: InFlight, device: string, messageId: string, told: Told) {
    this.#all = all
    this.device = device
    this.messageId = messageId
    this.#told = told
  }

  /** The same message has come once more. */
  join(told: Told): void {
    this.#repeats ??= []
    this.#repeats.push(told)
  }

  kept(): void {
    this.#all.end(this, true)
    this.#tellAll(undefined)
  }

  refused(error: Error): void {
    this.#all.end(this, false)
    this.#tellAll(error)
  }

  /** Not an event after all: it is answered as one, and not counted as one. */
  asQuarantined(): Told {
    return {
      kept: () => {
        this.#all.end(this, false)
        this.#tellAll(undefined)
      },
      refused: (error) => this.refused(error),
    }
  }

  #tellAll(error: Error | undefined): void {
    tell(this.#told, error)
    for (const repeat of this.#repeats ?? []) tell(repeat, error)
  }
}

function tell(told: Told, error: Error | undefined): void {
  if (error) told.refused(error)
  else told.kept()
}
