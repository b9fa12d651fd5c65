// Coefficients to samples and back: full size or reduced to 1/2, 1/4 or 1/8 without decoding unused frequencies.
import { mcuGrid, type JpegCoefficients } from './jpeg-coefficients.ts'
import { quantTable } from './jpeg-tables.ts'

/** Samples of one component, `width` bytes a row; rows and columns cover whole MCUs. */
export interface Plane {
  h: number
  v: number
  width: number
  height: number
  samples: Uint8Array
}

/** Luma first, then Cb and Cr for a colour picture. */
export interface Planes {
  width: number
  height: number
  planes: Plane[]
}

export type Scale = 1 | 2 | 4 | 8

/** Row u, column x: the cosine of frequency u at sample x of `size`, orthonormal. */
function cosines(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const u = Math.floor(i / size)
    const x = i % size
    return Math.sqrt((u === 0 ? 1 : 2) / size) * Math.cos(((2 * x + 1) * u * Math.PI) / (2 * size))
  })
}

const cosinesOf: Record<Scale, Float32Array> = { 1: cosines(1), 2: cosines(2), 4: cosines(4), 8: cosines(8) }

/** Decodes to `scale`/8 of the size: the lowest `scale` frequencies in each direction are the smaller block. */
export function toPlanes(picture: JpegCoefficients, scale: Scale): Planes {
  const table = cosinesOf[scale]
  const half = new Float32Array(64)
  const planes = picture.components.map(({ h, v, quant, blocksWide, blocksHigh, coefficients }) => {
    const width = blocksWide * scale
    const samples = new Uint8Array(width * blocksHigh * scale)
    for (let block = 0; block < blocksWide * blocksHigh; block++) {
      const left = (block % blocksWide) * scale
      const top = Math.floor(block / blocksWide) * scale
      if (isFlat(coefficients, block * 64)) {
        const flat = Math.round(((coefficients[block * 64] ?? 0) * (quant[0] ?? 1)) / 8 + 128)
        const value = flat < 0 ? 0 : flat > 255 ? 255 : flat
        for (let y = 0; y < scale; y++) {
          const row = (top + y) * width + left
          samples.fill(value, row, row + scale)
        }
        continue
      }
      // Columns first: half[y][u] = sum over v of C[v][y] * F[v][u].
      for (let u = 0; u < scale; u++) {
        for (let y = 0; y < scale; y++) {
          let sum = 0
          for (let w = 0; w < scale; w++) {
            const at = w * 8 + u
            sum += (table[w * scale + y] ?? 0) * (coefficients[block * 64 + at] ?? 0) * (quant[at] ?? 1)
          }
          half[y * 8 + u] = sum
        }
      }
      for (let y = 0; y < scale; y++) {
        for (let x = 0; x < scale; x++) {
          let sum = 0
          for (let u = 0; u < scale; u++) sum += (table[u * scale + x] ?? 0) * (half[y * 8 + u] ?? 0)
          const value = Math.round((sum * scale) / 8 + 128)
          samples[(top + y) * width + left + x] = value < 0 ? 0 : value > 255 ? 255 : value
        }
      }
    }
    return { h, v, width, height: blocksHigh * scale, samples }
  })
  return {
    width: Math.max(1, Math.ceil((picture.width * scale) / 8)),
    height: Math.max(1, Math.ceil((picture.height * scale) / 8)),
    planes,
  }
}

/** True when a block has only its DC coefficient: sky and walls, more than half of most pictures. */
function isFlat(coefficients: Int16Array, base: number): boolean {
  for (let k = 1; k < 64; k++) if (coefficients[base + k] !== 0) return false
  return true
}

/** Transforms and quantises samples at a quality of 1 to 99. Planes may be smaller than whole MCUs: edges repeat. */
export function toCoefficients(picture: Planes, quality: number): JpegCoefficients {
  const table = cosinesOf[8]
  const block = new Float32Array(64)
  const half = new Float32Array(64)
  const shell: JpegCoefficients = {
    width: picture.width,
    height: picture.height,
    components: picture.planes.map((plane, i) => ({
      id: i + 1,
      h: plane.h,
      v: plane.v,
      quant: quantTable(i === 0 ? 'luma' : 'chroma', quality),
      blocksWide: 0,
      blocksHigh: 0,
      coefficients: new Int16Array(0),
    })),
  }
  const grid = mcuGrid(shell)
  shell.components.forEach((component, i) => {
    const plane = picture.planes[i]
    if (!plane) return
    component.blocksWide = grid.wide * component.h
    component.blocksHigh = grid.high * component.v
    component.coefficients = new Int16Array(component.blocksWide * component.blocksHigh * 64)
    for (let at = 0; at < component.blocksWide * component.blocksHigh; at++) {
      const left = (at % component.blocksWide) * 8
      const top = Math.floor(at / component.blocksWide) * 8
      for (let y = 0; y < 8; y++) {
        const row = Math.min(top + y, plane.height - 1) * plane.width
        for (let x = 0; x < 8; x++) {
          block[y * 8 + x] = (plane.samples[row + Math.min(left + x, plane.width - 1)] ?? 0) - 128
        }
      }
      for (let y = 0; y < 8; y++) {
        for (let u = 0; u < 8; u++) {
          let sum = 0
          for (let x = 0; x < 8; x++) sum += (table[u * 8 + x] ?? 0) * (block[y * 8 + x] ?? 0)
          half[y * 8 + u] = sum
        }
      }
      for (let w = 0; w < 8; w++) {
        for (let u = 0; u < 8; u++) {
          let sum = 0
          for (let y = 0; y < 8; y++) sum += (table[w * 8 + y] ?? 0) * (half[y * 8 + u] ?? 0)
          const value = Math.round(sum / (component.quant[w * 8 + u] ?? 1))
          component.coefficients[at * 64 + w * 8 + u] = Math.max(-1023, Math.min(1023, value))
        }
      }
    }
  })
  return shell
}
