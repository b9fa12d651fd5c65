// Unlisted devices that sent over a bridge. Their hardware and last message are kept for the person who adopts
// them, also across a restart.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { Logger } from 'pino'
import type { DeviceDescription, DeviceResult } from '../port.ts'
import type { ResultStorage } from './result-storage.ts'
import type { SenderSettings } from './senders.ts'

/** Most unlisted devices kept; the one that sent longest ago is removed, in the journal too. */
export const strangersMax = 500
/** Largest last message as JSON; of a larger one only the names of its readings are kept. */
const lastBytesMax = 1000
/** Names of readings per device; further ones are not noted. */
const sentMax = 30

/**
 * New ones of a listener that any machine can reach: noted at once, and then one more each second. A flood of invented ones
 * would write a row for each, and displace those that a person looks for.
 */
export const exposedBurst = 50
const exposedEveryMs = 1000

/** An unlisted device that sent. */
export interface Stranger {
  address: string
  /** The id under which its events are stored. */
  device: string
  sender: string
  dialect: string
  heardMs: number
  messages: number
  about?: DeviceDescription
  last?: object
  /** Names of all readings that it has sent: the last message of a button is often its battery. */
  sent?: readonly string[]
  /** Other hardware took its place: its messages are no events. */
  isLockedOut?: boolean
}

/** Key in the journal: `knock:{address}`. */
export const knockPrefix = 'knock:'

export interface StrangersOptions {
  keeper: Pick<ResultStorage, 'keepState'>
  steadyMs: () => number
  logger: Logger
}

export class Strangers {
  readonly #options: StrangersOptions
  readonly #byAddress = new Map<string, Stranger>()
  /** Not yet in the journal in this state. */
  readonly #changed = new Set<string>()
  /** When the new ones of exposed listeners are paid for. */
  #exposedPaidMs = 0

  constructor(options: StrangersOptions) {
    this.#options = options
  }

  restore(stranger: Stranger): void {
    this.#byAddress.set(stranger.address, stranger)
  }

  /** It is listed now. */
  forget(address: string): void {
    this.#byAddress.delete(address)
    this.#changed.add(address)
  }

  all(): Stranger[] {
    return [...this.#byAddress.values()]
  }

  note(
    { id: sender, dialect, isListedOnly }: Pick<SenderSettings, 'id' | 'dialect' | 'isListedOnly'>,
    result: DeviceResult,
    device: string,
    isLockedOut = false,
  ): void {
    const { device: address } = result
    const before = this.#byAddress.get(address)
    if (!before && isListedOnly && !this.#mayEnter()) return
    const about = result.about ?? before?.about
    const last = Object.keys(result.readings).length > 0 ? shortOf(result.readings) : before?.last
    const sent = [...new Set([...(before?.sent ?? []), ...Object.keys(result.readings)])].slice(0, sentMax)
    this.#byAddress.delete(address)
    this.#byAddress.set(address, {
      address,
      device,
      sender,
      dialect,
      heardMs: this.#options.steadyMs(),
      messages: (before?.messages ?? 0) + 1,
      ...(about ? { about } : {}),
      ...(last ? { last } : {}),
      ...(sent.length > 0 ? { sent } : {}),
      ...(isLockedOut ? { isLockedOut } : {}),
    })
    this.#changed.add(address)
    forgetOldest(this.#byAddress, strangersMax, (oldest) => this.#changed.add(oldest))
    // One row for each new device; the number of its messages is written only at the end.
    if (!before)
      this.keep().catch((error: Error) =>
        this.#options.logger.warn({ reason: error.message }, 'a device that knocks could not be noted'),
      )
  }

  #mayEnter(): boolean {
    const nowMs = this.#options.steadyMs()
    this.#exposedPaidMs = Math.max(this.#exposedPaidMs, nowMs)
    if (this.#exposedPaidMs - nowMs > (exposedBurst - 1) * exposedEveryMs) return false
    this.#exposedPaidMs += exposedEveryMs
    return true
  }

  /** Writes the changes. */
  async keep(): Promise<void> {
    const changed = [...this.#changed]
    if (changed.length === 0) return
    this.#changed.clear()
    try {
      await this.#options.keeper.keepState(
        changed.map((address) => [knockPrefix + address, this.#byAddress.get(address)]),
      )
    } catch (error) {
      for (const address of changed) this.#changed.add(address)
      throw error
    }
  }
}

function shortOf(readings: object): object {
  if (JSON.stringify(readings).length <= lastBytesMax) return readings
  return { readings: Object.keys(readings).slice(0, 30) }
}
