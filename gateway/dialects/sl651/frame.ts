// Frames of SL 651-2014 (clause 6): HEX/BCD frames begin with 7E 7E, ASCII frames with 01 and write the same fields as text.
// Both end in a CRC-16 (polynomial A001, start FFFF), high byte first.

/** The length field has 12 bits. */
export const bodyBytesMax = 4095
const headBytes = 14
const tailBytes = 3

export const control = {
  stx: 0x02,
  etx: 0x03,
  eot: 0x04,
  ack: 0x06,
  syn: 0x16,
  etb: 0x17,
  esc: 0x1b,
  nak: 0x15,
}

export interface Frame {
  isText: boolean
  centre: number
  /** Ten digits. */
  station: string
  password: string
  code: number
  isDown: boolean
  /** Mode M3: one of several packets that are confirmed together (SYN instead of STX). */
  isMulti: boolean
  /** Their number, and which of them this is, from 1. */
  packets: number
  packet: number
  body: Uint8Array
  /** ETX: the last packet; ETB: more follow. From the centre: ACK, EOT, ESC or NAK. */
  end: number
}

export type Cut =
  /** More bytes are needed. */
  | { size: 0; problem?: never; frame?: never }
  /** Bytes that belong to no frame, or to a broken one. */
  | { size: number; problem: string; frame?: never }
  | { size: number; frame: Frame; bytes: Uint8Array; problem?: never }

export function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return crc
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The first frame of a stream. Never throws. */
export function cutFrame(bytes: Uint8Array): Cut {
  const [first, second] = bytes
  if (first === undefined) return { size: 0 }
  if (first === 0x01) return cutText(bytes)
  if (first === 0x7e && second === undefined) return { size: 0 }
  if (first === 0x7e && second === 0x7e) return cutBinary(bytes)
  const next = bytes.findIndex((byte, at) => at > 0 && (byte === 0x01 || byte === 0x7e))
  return { size: next < 0 ? bytes.length : next, problem: 'no frame begins here' }
}

function cutBinary(bytes: Uint8Array): Cut {
  if (bytes.length < headBytes) return { size: 0 }
  const flags = ((bytes[11] ?? 0) << 8) | (bytes[12] ?? 0)
  const isDown = flags >> 12 === 8
  // Uplinks: centre, station; downlinks: station, centre (tables 3 and 4).
  const station = hexOf(isDown ? bytes.subarray(2, 7) : bytes.subarray(3, 8))
  return finish(bytes, {
    isText: false,
    centre: (isDown ? bytes[7] : bytes[2]) ?? 0,
    station,
    password: hexOf(bytes.subarray(8, 10)),
    code: bytes[10] ?? 0,
    flags,
    start: bytes[13] ?? 0,
    head: headBytes,
  })
}

/** SOH, then each byte of the head as two characters, up to STX; the body is text. */
function cutText(bytes: Uint8Array): Cut {
  const head = 24
  if (bytes.length < head) return { size: 0 }
  const text = textOf(bytes.subarray(1, 23)).toUpperCase()
  if (!/^[0-9A-F]{22}$/.test(text)) return { size: 1, problem: 'no ASCII frame' }
  const flags = Number.parseInt(text.slice(18), 16)
  const isDown = flags >> 12 === 8
  return finish(bytes, {
    isText: true,
    centre: Number.parseInt(isDown ? text.slice(10, 12) : text.slice(0, 2), 16),
    station: isDown ? text.slice(0, 10) : text.slice(2, 12),
    password: text.slice(12, 16),
    code: Number.parseInt(text.slice(16, 18), 16),
    flags,
    start: bytes[23] ?? 0,
    head,
  })
}

interface Head {
  isText: boolean
  centre: number
  station: string
  password: string
  code: number
  flags: number
  start: number
  head: number
}

function finish(bytes: Uint8Array, parsed: Head): Cut {
  const { flags, start, head, isText, centre, station, password, code } = parsed
  const length = flags & 0x0fff
  const direction = flags >> 12
  if (direction !== 0 && direction !== 8) return { size: 1, problem: 'neither an uplink nor a downlink' }
  if (start !== control.stx && start !== control.syn) return { size: 1, problem: 'no start of text' }
  const crcBytes = isText ? 4 : 2
  const size = head + length + 1 + crcBytes
  if (bytes.length < size) return { size: 0 }
  const crcAt = size - crcBytes
  const given = isText
    ? Number.parseInt(textOf(bytes.subarray(crcAt, size)), 16)
    : ((bytes[crcAt] ?? 0) << 8) | (bytes[crcAt + 1] ?? 0)
  if (given !== crcOf(bytes.subarray(0, crcAt))) return { size, problem: 'the checksum is wrong' }
  let body = bytes.subarray(head, head + length)
  let packets = 1
  let packet = 1
  if (start === control.syn) {
    const count = isText ? 6 : 3
    const number = Number.parseInt(isText ? textOf(body.subarray(0, 6)) : hexOf(body.subarray(0, 3)), 16)
    packets = number >> 12
    packet = number & 0xfff
    body = body.subarray(count)
    if (packets < 1 || packet < 1 || packet > packets) return { size, problem: 'no such packet' }
  }
  return {
    size,
    bytes: bytes.subarray(0, size),
    frame: {
      isText,
      centre,
      station,
      password,
      code,
      isDown: direction === 8,
      isMulti: start === control.syn,
      packets,
      packet,
      body,
      end: bytes[crcAt - 1] ?? 0,
    },
  }
}

/** A complete frame; for the centre's answers and the simulator. */
export function encodeFrame(
  frame: Omit<Frame, 'isMulti' | 'packets' | 'packet'> &
    Partial<Pick<Frame, 'isMulti' | 'packets' | 'packet'>>,
): Uint8Array {
  const { isText, centre, station, password, code, isDown, body, end, packets = 1, packet = 1 } = frame
  const { isMulti = packets > 1 } = frame
  const centreHex = centre.toString(16).padStart(2, '0')
  const count = isMulti ? ((packets << 12) | packet).toString(16).padStart(6, '0') : ''
  const countBytes = isText ? Buffer.from(count.toUpperCase(), 'latin1') : Buffer.from(count, 'hex')
  const length = body.length + countBytes.length
  const head = [
    isDown ? `${station}${centreHex}` : `${centreHex}${station}`,
    password,
    code.toString(16).padStart(2, '0'),
    ((isDown ? 0x8000 : 0) | length).toString(16).padStart(4, '0'),
  ]
    .join('')
    .toUpperCase()
  const start = isMulti ? control.syn : control.stx
  const bytes = Buffer.concat([
    isText ? Buffer.from(`\x01${head}`, 'latin1') : Buffer.from(`7E7E${head}`, 'hex'),
    Buffer.from([start]),
    countBytes,
    body,
    Buffer.from([end]),
  ])
  const crc = crcOf(bytes).toString(16).padStart(4, '0').toUpperCase()
  return Buffer.concat([bytes, isText ? Buffer.from(crc, 'latin1') : Buffer.from(crc, 'hex')])
}

export const frameBytesMax = headBytes * 2 + bodyBytesMax + tailBytes * 2
