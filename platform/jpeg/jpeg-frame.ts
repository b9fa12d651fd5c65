// Reads only a JPEG's markers: whether it is complete, and the size of its picture.

import { readOrientation } from './jpeg-orientation.ts'

const startOfImage = 0xd8
const endOfImage = 0xd9
const startOfScan = 0xda

export interface JpegFrame {
  width: number
  height: number
}

export interface JpegHead extends JpegFrame {
  /** Its frame marker: 0xc0 baseline, 0xc2 progressive, 0xc3 lossless, from 0xc9 arithmetic. */
  process: number
  /** Bits of each sample. */
  bits: number
  orientation: number
}

const isFrameMarker = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/**
 * The frame of a JPEG with a frame, a scan and an end; undefined for any other input. Cheap, decodes nothing, never
 * throws.
 */
export function readJpegFrame(bytes: Uint8Array): JpegFrame | undefined {
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  if (bytes[0] !== 0xff || bytes[1] !== startOfImage) return undefined
  let frame: JpegFrame | undefined
  let at = 2
  for (;;) {
    if (bytes[at] !== 0xff) return undefined
    while (bytes[at] === 0xff) at++
    const marker = bytes[at++]
    if (marker === undefined) return undefined
    const length = word(at)
    if (length < 2 || at + length > bytes.length) return undefined
    if (isFrameMarker(marker) && length >= 8) frame = { height: word(at + 3), width: word(at + 5) }
    at += length
    if (marker === startOfScan) break
  }
  const isWhole = hasEnd(bytes, at)
  return frame && isWhole && frame.width > 0 && frame.height > 0 ? frame : undefined
}

/** Some cameras put padding behind the end: it is searched from the back. */
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at--)
    if (bytes[at] === 0xff && bytes[at + 1] === endOfImage) return true
  return false
}

/** The properties in a JPEG's header; undefined if missing. Cheap, decodes nothing, never throws. */
export function readJpegHead(bytes: Uint8Array): JpegHead | undefined {
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  let frame: Omit<JpegHead, 'orientation'> | undefined
  let orientation = 1
  for (let at = 2; ;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++
    while (bytes[at] === 0xff) at++
    const marker = bytes[at++]
    if (marker === undefined || marker === startOfScan || marker === endOfImage) break
    if (marker <= 1 || (marker >= 0xd0 && marker <= startOfImage)) continue
    const length = word(at)
    if (length < 2 || at + length > bytes.length) break
    if (isFrameMarker(marker) && length >= 8)
      frame ??= { height: word(at + 3), width: word(at + 5), process: marker, bits: bytes[at + 2] ?? 0 }
    if (marker === 0xe1 && orientation === 1)
      orientation = readOrientation(bytes.subarray(at + 2, at + length))
    at += length
  }
  return frame && { ...frame, orientation }
}
