// A JPEG between its bytes and its pixels: quantised coefficients per component, the form in which it is checked and
// masked.

export interface JpegComponent {
  id: number
  /** Sampling factors, 1 to 4; a lone component always has 1 and 1. */
  h: number
  v: number
  /** Quantisation steps in natural order. */
  quant: Uint8Array | Uint16Array
  /** Blocks in storage: whole MCUs, so right and bottom may reach beyond the picture. */
  blocksWide: number
  blocksHigh: number
  /** 64 coefficients per block in natural order, blocks in raster order; DC is absolute, not a difference. */
  coefficients: Int16Array
}

export interface JpegCoefficients {
  width: number
  height: number
  components: JpegComponent[]
  /** Other programs need missing parts (tables, lines, the end marker): the bytes must be written again. */
  isIncomplete?: boolean
}

/** Largest sampling factors and the MCU grid that follows from them. */
export function mcuGrid(picture: JpegCoefficients): { h: number; v: number; wide: number; high: number } {
  const h = Math.max(...picture.components.map((component) => component.h))
  const v = Math.max(...picture.components.map((component) => component.v))
  return { h, v, wide: Math.ceil(picture.width / (8 * h)), high: Math.ceil(picture.height / (8 * v)) }
}
