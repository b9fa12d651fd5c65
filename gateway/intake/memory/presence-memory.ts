// The last presence message of each device: only a change is stored.

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
    const oldest = this.#words.keys().next()
    if (this.#words.size > presencesMax && !oldest.done) this.#words.delete(oldest.value)
    return true
  }

  forget(device: string): void {
    this.#words.delete(device)
  }

  clear(): void {
    this.#words.clear()
  }
}
