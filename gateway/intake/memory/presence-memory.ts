// The last presence message of each device: only a change is stored.
import { forgetOldest } from '../../../platform/forget-oldest.ts'

/**
 * Most devices kept; beyond it the one that changed longest ago is removed, and its next message counts as a change.
 */
export const presencesMax = 10_000

export class PresenceMemory {
  readonly #words = new Map<string, string>()

  /** False when the device sent the same before. */
  change(device: string, word: string): boolean {
    if (this.#words.get(device) === word) return false
    this.#words.delete(device)
    this.#words.set(device, word)
    forgetOldest(this.#words, presencesMax)
    return true
  }

  forget(device: string): void {
    this.#words.delete(device)
  }

  clear(): void {
    this.#words.clear()
  }
}
