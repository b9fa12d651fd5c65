// The corners of a hidden part while it is drawn: pure. A drag is a box, a press is one corner, and a press on the first corner closes.
import type { MaskPolygon } from '../../../protocols/console/cameras.ts'

export type Corner = [x: number, y: number]

/** As many as the box takes. */
export const masksMax = 16
export const cornersMax = 32
/** A drag shorter than this, as a fraction of the picture, is a press. */
const dragMin = 0.015
/** A press so near to the first corner closes the part. */
const closeWithin = 0.025

const inside = (value: number): number => Math.min(1, Math.max(0, Math.round(value * 1000) / 1000))
export const cornerAt = (x: number, y: number): Corner => [inside(x), inside(y)]

export const isDrag = ([fromX, fromY]: Corner, [toX, toY]: Corner): boolean =>
  Math.abs(toX - fromX) >= dragMin && Math.abs(toY - fromY) >= dragMin

export const boxOf = ([fromX, fromY]: Corner, [toX, toY]: Corner): MaskPolygon => [
  [Math.min(fromX, toX), Math.min(fromY, toY)],
  [Math.max(fromX, toX), Math.min(fromY, toY)],
  [Math.max(fromX, toX), Math.max(fromY, toY)],
  [Math.min(fromX, toX), Math.max(fromY, toY)],
]

/** The part with one corner more, or closed. */
export function withCorner(
  open: readonly Corner[],
  corner: Corner,
): { open: Corner[] } | { closed: MaskPolygon } {
  const [first] = open
  const isClosing =
    first !== undefined &&
    open.length >= 3 &&
    Math.hypot(first[0] - corner[0], first[1] - corner[1]) <= closeWithin
  if (isClosing) return { closed: [...open] }
  const next: Corner[] = [...open, corner]
  return next.length >= cornersMax ? { closed: next } : { open: next }
}

/** For the `points` of an SVG whose view is 1000 wide and high. */
export const pointsOf = (corners: readonly Corner[]): string =>
  corners.map(([x, y]) => `${Math.round(x * 1000)},${Math.round(y * 1000)}`).join(' ')
