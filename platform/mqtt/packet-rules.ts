// The rules of MQTT 3.1.1 for the control packets of a device, checked on the complete packet before aedes reads it:
// its parser (mqtt-packet) accepts most violations. Every rule names its clause and what the author of the firmware
// must change.
import { lookup } from '../../protocols/kit/parse-json.ts'
import { isUtf8 } from 'node:buffer'

export const packetTypes = {
  connect: 1,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
} as const

const rules = {
  'second-connect': ['MQTT-3.1.0-2', 'a second CONNECT on one connection: connect once, then publish'],
  'wrong-type': [
    'MQTT-2.2.1',
    'a packet type that only a server sends, or none: look at the first byte of the packet',
  ],
  'reserved-flags': [
    'MQTT-2.2.2-2',
    'reserved flags are set: the low four bits are 0010 for SUBSCRIBE, UNSUBSCRIBE and PUBREL, 0000 for the others',
  ],
  'length-field': [
    'MQTT-2.2.3',
    'the remaining length takes more than four bytes: encode it in seven bits a byte',
  ],
  'wrong-length': [
    'MQTT-3.4.1',
    'the remaining length is wrong: 2 for PUBACK, PUBREC, PUBREL and PUBCOMP, 0 for PINGREQ and DISCONNECT',
  ],
  'publish-qos': ['MQTT-3.3.1-4', 'PUBLISH with both QoS bits set: use QoS 0, 1 or 2'],
  'publish-dup': ['MQTT-3.3.1-2', 'PUBLISH with QoS 0 and DUP: clear DUP'],
  'packet-id-zero': ['MQTT-2.3.1-1', 'packet id 0: number packets from 1 to 65535'],
  utf8: [
    'MQTT-1.5.3-1',
    'a text is not UTF-8 or holds U+0000: send topics, client id and user name as UTF-8',
  ],
  'too-short': [
    'MQTT-4.8.0-1',
    'a field reaches beyond the end of the packet: check the lengths in front of texts',
  ],
  'connect-rest': [
    'MQTT-3.1.2-18',
    'bytes follow the payload of CONNECT: set the flag of user name, password or will that is sent',
  ],
  'connect-reserved': ['MQTT-3.1.2-3', 'the reserved bit of the connect flags is set: clear bit 0'],
  'connect-name': ['MQTT-3.1.2-1', 'the protocol name is not "MQTT"'],
  'password-without-user': [
    'MQTT-3.1.2-22',
    'a password without a user name: send the device id as the user name',
  ],
  'will-qos': ['MQTT-3.1.2-14', 'the last will has QoS 3: use 0, 1 or 2'],
  'will-flags': ['MQTT-3.1.2-13', 'QoS or retain of a last will that is not sent: clear these bits'],
  'no-filter': ['MQTT-3.10.3-2', 'SUBSCRIBE or UNSUBSCRIBE without a topic filter: name at least one'],
  'subscribe-qos': ['MQTT-3-8.3-4', 'the requested QoS byte is above 2, or its reserved bits are set'],
  'wrong-answer': [
    'MQTT-4.3',
    'the wrong acknowledgement: PUBACK answers QoS 1; PUBREC and then PUBCOMP answer QoS 2',
  ],
} as const

export type Violation = keyof typeof rules

/** The clause and, in a sentence, the error and the change. */
export function describeViolation(violation: Violation): { clause: string; detail: string } {
  const [clause, detail] = rules[violation]
  return { clause, detail }
}

/** A version of MQTT that is refused with CONNACK 1. [MQTT-3.1.2-2] */
export type OtherVersion = 'mqtt-5' | 'unknown-version'

const types: ReadonlySet<number> = new Set(Object.values(packetTypes))
const { connect, publish, subscribe, unsubscribe, puback, pubrec, pubrel, pubcomp } = packetTypes
const twoFlagged: ReadonlySet<number> = new Set([subscribe, unsubscribe, pubrel])
const acknowledgements: ReadonlySet<number> = new Set([puback, pubrec, pubrel, pubcomp])

