// The orientation of a picture, from the EXIF data in its APP1 segment: 1 is unchanged, 2 to 8 rotated or mirrored.

const exif = [0x45, 0x78, 0x69, 0x66, 0, 0]
const orientationTag = 0x0112
const entriesMax = 64

/** Of an APP1 segment after its length; 1 for any other content. Never throws. */
export function readOrientation(segment: Uint8Array): number {
  if (exif.some((byte, i) => segment[i] !== byte)) return 1
  const tiff = segment.subarray(exif.length)
  const isLittle = tiff[0] === 0x49 && tiff[1] === 0x49
  const word = (at: number): number => {
    const [a, b] = [tiff[at] ?? 0, tiff[at + 1] ?? 0]
    return isLittle ? a | (b << 8) : (a << 8) | b
  }
  const long = (at: number): number =>
    isLittle ? word(at) + word(at + 2) * 65_536 : word(at) * 65_536 + word(at + 2)
  const from = long(4)
  const count = Math.min(entriesMax, from + 2 <= tiff.length ? word(from) : 0)
  for (let i = 0; i < count; i++) {
    const entry = from + 2 + i * 12
    if (entry + 12 > tiff.length) return 1
    if (word(entry) !== orientationTag) continue
    const value = word(entry + 8)
    return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}
