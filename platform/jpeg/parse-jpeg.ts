// JPEG bytes to coefficients: decodes every block, so that an accepted picture is complete. Never throws.
import { bad, ok, type Result } from '../../protocols/kit/result.ts'
import { createHuffmanDecoder, JpegBitReader, JpegDamage, type HuffmanDecoder } from './jpeg-bit-reader.ts'
import type { JpegCoefficients, JpegComponent } from './jpeg-coefficients.ts'
import { readOrientation } from './jpeg-orientation.ts'
import { standardHuffman, zigzag } from './jpeg-tables.ts'

/** Most pixels of a picture: 4K; decoding one takes about three bytes of memory per pixel. */
export const jpegPixelsMax = 3840 * 2160
/** Most scans: baseline needs one per component; more is an attack on time. */
const scansMax = 4

/**
 * The message of the problem for a JPEG of an unsupported kind (progressive, arithmetic, RGB) or with an orientation
 * other than normal in its EXIF data.
 */
export const notBaseline = 'a JPEG, but not a baseline one'
/** The message of the problem for a picture with more pixels than `jpegPixelsMax`. */
export const tooManyPixels = 'a JPEG with too many pixels'

interface Component extends JpegComponent {
  quantId: number
}

interface Decoding {
  bytes: Uint8Array
  quant: Map<number, Uint16Array>
  huffman: Map<number, HuffmanDecoder>
  restartInterval: number
  frame: { width: number; height: number; components: Component[] } | undefined
  decoded: Set<number>
  orientation: number
  /** Of the Adobe segment: 0 means that three components are red, green and blue. */
  adobeTransform: number | undefined
  /** A part that other programs need is missing: the bytes must be written again. */
  isIncomplete: boolean
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** True when the bytes start as every JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff
}

export function parseJpeg(bytes: Uint8Array): Result<JpegCoefficients> {
  if (!isJpeg(bytes)) return bad('not a JPEG: wrong first bytes')
  try {
    return ok(decode(bytes))
  } catch (error) {
    if (error instanceof JpegDamage) return bad(error.message)
    throw error
  }
}

function decode(bytes: Uint8Array): JpegCoefficients {
  const state: Decoding = {
    bytes,
    quant: new Map(),
    huffman: new Map(),
    restartInterval: 0,
    frame: undefined,
    decoded: new Set(),
    orientation: 1,
    adobeTransform: undefined,
    isIncomplete: false,
  }
  let scans = 0
  let at = 2
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++
    while (bytes[at] === 0xff) at++
    const marker = bytes[at++]
    if (marker === undefined) {
      // Old webcam chips write no end marker: when every block is decoded, the picture is complete.
      if (!isDecoded(state)) throw new JpegDamage('picture cut off before its end')
      state.isIncomplete = true
      break
    }
    if (marker === 0xd9) break
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue
    const length = word(bytes, at)
    if (length < 2 || at + length > bytes.length) throw new JpegDamage('picture cut off in a header')
    const segment = bytes.subarray(at + 2, at + length)
    at += length
    if (marker === 0xdb) readQuant(state, segment)
    else if (marker === 0xc4) readHuffman(state, segment)
    else if (marker === 0xe1 && state.orientation === 1) state.orientation = readOrientation(segment)
    else if (marker === 0xee && isAdobe(segment)) state.adobeTransform = segment[11]
    else if (marker === 0xdd) state.restartInterval = word(segment, 0)
    else if (marker === 0xc0 || marker === 0xc1) readFrame(state, segment)
    else if (marker >= 0xc2 && marker <= 0xcf) throw new JpegDamage(notBaseline)
    else if (marker === 0xda) {
      if (++scans > scansMax) throw new JpegDamage('more scans than a baseline picture has')
      at = readScan(state, segment, at)
    }
  }
  const frame = state.frame
  if (!frame || !isDecoded(state)) throw new JpegDamage('picture without picture data')
  return {
    isIncomplete: state.isIncomplete,
    width: frame.width,
    height: frame.height,
    components: frame.components.map((component) => {
      const quant = state.quant.get(component.quantId)
      if (!quant) throw new JpegDamage('missing quantisation table')
      return { ...component, quant }
    }),
  }
}

