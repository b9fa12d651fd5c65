// A new red pushes rows down. A press on a row that moved under the finger a moment ago is not intended.

/** Longer than a person needs to notice that a row has moved, shorter than a person waits. */
export const rowMovedMs = 350
/** After one refusal the next press counts: in a flood rows never stand still, and an answer must still be possible. */
export const secondPressMs = 2500

export interface Press {
  /** Since this row last changed its place; Infinity if it never did. */
  sinceMovedMs: number
  /** Since the pointer itself last moved; Infinity for a finger, which does not move before it lands. */
  sincePointerMs: number
  sinceRefusedMs: number
  isKeyboard: boolean
}

/** The keyboard presses the focused button, and the focus moves with its row: such a press is always intended. */
export function isMeant({ sinceMovedMs, sincePointerMs, sinceRefusedMs, isKeyboard }: Press): boolean {
  if (isKeyboard || sinceRefusedMs < secondPressMs) return true
  return sinceMovedMs > rowMovedMs || sincePointerMs < sinceMovedMs
}

/** Stores when each row last changed its place in the list. */
export class RowPlaces {
  #places = new Map<string, { index: number; movedMs: number }>()

  update(ids: readonly string[], nowMs: number): void {
    const next = new Map<string, { index: number; movedMs: number }>()
    for (const [index, id] of ids.entries()) {
      const before = this.#places.get(id)
      next.set(id, { index, movedMs: before?.index === index ? before.movedMs : nowMs })
    }
    this.#places = next
  }

  sinceMovedMs(id: string, nowMs: number): number {
    const place = this.#places.get(id)
    return place === undefined ? Infinity : nowMs - place.movedMs
  }
}
