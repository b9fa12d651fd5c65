// Sets of numbers as sorted ranges [from, to] that neither touch nor overlap. Pure; the input is never changed.
import type { NumberRange } from '../storage/port.ts'

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