const isDecoded = ({ frame, decoded }: Decoding): boolean =>
  frame !== undefined && decoded.size >= frame.components.length

const isAdobe = (segment: Uint8Array): boolean =>
  segment.length >= 12 && Buffer.from(segment.subarray(0, 5)).toString('latin1') === 'Adobe'

/** Three components are luma and colour unless the Adobe segment or the component names show another meaning. */
function isRgb({ frame, adobeTransform }: Decoding): boolean {
  if (frame?.components.length !== 3) return false
  const ids = frame.components.map(({ id }) => String.fromCharCode(id)).join('')
  return adobeTransform === undefined ? ids === 'RGB' : adobeTransform === 0
}

/** The number of lines of a picture that gives it after its first scan (DNL, T.81 B.2.5); 0 without. */
function linesBehind(bytes: Uint8Array): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(dnl)
  return at < 0 ? 0 : word(bytes, at + dnl.length)
}
const dnl = Buffer.from([0xff, 0xdc, 0, 4])

function readQuant(state: Decoding, segment: Uint8Array): void {
  for (let at = 0; at < segment.length;) {
    const head = segment[at++] ?? 0
    const wide = head >> 4 !== 0
    const table = new Uint16Array(64)
    for (let k = 0; k < 64; k++, at += wide ? 2 : 1) {
      const step = wide ? word(segment, at) : (segment[at] ?? 0)
      if (step === 0) throw new JpegDamage('quantisation table with a zero')
      table[zigzag[k] ?? 0] = step
    }
    state.quant.set(head & 15, table)
  }
}

function readHuffman(state: Decoding, segment: Uint8Array): void {
  for (let at = 0; at + 17 <= segment.length;) {
    const id = segment[at] ?? 0
    const counts = [...segment.subarray(at + 1, at + 17)]
    const total = counts.reduce((sum, count) => sum + count, 0)
    at += 17
    if (total > 256 || at + total > segment.length) throw new JpegDamage('Huffman table cut off')
    state.huffman.set(id, createHuffmanDecoder({ counts, symbols: [...segment.subarray(at, at + total)] }))
    at += total
  }
}

function readFrame(state: Decoding, segment: Uint8Array): void {
  const [precision = 0] = segment
  const lines = word(segment, 1)
  const height = lines === 0 ? linesBehind(state.bytes) : lines
  if (lines === 0) state.isIncomplete = true
  const width = word(segment, 3)
  const count = segment[5] ?? 0
  if (state.frame) throw new JpegDamage('two pictures in one')
  if (precision !== 8 || (count !== 1 && count !== 3)) throw new JpegDamage(notBaseline)
  if (width === 0 || height === 0) throw new JpegDamage('picture without a size')
  if (width * height > jpegPixelsMax) throw new JpegDamage(tooManyPixels)
  const heads = Array.from({ length: count }, (_, i) => {
    const sampling = segment[7 + i * 3] ?? 0
    const alone = count === 1
    const h = alone ? 1 : sampling >> 4
    const v = alone ? 1 : sampling & 15
    if (h < 1 || h > 4 || v < 1 || v > 4) throw new JpegDamage('impossible sampling factors')
    return { id: segment[6 + i * 3] ?? 0, h, v, quantId: segment[8 + i * 3] ?? 0 }
  })
  const mcusWide = Math.ceil(width / (8 * Math.max(...heads.map((head) => head.h))))
  const mcusHigh = Math.ceil(height / (8 * Math.max(...heads.map((head) => head.v))))
  const components = heads.map((head) => {
    const blocksWide = mcusWide * head.h
    const blocksHigh = mcusHigh * head.v
    const coefficients = new Int16Array(blocksWide * blocksHigh * 64)
    return { ...head, quant: new Uint16Array(64), blocksWide, blocksHigh, coefficients }
  })
  state.frame = { width, height, components }
}

