// One queue per box, served in turn: a box's waiting time does not depend on how much another box has waiting.

export interface Queued {
  box: string
  /** In plain records; computed only when it is this entry's turn. */
  weight: () => number
}

export class FairQueue<T extends Queued> {
  /** Boxes with waiting entries, the next to be served first. */
  readonly #boxes = new Map<string, T[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    const ofBox = this.#boxes.get(item.box)
    if (ofBox) ofBox.push(item)
    else this.#boxes.set(item.box, [item])
    this.#size += 1
  }

  /**
   * One entry of each box in turn, until `weightMax` is reached or none is left; of one box at most `boxWeightMax`. The
   * first entry of each box is taken whatever its weight, up to `weightMax`; and the very first in any case. A box that
   * `isHeld` has no turn.
   */
  take(weightMax: number, boxWeightMax: number, isHeld: (box: string) => boolean = () => false): T[] {
    const taken: T[] = []
    const weights = new Map<string, number>()
    let weight = 0
    let hasTaken = true
    while (hasTaken) {
      hasTaken = false
      // A copy: a served box moves to the end of the turn.
      const turn = Array.from(this.#boxes).filter(([box]) => !isHeld(box))
      for (const [box, items] of turn) {
        const next = items[0]
        const before = weights.get(box)
        if (!next || (before !== undefined && before >= boxWeightMax)) continue
        const cost = next.weight()
        if (taken.length > 0 && weight + cost > weightMax) return taken
        if (before !== undefined && before + cost > boxWeightMax) continue
        weight += cost
        weights.set(box, (before ?? 0) + cost)
        taken.push(next)
        hasTaken = true
        this.#drop(box, items)
      }
    }
    return taken
  }

  /** Boxes with waiting entries. */
  boxes(): Iterable<string> {
    return this.#boxes.keys()
  }

  #drop(box: string, items: T[]): void {
    items.shift()
    this.#size -= 1
    this.#boxes.delete(box)
    if (items.length > 0) this.#boxes.set(box, items)
  }
}
