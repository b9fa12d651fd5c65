// Detects a box that sends from two places in turns: a copied card, or a stolen certificate. A box that moves to
// another address and stays there is not one, nor is a box whose connection changes from time to time.
import type { Clock } from '../../protocols/kit/clock.ts'

/** The place from which a box sends. */
export interface BoxPlace {
  address: string
  /** Fingerprint of its certificate; undefined when it used a password. */
  certificate: string | undefined
}

/** This long after the last return to an earlier place, the box counts as at one place again. */
export const calmMs = 600_000
/**
 * Returns within `calmMs`; two certificates never alternate legitimately, two addresses may with an unstable
 * connection.
 */
export const returnsOfCertificates = 2
export const returnsOfAddresses = 6
const judgedEveryMs = 5000
/** Boxes that are watched; beyond it the one that sent longest ago is removed. */
export const watchedMax = 50_000

export interface TwoPlacesOptions {
  clock: Clock
  /** At two places, with both of them, or at one again. */
  onChange: (box: string, places: readonly BoxPlace[] | undefined) => void
}

interface Watched {
  now: BoxPlace
  before: BoxPlace | undefined
  /** When it returned to an earlier place. */
  returnsMs: number[]
  isDoubled: boolean
}

const isSame = (one: BoxPlace, other: BoxPlace): boolean =>
  one.address === other.address && one.certificate === other.certificate

export class TwoPlaces {
  readonly #options: TwoPlacesOptions
  readonly #boxes = new Map<string, Watched>()
  #cancel: () => void = () => undefined

  constructor(options: TwoPlacesOptions) {
    this.#options = options
  }

  start(): void {
    this.#cancel = this.#options.clock.after(judgedEveryMs, () => {
      this.#judge()
      this.start()
    })
  }

  stop(): void {
    this.#cancel()
  }

  /** Its alarm was active when the centre stopped: it gets time to stay at one place. */
  remember(box: string): void {
    const nowhere = { address: '', certificate: undefined }
    const returnsMs = [this.#options.clock.monotonicMs()]
    this.#boxes.set(box, { now: nowhere, before: undefined, returnsMs, isDoubled: true })
  }

  /** The box has connected, or sent a message. */
  spoke(box: string, place: BoxPlace): void {
    const watched = this.#boxes.get(box)
    if (!watched) {
      this.#boxes.set(box, { now: place, before: undefined, returnsMs: [], isDoubled: false })
      if (this.#boxes.size <= watchedMax) return
      const [oldest] = this.#boxes.keys()
      if (oldest !== undefined) this.#forget(oldest)
      return
    }
    if (isSame(watched.now, place)) return
    const { now, before, returnsMs } = watched
    watched.before = now
    watched.now = place
    if (!before || !isSame(before, place)) return
    const nowMs = this.#options.clock.monotonicMs()
    returnsMs.push(nowMs)
    if (returnsMs.length > returnsOfAddresses) returnsMs.shift()
    const recent = returnsMs.filter((atMs) => nowMs - atMs < calmMs).length
    const needed = now.certificate === place.certificate ? returnsOfAddresses : returnsOfCertificates
    if (recent < needed || watched.isDoubled) return
    watched.isDoubled = true
    this.#options.onChange(box, [now, place])
  }

  #judge(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [box, { returnsMs, isDoubled }] of this.#boxes)
      if (isDoubled && nowMs - (returnsMs.at(-1) ?? 0) >= calmMs) this.#forget(box)
  }

  #forget(box: string): void {
    const isDoubled = this.#boxes.get(box)?.isDoubled ?? false
    this.#boxes.delete(box)
    if (isDoubled) this.#options.onChange(box, undefined)
  }
}