/** Decodes one scan; returns the position for the next marker. */
function readScan(state: Decoding, segment: Uint8Array, at: number): number {
  const frame = state.frame
  if (!frame) throw new JpegDamage('picture data before its header')
  if (state.orientation !== 1 || isRgb(state)) throw new JpegDamage(notBaseline)
  const count = segment[0] ?? 0
  const parts = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find((one) => one.id === segment[1 + i * 2])
    const tables = segment[2 + i * 2] ?? 0
    const dc = huffmanOf(state, tables >> 4)
    const ac = huffmanOf(state, 0x10 | (tables & 15))
    if (!component || !dc || !ac) throw new JpegDamage('picture data without its tables')
    return { component, dc, ac, predicted: 0 }
  })
  if (parts.length === 0) throw new JpegDamage('picture data without its tables')
  const alone = parts.length === 1 ? parts[0] : undefined
  const hMax = Math.max(...frame.components.map((one) => one.h))
  const vMax = Math.max(...frame.components.map((one) => one.v))
  // A scan of one component has no MCU padding: blocks in raster order over the component's own size (T.81 A.2.2).
  const wide = alone
    ? Math.ceil((frame.width * alone.component.h) / hMax / 8)
    : Math.ceil(frame.width / (8 * hMax))
  const high = alone
    ? Math.ceil((frame.height * alone.component.v) / vMax / 8)
    : Math.ceil(frame.height / (8 * vMax))
  const reader = new JpegBitReader(state.bytes, at)
  let untilRestart = state.restartInterval
  for (let unit = 0; unit < wide * high; unit++) {
    if (state.restartInterval > 0 && unit > 0 && untilRestart === 0) {
      reader.seek(skipRestart(state.bytes, reader.align()))
      for (const part of parts) part.predicted = 0
      untilRestart = state.restartInterval
    }
    untilRestart--
    const column = unit % wide
    const row = Math.floor(unit / wide)
    for (const part of parts) {
      const { h, v, blocksWide, coefficients } = part.component
      const across = alone ? 1 : h
      const down = alone ? 1 : v
      for (let y = 0; y < down; y++) {
        for (let x = 0; x < across; x++) {
          const block = (row * down + y) * blocksWide + column * across + x
          part.predicted = readBlock(reader, part.dc, part.ac, part.predicted, coefficients, block * 64)
        }
      }
    }
  }
  for (const part of parts) state.decoded.add(part.component.id)
  return reader.align()
}

/** A motion JPEG picture may omit its tables, which then are those of Annex K. */
function huffmanOf(state: Decoding, id: number): HuffmanDecoder | undefined {
  const own = state.huffman.get(id)
  if (own || state.huffman.size > 0) return own
  state.isIncomplete = true
  return standardDecoders().get(id)
}

let standard: Map<number, HuffmanDecoder> | undefined
function standardDecoders(): Map<number, HuffmanDecoder> {
  const { dcLuma, acLuma, dcChroma, acChroma } = standardHuffman
  return (standard ??= new Map([
    [0x00, createHuffmanDecoder(dcLuma)],
    [0x10, createHuffmanDecoder(acLuma)],
    [0x01, createHuffmanDecoder(dcChroma)],
    [0x11, createHuffmanDecoder(acChroma)],
  ]))
}

function skipRestart(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++
  const marker = bytes[at + 1] ?? 0
  if (bytes[at] !== 0xff || marker < 0xd0 || marker > 0xd7) throw new JpegDamage('restart marker missing')
  return at + 2
}

function readBlock(
  reader: JpegBitReader,
  dc: HuffmanDecoder,
  ac: HuffmanDecoder,
  predicted: number,
  into: Int16Array,
  base: number,
): number {
  const dcCategory = reader.symbol(dc)
  if (dcCategory > 11) throw new JpegDamage('coefficient out of range')
  const dcValue = predicted + reader.signed(dcCategory)
  // Annex K tables can only write differences of 11 bits: a larger one does not come from an 8-bit picture.
  if (dcValue < -2048 || dcValue > 2047) throw new JpegDamage('coefficient out of range')
  into[base] = dcValue
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac)
    const category = symbol & 15
    if (category === 0) {
      if (symbol !== 0xf0) break
      k += 15
      continue
    }
    k += symbol >> 4
    if (k > 63 || category > 10) throw new JpegDamage('coefficient out of range')
    into[base + (zigzag[k] ?? 0)] = reader.signed(category)
  }
  return dcValue
}
