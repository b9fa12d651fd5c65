// Interface of a dialect: a pure translation between one make's messages and our readings. It does no I/O, has no clock
// and throws nothing; learned facts are returned as documents, and the caller stores them.
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
  /** Its sender marks no repeats: it may have sent it before this time of ours, and a kill took the answer. */
  lostBeforeMs?: number
  /** From the sender itself: RETAIN asks for storing, it does not mean that the message is old. */
  isDirect?: boolean
  /** LoRaWAN's port, for a frame without an envelope. */
  fPort?: number
  /** The device of a frame without an envelope. */
  device?: string
  /** Steady milliseconds: for windows, never for order. */
  atMs: number
}

/** The facts about devices and the bridge, as JSON documents by key. A dialect reads them and changes none in place. */
export interface Knowledge {
  get(key: string): unknown
}

/** A document that replaces the one under this key; undefined removes it. */
export type Learned = readonly [key: string, value: object | undefined]

/** Readings in which `null` is a value: the device reports that it has none. */
export type DialectReadings = { [Name in keyof Readings]: Readings[Name] | null }

/** `asleep`: it has closed its connection to save power, which is no sign of a fault. */
export type PresenceHint = 'online' | 'offline' | 'asleep'

/** The kind of hardware, for the list of unlisted devices. */
export interface DeviceDescription {
  model?: string
  maker?: string
  /** Its name at the bridge. */
  name?: string
  /** Readings it can send, by our names. */
  readings?: readonly string[]
  /** Commands it supports, by our names. */
  commands?: readonly string[]
}

export interface DeviceResult {
  /** The hardware's own address: IEEE address, DevEUI, MAC, serial number. Never a name that people choose. */
  device: string
  /** All readings, states and momentary ones. */
  readings: DialectReadings
  /** The momentary readings, such as a press: never remembered, never taken from a retained message. */
  momentary?: Readings
  /** A hint only: a device is alive only if it sends a message itself. */
  presence?: PresenceHint
  /**
   * In plain words or the maker's own: `cable_unplugged`, `field-vanished:contact`. An empty list: it reports no fault.
   */
  faults?: readonly string[]
  /**
   * The sender's own counter as `boot-counter` or any text that is unique per device; without it repeats are found by
   * content.
   */
  messageId?: string
  /** The device's clock, ms since 1970. */
  deviceAtMs?: number
  /** The message contains the whole state of the device: a reading that is missing now has vanished. */
  isWholeState?: boolean
  /** It answers one of our commands. */
  answer?: CommandResult
  about?: DeviceDescription
  /** It is about the bridge itself. */
  isBridge?: boolean
  /** False if the bridge reports about the device without a message of the device itself. */
  isHeard?: boolean
}

export interface Decoded {
  results: readonly DeviceResult[]
  /** The reason, in words, why the message has no results. */
  ignored?: string
  /** The reason, in words, why it can not be decoded: it is stored raw. */
  quarantined?: string
  /** The address of its device, if that can be read. */
  quarantinedDevice?: string
  learned?: readonly Learned[]
  /** The sender's reply, once everything is stored: a request's body, a recorder's confirmation. */
  reply?: Uint8Array
}

/** A message for a device; `cannot` is the reason why there is none. */
export type EncodedCommand =
  | {
      topic: string
      payload: Uint8Array | string
      qos: 0 | 1
      isRetained?: boolean
      /** How it becomes known what came of it; without it, handing it over is all that can be known. */
      answer?: AnswerPolicy
    }
  | { cannot: string }

export type AnswerPolicy =
  /** A result with `answer`: by the command's id, or with an empty id about the oldest command that waits. */
  | { by: 'answer' }
  /** The same; and the device's next report that shows the command's effect. */
  | { by: 'report'; isDone: (result: DeviceResult) => boolean }
  /** Only a refusal is reported: without one within some seconds it counts as done. */
  | { by: 'refusal' }

/** How a repeat of a message is recognised. */
export type RepeatPolicy =
  /** Each result carries the sender's own counter. */
  | { by: 'counter' }
  /** The same bytes on the same topic inside the window are the same message. */
  | { by: 'content'; windowMs: number }

/** MQTT filters, `+` and `#` as usual. */
export interface DialectTopics {
  /** The topics to which a sender of this dialect may publish. */
  publish: readonly string[]
  /** The topics to which it may subscribe. */
  subscribe: readonly string[]
}

/** The installer's configuration of one device behind a bridge. */
export interface DialectDeviceSettings {
  /** Its codec, if it is not the bridge's. */
  codec?: string
  /** The height of a distance sensor above the bed, or above the zero of its gauge. */
  mountingHeightMm?: number
  /** The command for its siren or switch, if it is not a known device. */
  downlink?: { fPort: number; onHex: string; offHex: string }
}

/** The installer's configuration of one bridge or device of the dialect. */
export interface DialectSettings {
  /** The first levels of its topics, if they can be chosen, such as `zigbee2mqtt`. */
  base?: string
  /** A codec by file or name, for dialects that run one. */
  codec?: string
  /** The content of a mapping file. */
  mapping?: unknown
  /** The units of a Modbus bus. */
  modbus?: readonly ModbusUnit[]
  /** Whether a device of this hardware address is in the configuration. */
  isListed?: (address: string) => boolean
  /** The kind of sensor at each alarm input of GB/T 28181, by the input's code. */
  inputs?: Readonly<Record<string, 'button' | 'motion' | 'smoke' | 'fire' | 'gas' | 'leak'>> | undefined
  /** Four hex digits that SL 651 recorders must send. */
  password?: string | undefined
  /** Configuration of single devices, by the hardware's address; by the id of a device without one. */
  devices?: Readonly<Record<string, DialectDeviceSettings>>
}

export interface Dialect {
  readonly name: string
  readonly repeats: RepeatPolicy
  topics(settings: DialectSettings): DialectTopics
  /** True when a topic has the form of this dialect: for a sender without a configured dialect. */
  claims(topic: string): boolean
  /** True when it has learned the meaning of this topic, for a dialect without topics of its own. */
  knows?(topic: string, known: Knowledge): boolean
  /** A promise only if a maker's codec must run; messages of one sender are decoded in their order all the same. */
  decode(message: DialectMessage, known: Knowledge, settings: DialectSettings): Decoded | Promise<Decoded>
  /** `device` is the hardware's address. */
  encode(device: string, command: DeviceCommand, known: Knowledge, settings: DialectSettings): EncodedCommand
  /** The message to the bridge that allows new devices to join, for `minutes`. */
  permitJoin?(minutes: number, settings: DialectSettings, id: string): EncodedCommand
}

export const nothing = (ignored: string, learned?: readonly Learned[]): Decoded =>
  learned ? { results: [], ignored, learned } : { results: [], ignored }
export const unreadable = (quarantined: string, device?: string): Decoded =>
  device === undefined
    ? { results: [], quarantined }
    : { results: [], quarantined, quarantinedDevice: device }

/** True when it can be a call of a person: checked after decoding, so that base64 is as fast as a word. */
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
