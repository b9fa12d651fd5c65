// One queue per box, served in turn: a box's waiting time does not depend on how much another box has waiting.

export interface Queued<T> {
  box: string
  /** In plain records; computed only when it is this entry's turn. */
  weight: () => number
  /** Cuts off a first part of this weight at most; undefined when it is whole or not at all. */
  split?: (weightMax: number) => T | undefined
}

export class FairQueue<T extends Queued<T>> {
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
   * first entry of each box is taken whatever its weight, up to `weightMax`, or the part of it that fits where it can be
   * split; and the very first in any case. A box that `isHeld` has no turn.
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
        const whole = next.weight()
        const isSplit = next.split !== undefined && whole > boxWeightMax
        const wanted = isSplit ? boxWeightMax : whole
        if (taken.length > 0 && weight + wanted > weightMax) return taken
        if (before !== undefined && before + wanted > boxWeightMax) continue
        const part = isSplit ? next.split?.(boxWeightMax) : undefined
        const cost = part?.weight() ?? whole
        weight += cost
        weights.set(box, (before ?? 0) + cost)
        taken.push(part ?? next)
        hasTaken = true
        this.#pass(box, items, part === undefined)
      }
    }
    return taken
  }

  /** Boxes with waiting entries. */
  boxes(): Iterable<string> {
    return this.#boxes.keys()
  }

  /** The first entries of all boxes, then the second ones, and so on. */
  *inTurn(): Iterable<T> {
    const boxes = [...this.#boxes.values()]
    for (let at = 0, isLeft = true; isLeft; at++) {
      isLeft = false
      for (const items of boxes) {
        const item = items[at]
        if (!item) continue
        isLeft = true
        yield item
      }
    }
  }

  /** The box moves to the end of the turn; its first entry leaves when all of it is taken. */
  #pass(box: string, items: T[], isWhole: boolean): void {
    if (isWhole) items.shift()
    if (isWhole) this.#size -= 1
    this.#boxes.delete(box)
    if (items.length > 0) this.#boxes.set(box, items)
  }
}
