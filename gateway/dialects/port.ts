// What a dialect is: a pure translation between one make's messages and our readings. It does no I/O, has no clock and
// throws nothing; what it has learned comes back as documents, and the caller keeps them.
import type { ModbusUnit } from '../config/bus-settings.ts'
import type { Readings } from '../../protocols/domain/reading.ts'
import type { CommandResult, DeviceCommand } from '../../protocols/device-mqtt/messages.ts'

/** One message or request as it arrived. */
export interface DialectMessage {
  /** The MQTT topic, or the path of a request. */
  topic: string
  payload: Uint8Array
  isRetained: boolean
  /** The sender marks it as sent before (DUP). */
  isResent?: boolean
  /** From the sender itself: RETAIN asks for storing, and does not say that the message is old. */
  isDirect?: boolean
  /** LoRaWAN's port, for a frame that comes without an envelope. */
  fPort?: number
  /** The device that a frame without an envelope is about. */
  device?: string
  /** Steady milliseconds: for windows, never for order. */
  atMs: number
}

/** What is known of devices and of the bridge, as JSON documents by key. A dialect reads it and changes nothing in place. */
export interface Knowledge {
  get(key: string): unknown
}

/** A document that takes the place of the one under this key; undefined removes it. */
export type Learned = readonly [key: string, value: object | undefined]

/** Readings where `null` is a value of its own: the device said that it does not know. */
export type DialectReadings = { [Name in keyof Readings]: Readings[Name] | null }

/** `asleep`: it has closed its connection to save power, which is no sign of a fault. */
export type PresenceHint = 'online' | 'offline' | 'asleep'

/** What the hardware is, for the list of devices that knock. */
export interface DeviceDescription {
  model?: string
  maker?: string
  /** The name it has at its bridge. */
  name?: string
  /** Readings it can send, by our names. */
  readings?: readonly string[]
  /** Commands it understands, by our names. */
  commands?: readonly string[]
}

export interface DeviceResult {
  /** The hardware's own address: IEEE address, DevEUI, MAC, serial number. Never a name that people choose. */
  device: string
  /** Everything it read, states and momentary readings. */
  readings: DialectReadings
  /** Those readings that are moments, such as a press: never remembered, never taken from a retained message. */
  momentary?: Readings
  /** A hint only: what proves a device alive is its own message. */
  presence?: PresenceHint
  /** In plain words or the maker's own: `cable_unplugged`, `field-vanished:contact`. An empty list: it says that it has none. */
  faults?: readonly string[]
  /** The sender's own counter as `boot-counter` or any text that is unique per device; without it repeats are found by content. */
  messageId?: string
  /** The device's clock, ms since 1970. */
  deviceAtMs?: number
  /** The message holds all of the device's state: a reading that was there before and is not now has vanished. */
  isWholeState?: boolean
  /** It answers one of our commands. */
  answer?: CommandResult
  about?: DeviceDescription
  /** It is about the bridge itself. */
  isBridge?: boolean
  /** False where the bridge speaks about the device and the device itself did not speak. */
  isHeard?: boolean
}

export interface Decoded {
  results: readonly DeviceResult[]
  /** Why nothing follows from it, in words. */
  ignored?: string
  /** Why it can not be read, in words: it is kept raw. */
  quarantined?: string
  /** The address of the device that it is about, where that much can be told. */
  quarantinedDevice?: string
  learned?: readonly Learned[]
  /** What the sender has to be told, once everything is kept: a request's body, a recorder's confirmation. */
  reply?: Uint8Array
}

/** A message for a device; `cannot` says why there is none. */
export type EncodedCommand =
  | { topic: string; payload: Uint8Array | string; qos: 0 | 1; isRetained?: boolean }
  | { cannot: string }

/** How the same message is known when it comes again. */
export type RepeatPolicy =
  /** Each result carries the sender's own counter. */
  | { by: 'counter' }
  /** The same bytes on the same topic inside the window are the same message. */
  | { by: 'content'; windowMs: number }

/** MQTT filters, `+` and `#` as usual. */
export interface DialectTopics {
  /** What a sender of this dialect may publish. */
  publish: readonly string[]
  /** What it may subscribe to. */
  subscribe: readonly string[]
}

/** What an installer says about one device behind a bridge. */
export interface DialectDeviceSettings {
  /** Its codec, where it is not the bridge's. */
  codec?: string
  /** How high above the bed, or the zero of its gauge, a distance sensor hangs. */
  mountingHeightMm?: number
  /** What its siren or switch has to be sent, where it is none of the devices that are known. */
  downlink?: { fPort: number; onHex: string; offHex: string }
}

/** What an installer says about one bridge or device of the dialect. */
export interface DialectSettings {
  /** The first levels of its topics where they can be chosen, such as `zigbee2mqtt`. */
  base?: string
  /** A codec by file or name, for dialects that run one. */
  codec?: string
  /** A mapping as it was read from its file. */
  mapping?: unknown
  /** The units of a Modbus bus. */
  modbus?: readonly ModbusUnit[]
  /** Four hex digits that SL 651 recorders have to send. */
  password?: string | undefined
  /** What is said about single devices behind the bridge, by the hardware's address. */
  devices?: Readonly<Record<string, DialectDeviceSettings>>
}

export interface Dialect {
  readonly name: string
  readonly repeats: RepeatPolicy
  topics(settings: DialectSettings): DialectTopics
  /** Whether a topic looks like one of this dialect: for a sender of which nothing is said. */
  claims(topic: string): boolean
  /** Whether it has learned what this topic means, where no topic looks like one of its own. */
  knows?(topic: string, known: Knowledge): boolean
  /** A promise only where a maker's codec has to run; messages of one sender are decoded in their order all the same. */
  decode(message: DialectMessage, known: Knowledge, settings: DialectSettings): Decoded | Promise<Decoded>
  /** `device` is the hardware's address. */
  encode(device: string, command: DeviceCommand, known: Knowledge, settings: DialectSettings): EncodedCommand
  /** What to say to the bridge so that new devices may join, for `minutes`. */
  permitJoin?(minutes: number, settings: DialectSettings): EncodedCommand
}

export const nothing = (ignored: string, learned?: readonly Learned[]): Decoded =>
  learned ? { results: [], ignored, learned } : { results: [], ignored }
export const unreadable = (quarantined: string, device?: string): Decoded =>
  device === undefined
    ? { results: [], quarantined }
    : { results: [], quarantined, quarantinedDevice: device }

/** Whether a person may wait behind it: asked after decoding, so that base64 is as fast as a word. */
export function isUrgent({ results }: Decoded): boolean {
  return results.some(
    ({ readings, momentary }) =>
      momentary?.button !== undefined ||
      readings.smoke === true ||
      readings.gas === true ||
      readings.carbonMonoxide === true ||
      readings['fire'] === true,
  )
}
