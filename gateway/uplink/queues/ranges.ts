// Sorted ranges of lane numbers that do not touch: the numbers that the centre lacks and the box must send again.

export type Range = [from: number, to: number]

/** `ranges` with `range` added, merged where they touch. */
export function addRange(ranges: readonly Range[], range: Range): Range[] {
  const result: Range[] = []
  let [from, to] = range
  let isPlaced = false
  for (const other of ranges) {
    if (other[1] + 1 < from) result.push(other)
    else if (other[0] > to + 1) {
      if (!isPlaced) result.push([from, to])
      isPlaced = true
      result.push(other)
    } else {
      from = Math.min(from, other[0])
      to = Math.max(to, other[1])
    }
  }
  if (!isPlaced) result.push([from, to])
  return result
}

/** `ranges` without anything up to `number`. */
export function removeTo(ranges: readonly Range[], number: number): Range[] {
  return ranges
    .filter((range) => range[1] > number)
    .map((range): Range => [Math.max(range[0], number + 1), range[1]])
}
