// How fast this box wears its flash card: the kernel's count of bytes written per day, against the endurance of a card.
import { readFileSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'

/** Endurance of a plain 16 GB card: 3000 writes of each cell. A card with another endurance lasts in proportion. */
export const cardEnduranceBytes = 16e9 * 3000
/**
 * Bytes that a card really writes for one byte of a small synced write: it erases in far larger blocks. Not measured; a
 * cautious value.
 */
export const writeAmplification = 16
/** Before this time most of the written bytes would be those of the start. */
const projectAfterMs = 10 * 60_000
const dayMs = 86_400_000
const daysPerYear = 365.25

export interface FlashFacts {
  /** Since this process started. */
  writtenBytes: number
  /** Absent during the first ten minutes. */
  bytesPerDay?: number
  cardYears?: number
}

export interface FlashWearOptions {
  monotonicMs: () => number
  /** Bytes that the kernel has sent to the disk for this process; undefined if it does not report them. */
  readWrittenBytes?: () => number | undefined
}

export class FlashWear {
  readonly #monotonicMs: () => number
  readonly #read: () => number | undefined
  readonly #startedMs: number

  constructor({ monotonicMs, readWrittenBytes = readOwnWrittenBytes }: FlashWearOptions) {
    this.#monotonicMs = monotonicMs
    this.#read = readWrittenBytes
    this.#startedMs = monotonicMs()
  }

  /** Undefined on a system without this count. */
  facts(): FlashFacts | undefined {
    const writtenBytes = this.#read()
    if (writtenBytes === undefined) return undefined
    const forMs = this.#monotonicMs() - this.#startedMs
    if (forMs < projectAfterMs) return { writtenBytes }
    const bytesPerDay = (writtenBytes / forMs) * dayMs
    const cardYears = cardEnduranceBytes / writeAmplification / bytesPerDay / daysPerYear
    return { writtenBytes, bytesPerDay, ...(Number.isFinite(cardYears) ? { cardYears } : {}) }
  }

  register(registry: Registry): void {
    const facts = (): FlashFacts | undefined => this.facts()
    new Counter({
      name: 'gengfu_flash_written_bytes_total',
      help: 'Bytes that the kernel sent to the disk for this process',
      registers: [registry],
      collect() {
        this.reset()
        this.inc(facts()?.writtenBytes ?? 0)
      },
    })
    new Gauge({
      name: 'gengfu_flash_card_life_years',
      help: `Years that a card of ${cardEnduranceBytes / 1e12} TB endurance lasts at this rate, +Inf in the first ten minutes`,
      registers: [registry],
      collect() {
        this.set(facts()?.cardYears ?? Infinity)
      },
    })
  }
}

/** From Linux's own count; it includes bytes written for this process later, at the next sync. */
export function readOwnWrittenBytes(): number | undefined {
  let text: string
  try {
    text = readFileSync('/proc/self/io', 'utf8')
  } catch {
    return undefined // a system without this count, or a sandbox that hides it
  }
  const [, bytes] = /^write_bytes: (\d+)$/m.exec(text) ?? []
  return bytes === undefined ? undefined : Number(bytes)
}
