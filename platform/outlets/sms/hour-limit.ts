// How many messages one number gets in an hour: a storm of alarms must not become a storm of calls on one telephone.
import type { Clock } from '../../../protocols/kit/clock-port.ts'

const hourMs = 3_600_000
/** Numbers that are remembered; the one that was sent to longest ago is forgotten first. */
const numbersMax = 1000

export class HourLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #sentMs = new Map<string, number[]>()

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  isOpen(phone: string, most: number): boolean {
    return this.#recent(phone).length < most
  }

  count(phone: string): void {
    const recent = [...this.#recent(phone), this.#clock.monotonicMs()]
    this.#sentMs.delete(phone)
    this.#sentMs.set(phone, recent)
    const [oldest] = this.#sentMs.keys()
    if (this.#sentMs.size > numbersMax && oldest !== undefined) this.#sentMs.delete(oldest)
  }

  #recent(phone: string): number[] {
    const sinceMs = this.#clock.monotonicMs() - hourMs
    return (this.#sentMs.get(phone) ?? []).filter((ms) => ms > sinceMs)
  }
}
