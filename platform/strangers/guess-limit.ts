// Delays password guessing: per name and address, and per address for all names. A proof by certificate does not pass
// here, so a device or box with a certificate can not be locked out.
import { forgetOldest } from '../forget-oldest.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { networkOf } from './network-address.ts'

/**
 * Wrong passwords in a row for one name from one address, and from one address for all names; then one more per pause.
 */
export const guessesPerNameMax = 10
export const guessesPerAddressMax = 60
/** Up to this count a name without a failure from the address may still try: many devices may be behind one address. */
export const guessesPerAddressFreshMax = 600
const pausePerNameMs = 10_000
const pausePerAddressMs = 2000
/** Names and addresses kept; beyond it the oldest are removed. */
const rememberedMax = 20_000

interface Guesses {
  /** Rises by one with each wrong password and falls by one per pause. */
  level: number
  atMs: number
}

export class GuessLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #guesses = new Map<string, Guesses>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** False while no password of `name` from `address` is checked, not even the right one. */
  allows(name: string, address: string): boolean {
    const from = networkOf(address)
    const ofName = this.#level(`${from} ${name}`, pausePerNameMs)
    const addressMax = ofName === 0 ? guessesPerAddressFreshMax : guessesPerAddressMax
    return ofName < guessesPerNameMax && this.#level(from, pausePerAddressMs) < addressMax
  }

  /** A password was wrong. */
  note(name: string, address: string): void {
    const from = networkOf(address)
    this.#raise(`${from} ${name}`, pausePerNameMs)
    this.#raise(from, pausePerAddressMs)
  }

  #level(key: string, pauseMs: number): number {
    const known = this.#guesses.get(key)
    if (!known) return 0
    return Math.max(0, known.level - (this.#clock.monotonicMs() - known.atMs) / pauseMs)
  }

  #raise(key: string, pauseMs: number): void {
    const level = this.#level(key, pauseMs) + 1
    this.#guesses.delete(key)
    this.#guesses.set(key, { level, atMs: this.#clock.monotonicMs() })
    forgetOldest(this.#guesses, rememberedMax)
  }
}
