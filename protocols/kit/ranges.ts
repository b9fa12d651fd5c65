// Sets of numbers as sorted ranges [from, to] that neither touch nor overlap. Pure; the input is never changed.

/** [from, to], both included. */
export type NumberRange = [from: number, to: number]

/** Adds from..to. */
export function addRange(ranges: readonly NumberRange[], from: number, to: number): NumberRange[] {
  const before: NumberRange[] = []
  const after: NumberRange[] = []
  let merged: NumberRange = [from, to]
  for (const range of ranges) {
    if (range[1] < merged[0] - 1) before.push(range)
    else if (range[0] > merged[1] + 1) after.push(range)
    else merged = [Math.min(range[0], merged[0]), Math.max(range[1], merged[1])]
  }
  return [...before, merged, ...after]
}

/** The set without anything up to `number`. */
export function removeTo(ranges: readonly NumberRange[], number: number): NumberRange[] {
  return ranges
    .filter((range) => range[1] > number)
    .map((range): NumberRange => [Math.max(range[0], number + 1), range[1]])
}

/** The numbers of from..to that are not in the set, in order. */
export function newOf(ranges: readonly NumberRange[], from: number, to: number): NumberRange[] {
  const pieces: NumberRange[] = []
  let next = from
  for (const range of ranges) {
    if (range[1] < next) continue
    if (range[0] > to) break
    if (range[0] > next) pieces.push([next, range[0] - 1])
    next = range[1] + 1
  }
  if (next <= to) pieces.push([next, to])
  return pieces
}

/** True for a result that `addRange` can produce from numbers 1 to `numberMax`. */
export function areSound(ranges: unknown, numberMax: number): ranges is NumberRange[] {
  if (!Array.isArray(ranges)) return false
  let last = -1
  return ranges.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== 2) return false
    const [from, to] = range as unknown[]
    if (typeof from !== 'number' || typeof to !== 'number') return false
    const isSound = Number.isInteger(from) && Number.isInteger(to) && from > last + 1
    const isOrdered = isSound && from <= to && to <= numberMax
    last = to
    return isOrdered
  })
}

export function hasNumber(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(([from, to]) => from <= number && number <= to)
}

/** The highest n for which all of 1..n are in the set; 0 when 1 is not. */
export function unbrokenTo(ranges: readonly NumberRange[]): number {
  const first = ranges[0]
  return first && first[0] === 1 ? first[1] : 0
}

/** The holes below the highest number, oldest first, at most `countMax`. */
export function holesOf(ranges: readonly NumberRange[], countMax: number): NumberRange[] {
  const holes: NumberRange[] = []
  let next = 1
  for (const [from, to] of ranges) {
    if (holes.length >= countMax) break
    if (from > next) holes.push([next, from - 1])
    next = to + 1
  }
  return holes
}
