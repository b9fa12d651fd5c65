// The most frequent packet, a device's own event at QoS 1, is read directly from its bytes: no subscription to it is
// allowed, so aedes' work for it (queues, copies, routing) is not needed. Everything else is left to aedes. Without it the
// box acknowledges 0.49 to 0.80 of the events a second (docs/decisions/034).

/** PUBLISH at QoS 1, with any DUP and RETAIN. */
const publishBits = 0x32
const publishMask = 0xf6
const retainBit = 0x01
const packetIdBytes = 2
const topicLengthBytes = 2

/**
 * `bytes`: the payload, one byte per character: cheaper than a view of the chunk, and most of them are read as text.
 */
export type OnEvent = (packetId: number, bytes: string, isRetained: boolean) => void

/**
 * Hands over each complete event at the front of `chunk` and returns the number of their bytes. Stops at the first
 * other frame: incomplete, another type or topic, packet id 0, longer than `payloadBytesMax` or 16 KiB.
 */
export function takeEvents(chunk: Buffer, topic: Buffer, payloadBytesMax: number, onEvent: OnEvent): number {
  let at = 0
  while (at + 2 <= chunk.length) {
    const first = chunk[at] ?? 0
    if ((first & publishMask) !== publishBits) break
    let bytes = chunk[at + 1] ?? 0
    let body = at + 2
    if (bytes > 127) {
      const high = chunk[body] ?? 0xff
      if (high > 127) break
      bytes = (bytes & 127) | (high << 7)
      body++
    }
    const end = body + bytes
    const payload = body + topicLengthBytes + topic.length + packetIdBytes
    if (end > chunk.length || payload > end || end - payload > payloadBytesMax) break
    if (!isTopic(chunk, body, topic)) break
    const packetId = chunk.readUInt16BE(payload - packetIdBytes)
    if (packetId === 0) break
    onEvent(packetId, chunk.toString('latin1', payload, end), (first & retainBit) !== 0)
    at = end
  }
  return at
}

function isTopic(chunk: Buffer, at: number, topic: Buffer): boolean {
  const from = at + topicLengthBytes
  return (
    chunk.readUInt16BE(at) === topic.length &&
    chunk.compare(topic, 0, topic.length, from, from + topic.length) === 0
  )
}

/** The PUBACK for this packet id, one byte per character. */
export function encodePuback(packetId: number): string {
  return String.fromCharCode(0x40, 0x02, packetId >> 8, packetId & 0xff)
}
