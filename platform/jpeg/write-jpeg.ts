// Coefficients to JPEG bytes with the standard Huffman tables: lossless, and without any metadata of the source.
import type { JpegCoefficients } from './jpeg-coefficients.ts'
import { mcuGrid } from './jpeg-coefficients.ts'
import { standardHuffman, zigzag, type HuffmanSpec } from './jpeg-tables.ts'

interface HuffmanEncoder {
  code: Uint16Array
  length: Uint8Array
}

function createHuffmanEncoder(spec: HuffmanSpec): HuffmanEncoder {
  const code = new Uint16Array(256)
  const length = new Uint8Array(256)
  let next = 0
  let index = 0
  for (let bits = 1; bits <= 16; bits++) {
    for (let i = 0; i < (spec.counts[bits - 1] ?? 0); i++, index++) {
      const symbol = spec.symbols[index] ?? 0
      code[symbol] = next++
      length[symbol] = bits
    }
    next <<= 1
  }
  return { code, length }
}

const luma = {
  dc: createHuffmanEncoder(standardHuffman.dcLuma),
  ac: createHuffmanEncoder(standardHuffman.acLuma),
}
const chroma = {
  dc: createHuffmanEncoder(standardHuffman.dcChroma),
  ac: createHuffmanEncoder(standardHuffman.acChroma),
}

class BitWriter {
  bytes: Uint8Array
  size = 0
  #bits = 0
  #count = 0

  constructor(start: number) {
    this.bytes = new Uint8Array(start)
  }

  byte(value: number): void {
    if (this.size === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2)
      larger.set(this.bytes)
      this.bytes = larger
    }
    this.bytes[this.size++] = value
  }

  bits(value: number, length: number): void {
    this.#bits = (this.#bits << length) | (value & ((1 << length) - 1))
    this.#count += length
    while (this.#count >= 8) {
      this.#count -= 8
      const byte = (this.#bits >>> this.#count) & 0xff
      this.byte(byte)
      if (byte === 0xff) this.byte(0)
    }
    this.#bits &= (1 << this.#count) - 1
  }

  /** Pads a started byte with ones (T.81 F.1.2.3). */
  flush(): void {
    if (this.#count > 0) this.bits(0x7f, 8 - this.#count)
  }

  segment(marker: number, body: readonly number[]): void {
    for (const value of [0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 0xff, ...body])
      this.byte(value)
  }
}

export function writeJpeg(picture: JpegCoefficients): Uint8Array {
  const out = new BitWriter(64 * 1024)
  out.byte(0xff)
  out.byte(0xd8)
  out.segment(0xe0, [0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
  const wide = picture.components.some((component) => component.quant.some((step) => step > 255))
  picture.components.forEach((component, i) => {
    const steps = Array.from(zigzag, (at) => component.quant[at] ?? 1)
    const body = wide ? steps.flatMap((step) => [step >> 8, step & 0xff]) : steps
    out.segment(0xdb, [(wide ? 0x10 : 0) | i, ...body])
  })
  out.segment(wide ? 0xc1 : 0xc0, [
    8,
    picture.height >> 8,
    picture.height & 0xff,
    picture.width >> 8,
    picture.width & 0xff,
    picture.components.length,
    ...picture.components.flatMap((component, i) => [i + 1, (component.h << 4) | component.v, i]),
  ])
  const tables: [number, HuffmanSpec][] = [
    [0x00, standardHuffman.dcLuma],
    [0x10, standardHuffman.acLuma],
    [0x01, standardHuffman.dcChroma],
    [0x11, standardHuffman.acChroma],
  ]
  for (const [id, spec] of tables) out.segment(0xc4, [id, ...spec.counts, ...spec.symbols])
  out.segment(0xda, [
    picture.components.length,
    ...picture.components.flatMap((_, i) => [i + 1, i === 0 ? 0x00 : 0x11]),
    0,
    63,
    0,
  ])
  writeScan(out, picture)
  out.byte(0xff)
  out.byte(0xd9)
  return out.bytes.slice(0, out.size)
}

function writeScan(out: BitWriter, picture: JpegCoefficients): void {
  const grid = mcuGrid(picture)
  const predicted = picture.components.map(() => 0)
  for (let row = 0; row < grid.high; row++) {
    for (let column = 0; column < grid.wide; column++) {
      picture.components.forEach((component, i) => {
        for (let y = 0; y < component.v; y++) {
          for (let x = 0; x < component.h; x++) {
            const block = (row * component.v + y) * component.blocksWide + column * component.h + x
            const dc = component.coefficients[block * 64] ?? 0
            const tables = i === 0 ? luma : chroma
            writeBlock(out, tables, component.coefficients, block * 64, dc - (predicted[i] ?? 0))
            predicted[i] = dc
          }
        }
      })
    }
  }
  out.flush()
}

function put(out: BitWriter, table: HuffmanEncoder, symbol: number, value: number, category: number): void {
  out.bits(table.code[symbol] ?? 0, table.length[symbol] ?? 0)
  if (category > 0) out.bits(value < 0 ? value + (1 << category) - 1 : value, category)
}

const categoryOf = (value: number): number => 32 - Math.clz32(Math.abs(value))

function writeBlock(
  out: BitWriter,
  tables: { dc: HuffmanEncoder; ac: HuffmanEncoder },
  from: Int16Array,
  base: number,
  difference: number,
): void {
  put(out, tables.dc, categoryOf(difference), difference, categoryOf(difference))
  let zeros = 0
  for (let k = 1; k < 64; k++) {
    const value = from[base + (zigzag[k] ?? 0)] ?? 0
    if (value === 0) {
      zeros++
      continue
    }
    for (; zeros > 15; zeros -= 16) put(out, tables.ac, 0xf0, 0, 0)
    const category = categoryOf(value)
    put(out, tables.ac, (zeros << 4) | category, value, category)
    zeros = 0
  }
  if (zeros > 0) put(out, tables.ac, 0, 0, 0)
}
