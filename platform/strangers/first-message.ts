// How much of the first message of a new connection has arrived. An honest client sends all of it at once; one that only
// occupies a place sends a part of it, and then a byte from time to time.

/** In this order they get a turn. `head`: an HTTP request whose body is incomplete, such as an upload. */
export const arrived = { nothing: 0, begun: 1, head: 2, whole: 3 } as const
export type Arrived = (typeof arrived)[keyof typeof arrived]

const tlsHandshake = 0x16
const tlsHeaderBytes = 5
const mqttConnect = 0x10
const mqttLengthBytesMax = 4
const headEnd = '\r\n\r\n'
const lastChunk = '0\r\n\r\n'
const soh = 0x01
const frameStart = 0x7e
/** CRC, `0`, length, and the quote before the name of the message; many panels send a line feed before it. */
const dc09Begin = /^\n?[0-9A-F]{4}0[0-9A-F]{3}"/i
const isCapital = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

/** By its first byte: a TLS ClientHello, an MQTT CONNECT, a request of HTTP or SIP, a frame of SIA DC-09 or SL 651. Anything else is never whole. */
export function arrivedOf(bytes: Buffer): Arrived {
  const [first] = bytes
  if (first === undefined) return arrived.nothing
  if (first === tlsHandshake) return isWholeTlsRecord(bytes) ? arrived.whole : arrived.begun
  if (first === mqttConnect) return isWholeMqttPacket(bytes) ? arrived.whole : arrived.begun
  if (first === soh || first === frameStart) return isWholeSl651(bytes) ? arrived.whole : arrived.begun
  if (dc09Begin.test(bytes.toString('latin1', 0, 10)))
    return bytes.includes(0x0d) ? arrived.whole : arrived.begun
  return isCapital(first) ? arrivedOfRequest(bytes) : arrived.begun
}

/** RFC 8446 section 5.1: type, version and a length of two bytes stand before the content. */
const isWholeTlsRecord = (bytes: Buffer): boolean =>
  bytes.length >= tlsHeaderBytes && bytes.length >= tlsHeaderBytes + bytes.readUInt16BE(3)

/** MQTT 3.1.1 section 2.2.3: the length has seven bits a byte, the lowest first. */
function isWholeMqttPacket(bytes: Buffer): boolean {
  let length = 0
  for (let at = 1; at <= mqttLengthBytesMax && at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    length += (byte & 0x7f) * 128 ** (at - 1)
    if (byte < 0x80) return bytes.length >= at + 1 + length
  }
  return false
}

/** SL 651 tables 3 and 4: twelve bits of length at the end of the head, as bytes or as characters; behind the body an end and a checksum. */
function isWholeSl651(bytes: Buffer): boolean {
  const isText = bytes[0] === soh
  const head = isText ? 24 : 14
  if (bytes.length < head) return false
  const length = isText
    ? Number.parseInt(bytes.toString('latin1', 20, 23), 16)
    : bytes.readUInt16BE(11) & 0x0fff
  return bytes.length >= head + length + (isText ? 5 : 3)
}

function arrivedOfRequest(bytes: Buffer): Arrived {
  const end = bytes.indexOf(headEnd)
  if (end < 0) return arrived.begun
  const head = bytes.toString('latin1', 0, end + 2)
  const bodyBytes = bytes.length - end - headEnd.length
  if (/\r\ntransfer-encoding:/i.test(head))
    return bytes.subarray(-lastChunk.length).toString('latin1') === lastChunk ? arrived.whole : arrived.head
  const length = /\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n/i.exec(head)?.[1] ?? '0'
  return bodyBytes >= Number.parseInt(length, 10) ? arrived.whole : arrived.head
}
