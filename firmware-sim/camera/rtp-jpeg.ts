// Cuts a JPEG into RTP packets after RFC 2435: quantisation tables in band, standard Huffman tables, 4:2:0.

const payloadBytesMax = 1400
const rtpBytes = 12

export interface RtpState {
  sequence: number
  ssrc: number
}

/** Packets of one picture; `sequence` is increased. The picture must use the standard Huffman tables and 4:2:0. */
export function packetsOf(jpeg: Uint8Array, state: RtpState, timestamp: number): Buffer[] {
  const { tables, scan, width, height } = partsOf(jpeg)
  const packets: Buffer[] = []
  for (let offset = 0; offset < scan.length;) {
    const quant = offset === 0 ? Buffer.concat([Buffer.from([0, 0, 0, 128]), ...tables]) : Buffer.alloc(0)
    const size = Math.min(scan.length - offset, payloadBytesMax - quant.length)
    const isLast = offset + size === scan.length
    const head = Buffer.alloc(rtpBytes + 8)
    head[0] = 0x80
    head[1] = (isLast ? 0x80 : 0) | 26
    head.writeUInt16BE(state.sequence++ & 0xffff, 2)
    head.writeUInt32BE(timestamp >>> 0, 4)
    head.writeUInt32BE(state.ssrc, 8)
    head.writeUInt32BE(offset, rtpBytes)
    // Type 1 is 4:2:0, Q 255 says that the tables are in the first packet.
    head.set([1, 255, width / 8, height / 8], rtpBytes + 4)
    packets.push(Buffer.concat([head, quant, scan.subarray(offset, offset + size)]))
    offset += size
  }
  return packets
}

function partsOf(jpeg: Uint8Array): {
  tables: Uint8Array[]
  scan: Uint8Array
  width: number
  height: number
} {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  const tables: Uint8Array[] = []
  let width = 0
  let height = 0
  let at = 2
  for (;;) {
    const marker = bytes.readUInt8(at + 1)
    const length = bytes.readUInt16BE(at + 2)
    if (marker === 0xdb) tables.push(bytes.subarray(at + 5, at + 69))
    if (marker === 0xc0) {
      height = bytes.readUInt16BE(at + 5)
      width = bytes.readUInt16BE(at + 7)
    }
    at += 2 + length
    if (marker === 0xda) break
  }
  return { tables: tables.slice(0, 2), scan: bytes.subarray(at, bytes.length - 2), width, height }
}
