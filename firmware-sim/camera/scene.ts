// The picture of the simulated camera: a river wall with a water gauge, a door, a sky that shows the hour, and the time
// in figures.
import { toCoefficients, type Plane, type Planes } from '../../platform/jpeg/jpeg-planes.ts'
import { createSeededRandom } from '../../protocols/kit/random.ts'
import { writeJpeg } from '../../platform/jpeg/write-jpeg.ts'

export interface SceneState {
  atMs: number
  waterLevelMm: number
  isDoorOpen: boolean
  isDark: boolean
  isCovered: boolean
  /** Noise of a bad sensor, 0 to 100: it makes the picture's file larger, up to some 200 KB. */
  grain?: number
}

const width = 640
const height = 352
/** Luma, Cb, Cr. */
type Paint = readonly [number, number, number]
const paints = {
  night: [45, 140, 125],
  day: [190, 140, 120],
  wall: [110, 125, 130],
  water: [90, 160, 105],
  gauge: [220, 128, 128],
  mark: [40, 128, 128],
  door: [80, 110, 160],
  opening: [25, 128, 128],
  ink: [235, 128, 128],
} satisfies Record<string, Paint>

/** 3 x 5 dots per figure, rows from the top, one octal digit each. */
const figures: Record<string, string> = {
  '0': '75557',
  '1': '26227',
  '2': '71747',
  '3': '71717',
  '4': '55711',
  '5': '74717',
  '6': '74757',
  '7': '71222',
  '8': '75757',
  '9': '75717',
  '-': '00700',
  ':': '02020',
  ' ': '00000',
}

export function drawScene(state: SceneState): Uint8Array {
  const canvas = createCanvas()
  if (state.isCovered) return finish(canvas, paints.mark)
  if (state.isDark) {
    fill(canvas, 0, 0, width, height, [5, 128, 128])
    return encode(canvas)
  }
  const hour = new Date(state.atMs).getUTCHours()
  fill(canvas, 0, 0, width, 160, hour >= 6 && hour < 18 ? paints.day : paints.night)
  fill(canvas, 0, 160, width, height, paints.wall)
  const surface = Math.round(height - 8 - Math.min(170, state.waterLevelMm / 20))
  fill(canvas, 0, surface, 420, height, paints.water)
  fill(canvas, 200, 170, 232, height, paints.gauge)
  for (let y = 180; y < height; y += 16) fill(canvas, 200, y, 218, y + 4, paints.mark)
  fill(canvas, 216, surface, 232, height, paints.water)
  fill(canvas, 480, 180, 576, height, paints.door)
  if (state.isDoorOpen) fill(canvas, 492, 190, 564, height, paints.opening)
  write(canvas, 12, 12, new Date(state.atMs).toISOString().slice(0, 19).replace('T', ' '))
  write(canvas, 240, 180, String(Math.round(state.waterLevelMm)))
  addGrain(canvas, state.grain ?? 0, state.atMs)
  return encode(canvas)
}

function createCanvas(): Planes {
  const plane = (h: number, value: number): Plane => {
    const wide = (width * h) / 2
    const high = (height * h) / 2
    return { h, v: h, width: wide, height: high, samples: new Uint8Array(wide * high).fill(value) }
  }
  return { width, height, planes: [plane(2, 0), plane(1, 128), plane(1, 128)] }
}

function fill(canvas: Planes, left: number, top: number, right: number, bottom: number, paint: Paint): void {
  canvas.planes.forEach((plane, i) => {
    const scale = plane.h / 2
    for (let y = Math.round(top * scale); y < Math.round(bottom * scale); y++) {
      const row = y * plane.width
      plane.samples.fill(paint[i] ?? 128, row + Math.round(left * scale), row + Math.round(right * scale))
    }
  })
}

/** The same picture has the same noise: the numbers come from its time. */
function addGrain(canvas: Planes, grain: number, atMs: number): void {
  if (grain === 0) return
  const random = createSeededRandom(atMs)
  for (const { samples } of canvas.planes)
    for (let at = 0; at < samples.length; at++)
      samples[at] = Math.max(0, Math.min(255, (samples[at] ?? 0) + (random.next() - 0.5) * 2 * grain))
}

function write(canvas: Planes, left: number, top: number, text: string): void {
  const dot = 4
  text.split('').forEach((sign, i) => {
    ;(figures[sign] ?? '').split('').forEach((row, y) => {
      for (let x = 0; x < 3; x++) {
        if ((Number(row) & (4 >> x)) === 0) continue
        const at = left + (i * 4 + x) * dot
        fill(canvas, at, top + y * dot, at + dot, top + (y + 1) * dot, paints.ink)
      }
    })
  })
}

function finish(canvas: Planes, paint: Paint): Uint8Array {
  fill(canvas, 0, 0, width, height, paint)
  return encode(canvas)
}

const encode = (canvas: Planes): Uint8Array => writeJpeg(toCoefficients(canvas, 75))