/** Errors in the first byte. A CONNECT is checked by `checkConnect`, since MQTT 3.1 does not define its bits. */
export function checkFirstByte(first: number): Violation | undefined {
  const type = first >> 4
  const flags = first & 0x0f
  if (!types.has(type)) return 'wrong-type'
  if (type === publish) {
    if ((flags & 6) === 6) return 'publish-qos'
    return (flags & 0x0e) === 8 ? 'publish-dup' : undefined
  }
  return flags === (twoFlagged.has(type) ? 2 : 0) ? undefined : 'reserved-flags'
}

/** Errors in the length, before the body is read. */
export function checkLength(type: number, length: number): Violation | undefined {
  if (acknowledgements.has(type)) return length === 2 ? undefined : 'wrong-length'
  if (type === packetTypes.pingreq || type === packetTypes.disconnect)
    return length === 0 ? undefined : 'wrong-length'
  if (type === subscribe || type === unsubscribe) return length > 2 ? undefined : 'no-filter'
  return undefined
}

/** Errors in the body of a control packet (all but PUBLISH). */
export function checkBody(type: number, body: Buffer): Violation | OtherVersion | undefined {
  if (type === connect) return checkConnect(body)
  if (body.length < 2) return undefined
  if (body.readUInt16BE(0) === 0) return 'packet-id-zero'
  if (type === subscribe || type === unsubscribe) return checkFilters(body, type === subscribe)
  return undefined
}

/** The level that goes with each protocol name. */
const knownNames: Record<string, number> = lookup({ MQTT: 4, MQIsdp: 3 })

function checkConnect(body: Buffer): Violation | OtherVersion | undefined {
  const at = new Cursor(body)
  const name = at.text()
  if (typeof name === 'string') return name
  const level = knownNames[name.bytes.toString('latin1')]
  if (level === undefined) return 'connect-name'
  const statedLevel = at.byte()
  // A Mosquitto bridge sets bit 7.
  if (statedLevel !== undefined && (statedLevel & 0x7f) !== level)
    return level === 4 && statedLevel === 5 ? 'mqtt-5' : 'unknown-version'
  const flags = at.byte()
  if (flags === undefined || at.skip(2)) return 'too-short'
  const wrongFlags = checkConnectFlags(flags)
  if (wrongFlags) return wrongFlags
  const clientId = at.text()
  if (typeof clientId === 'string') return clientId
  if ((flags & 0x04) !== 0) {
    const topic = at.text()
    if (typeof topic === 'string') return topic
    if (at.field() === undefined) return 'too-short'
  }
  if ((flags & 0x80) !== 0) {
    const user = at.text()
    if (typeof user === 'string') return user
  }
  if ((flags & 0x40) !== 0 && at.field() === undefined) return 'too-short'
  return at.isAtEnd ? undefined : 'connect-rest'
}

function checkConnectFlags(flags: number): Violation | undefined {
  if ((flags & 0x01) !== 0) return 'connect-reserved'
  if ((flags & 0x04) === 0 && (flags & 0x38) !== 0) return 'will-flags'
  if ((flags & 0x18) === 0x18) return 'will-qos'
  return (flags & 0xc0) === 0x40 ? 'password-without-user' : undefined
}

function checkFilters(body: Buffer, hasQos: boolean): Violation | undefined {
  const at = new Cursor(body)
  at.skip(2)
  while (!at.isAtEnd) {
    const filter = at.text()
    if (typeof filter === 'string') return filter
    const qos = hasQos ? at.byte() : 0
    if (qos === undefined) return 'too-short'
    if (qos > 2) return 'subscribe-qos'
  }
  return undefined
}

/** Reads the fields of a packet one after the other. */
class Cursor {
  readonly #body: Buffer
  #at = 0

  constructor(body: Buffer) {
    this.#body = body
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#body.length
  }

  byte(): number | undefined {
    return this.#body[this.#at++]
  }

  /** True when the packet is shorter. */
  skip(bytes: number): boolean {
    this.#at += bytes
    return this.#at > this.#body.length
  }

  /** Bytes preceded by their length. */
  field(): Buffer | undefined {
    const from = this.#at + 2
    if (from > this.#body.length) return undefined
    const end = from + this.#body.readUInt16BE(this.#at)
    if (end > this.#body.length) return undefined
    this.#at = end
    return this.#body.subarray(from, end)
  }

  text(): { bytes: Buffer } | Violation {
    const bytes = this.field()
    if (!bytes) return 'too-short'
    return isUtf8(bytes) && !bytes.includes(0) ? { bytes } : 'utf8'
  }
}
