// A new red pushes rows down. A press that lands on a row which has only just slid under the finger is not meant.

/** Longer than a person needs to notice that a row has moved, shorter than a person waits. */
export const rowMovedMs = 350
/** Once refused, the next press counts: in a flood rows never stand still, and an answer must still be possible. */
export const secondPressMs = 2500

export interface Press {
  /** Since this row last changed its place; Infinity when it has not. */
  sinceMovedMs: number
  /** Since the pointer itself last moved; Infinity for a finger, which does not move before it lands. */
  sincePointerMs: number
  sinceRefusedMs: number
  isKeyboard: boolean
}

/** The keyboard presses what has the focus, and the focus moves with its row: that is always meant. */
export function isMeant({ sinceMovedMs, sincePointerMs, sinceRefusedMs, isKeyboard }: Press): boolean {
  if (isKeyboard || sinceRefusedMs < secondPressMs) return true
  return sinceMovedMs > rowMovedMs || sincePointerMs < sinceMovedMs
}

/** Remembers when each row last changed its place in the list. */
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
