// Text as GB 18030, in which GB/T 28181 is written. Node decodes it; the table for the other direction is made from that decoder.

const decoder = new TextDecoder('gb18030')
/** U+10000 is 90308130: the place of its code among all four-byte codes. */
const supplementary = (0x90 - 0x81) * 12_600

const lineEnd = 0x0a

let table: Uint32Array | undefined

/** Of the basic plane in four bytes: 81308130 to 8431A439. */
const longCount = 39_420

/** All codes of the basic plane, one per line: a code without a character then shifts no other code. */
function allCodes(): { bytes: Uint8Array; codes: number[] } {
  const bytes = new Uint8Array(longCount * 5 + 126 * 190 * 3)
  const codes: number[] = []
  let at = 0
  for (let linear = 0; linear < longCount; linear++) {
    const code = fourBytes(linear)
    bytes[at++] = code >>> 24
    bytes[at++] = (code >>> 16) & 0xff
    bytes[at++] = (code >>> 8) & 0xff
    bytes[at++] = code & 0xff
    bytes[at++] = lineEnd
    codes.push(code)
  }
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue
      bytes[at++] = lead
      bytes[at++] = trail
      bytes[at++] = lineEnd
      codes.push(lead * 256 + trail)
    }
  return { bytes: bytes.subarray(0, at), codes }
}

/** By code unit: two-byte codes as one number up to FFFF, four-byte codes above it, 0 for none. Made once. */
function codes(): Uint32Array {
  if (table) return table
  const made = new Uint32Array(0x10000)
  const all = allCodes()
  const text = decoder.decode(all.bytes)
  let from = 0
  for (const code of all.codes) {
    const end = text.indexOf('\n', from)
    const unit = text.charCodeAt(from)
    if (end - from === 1 && unit !== 0xfffd) made[unit] = code
    from = end + 1
  }
  table = made
  return made
}

const fourBytes = (linear: number): number =>
  (Math.floor(linear / 12_600) + 0x81) * 0x1000000 +
  (((Math.floor(linear / 1260) % 10) + 0x30) << 16) +
  (((Math.floor(linear / 10) % 126) + 0x81) << 8) +
  ((linear % 10) + 0x30)

/** Half of a surrogate pair becomes `?`. */
export function encodeGb18030(text: string): Buffer {
  const parts: number[] = []
  const four = (code: number): void =>
    void parts.push(code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff)
  for (const one of text) {
    const point = one.codePointAt(0) ?? 0
    const code = point < 0x80 || point > 0xffff ? 0 : (codes()[point] ?? 0)
    if (point < 0x80) parts.push(point)
    else if (point > 0xffff) four(fourBytes(supplementary + point - 0x10000))
    else if (code > 0xffff) four(code)
    else if (code > 0) parts.push(code >> 8, code & 0xff)
    else parts.push(0x3f)
  }
  return Buffer.from(parts)
}

/** Never throws: what is no character becomes U+FFFD. */
export const decodeGb18030 = (bytes: Uint8Array): string => decoder.decode(bytes)
