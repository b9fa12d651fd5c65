// Processing of a picture before people can see it: checked completely, privacy masks burned in, a small preview, its
// light measured.
import type { JpegCoefficients } from '../../../platform/jpeg/jpeg-coefficients.ts'
import { toCoefficients, toPlanes, type Scale } from '../../../platform/jpeg/jpeg-planes.ts'
import { isJpeg, notBaseline, parseJpeg, tooManyPixels } from '../../../platform/jpeg/parse-jpeg.ts'
import { writeJpeg } from '../../../platform/jpeg/write-jpeg.ts'

/** A corner as fractions of width and height, 0 to 1 from the top left. */
export type Point = readonly [x: number, y: number]
export type Polygon = readonly Point[]

/** Largest preview in bytes: it is sent before the full size. */
export const previewBytesMax = 20 * 1024
const previewWidthMax = 480
const previewQualities = [65, 45, 30, 18, 10, 5]

export interface WorkedPicture {
  width: number
  height: number
  /** The camera's own bytes, or the masked picture. */
  full: Uint8Array
  preview: { bytes: Uint8Array; width: number; height: number }
  light: Light
}

/** Mean (0 to 255) and spread of luma over the picture's blocks, before masking. */
export interface Light {
  mean: number
  spread: number
}

export type WorkResult = { ok: true; picture: WorkedPicture } | { ok: false; code: BadPicture }

/** `not-baseline` and `too-many-pixels`: ffmpeg can convert it to a picture that can be processed. */
export type BadPicture = 'not-a-picture' | 'broken-picture' | 'not-baseline' | 'too-many-pixels'

export function workPicture(bytes: Uint8Array, masks: readonly Polygon[]): WorkResult {
  if (!isJpeg(bytes)) return { ok: false, code: 'not-a-picture' }
  const parsed = parseJpeg(bytes)
  if (!parsed.ok) {
    const message = parsed.problems[0]?.message
    if (message === tooManyPixels) return { ok: false, code: 'too-many-pixels' }
    return { ok: false, code: message === notBaseline ? 'not-baseline' : 'broken-picture' }
  }
  const picture = parsed.value
  const light = measureLight(picture)
  burnMasks(picture, masks)
  const full = masks.length > 0 || picture.isIncomplete ? writeJpeg(picture) : bytes
  const { width, height } = picture
  // A small picture is its own preview: no second encoding, no second file.
  const preview = full.length <= previewBytesMax ? { bytes: full, width, height } : createPreview(picture)
  return { ok: true, picture: { width, height, full, preview, light } }
}

function measureLight(picture: JpegCoefficients): Light {
  const luma = picture.components[0]
  if (!luma) return { mean: 0, spread: 0 }
  const blocks = luma.blocksWide * luma.blocksHigh
  let sum = 0
  let squares = 0
  for (let block = 0; block < blocks; block++) {
    const value = ((luma.coefficients[block * 64] ?? 0) * (luma.quant[0] ?? 1)) / 8 + 128
    sum += value
    squares += value * value
  }
  const mean = sum / blocks
  return { mean, spread: Math.sqrt(Math.max(0, squares / blocks - mean * mean)) }
}

/** Blanks every block that a polygon touches, in all components; nothing of them stays in the file. */
export function burnMasks(picture: JpegCoefficients, masks: readonly Polygon[]): void {
  if (masks.length === 0) return
  const hMax = Math.max(...picture.components.map((component) => component.h))
  const vMax = Math.max(...picture.components.map((component) => component.v))
  picture.components.forEach((component, i) => {
    // A block of this component covers this much of the picture.
    const wide = (8 * hMax) / component.h / picture.width
    const high = (8 * vMax) / component.v / picture.height
    const black = i === 0 ? Math.round(((16 - 128) * 8) / (component.quant[0] ?? 1)) : 0
    for (let row = 0; row < component.blocksHigh; row++) {
      for (let column = 0; column < component.blocksWide; column++) {
        const cell = {
          left: column * wide,
          top: row * high,
          right: (column + 1) * wide,
          bottom: (row + 1) * high,
        }
        if (!masks.some((mask) => touches(mask, cell))) continue
        const at = (row * component.blocksWide + column) * 64
        component.coefficients.fill(0, at, at + 64)
        component.coefficients[at] = black
      }
    }
  })
}

interface Cell {
  left: number
  top: number
  right: number
  bottom: number
}

/** True when polygon and cell share a point: a corner inside the other, or edges that cross. */
function touches(polygon: Polygon, cell: Cell): boolean {
  const { left, top, right, bottom } = cell
  if (polygon.some(([x, y]) => x >= left && x <= right && y >= top && y <= bottom)) return true
  if (isInside(polygon, left, top)) return true
  return polygon.some((from, i) => {
    const to = polygon[(i + 1) % polygon.length] ?? from
    return crosses(from, to, cell)
  })
}

function isInside(polygon: Polygon, x: number, y: number): boolean {
  let inside = false
  polygon.forEach(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length] ?? [ax, ay]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  })
  return inside
}

/** Liang-Barsky: true when the part of the line from `a` to `b` inside the cell has a length. */
function crosses(a: Point, b: Point, cell: Cell): boolean {
  const dx = b[0] - a[0]
  const dy = b[1] - a[1]
  const sides: [number, number][] = [
    [-dx, a[0] - cell.left],
    [dx, cell.right - a[0]],
    [-dy, a[1] - cell.top],
    [dy, cell.bottom - a[1]],
  ]
  let from = 0
  let to = 1
  for (const [step, room] of sides) {
    if (step === 0) {
      if (room < 0) return false
    } else if (step < 0) from = Math.max(from, room / step)
    else to = Math.min(to, room / step)
  }
  return from <= to
}

function createPreview(picture: JpegCoefficients): WorkedPicture['preview'] {
  const scales: Scale[] = [8, 4, 2, 1]
  const first = scales.findIndex((scale) => (picture.width * scale) / 8 <= previewWidthMax)
  for (const scale of scales.slice(first === -1 ? 3 : first)) {
    const planes = toPlanes(picture, scale)
    for (const quality of previewQualities) {
      const bytes = writeJpeg(toCoefficients(planes, quality))
      if (bytes.length <= previewBytesMax) return { bytes, width: planes.width, height: planes.height }
      // Far too large: the next smaller size is quicker than five more qualities.
      if (bytes.length > previewBytesMax * 2.5) break
    }
  }
  // Only a picture of several thousand pixels of noise gets here; its darkest, smallest form is still a picture.
  const planes = toPlanes(picture, 1)
  return { bytes: writeJpeg(toCoefficients(planes, 1)), width: planes.width, height: planes.height }
}
