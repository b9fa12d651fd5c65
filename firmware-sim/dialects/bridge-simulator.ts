// What bought devices say in the words of their bridges: the same village as `gengfu sim village`, in another dialect.
import type { ButtonPress } from '../devices/alarm-button.ts'
import type { VillageMember } from '../village/population.ts'

/** Habits of real devices and bridges, each switched on by its name. */
export const quirks = {
  duplicate: 'each message comes twice 每条消息重复一次',
  'retained-press': 'presses are sent retained 按下用保留消息发送',
  'empty-action': 'an empty action follows each press 按下后跟一条空动作',
  'press-once': 'a press comes on one topic only 按下只在一个主题上出现',
  'legacy-words': 'words of older versions 旧版本的字段名',
  'unknown-values': 'now and then a value that means "not known" 偶尔上报未知值',
  'lost-field': 'the contact is missing from some messages 部分消息缺少门磁字段',
  sleeping: 'the device says offline and goes to sleep after each message 每次上报后离线休眠',
} as const
export type Quirk = keyof typeof quirks
export const quirkNames = Object.keys(quirks) as Quirk[]

export interface SimulatedDevice extends VillageMember {
  /** Place in the row, from 0: what its hardware's address is made of. */
  place: number
}

export interface SimulatedMessage {
  topic: string
  payload: string
  isRetained?: boolean
}

/** What a device measured: a routine report, or what has just happened. */
export interface Reading {
  /** Counts the reports of this device, from 1. */
  count: number
  atMs: number
  isOpen: boolean
  levelMm: number
  batteryPercent: number
}

export interface BridgeSimulator {
  /** Before everything else: lists, announcements, states. */
  hello(devices: readonly SimulatedDevice[], has: (quirk: Quirk) => boolean): SimulatedMessage[]
  report(device: SimulatedDevice, reading: Reading, has: (quirk: Quirk) => boolean): SimulatedMessage[]
  press(
    device: SimulatedDevice,
    how: ButtonPress,
    count: number,
    has: (quirk: Quirk) => boolean,
  ): SimulatedMessage[]
  /** The hardware's address, for `devices[].address` of the gateway's configuration. */
  addressOf(device: SimulatedDevice): string
}

const hex = (place: number, digits: number): string => place.toString(16).padStart(digits, '0')
/** With the maker's own first three bytes: villages of two dialects on one box have no hardware in common. */
export const macOf = (maker: string, { place }: SimulatedDevice): string => `${maker}${hex(place + 1, 6)}`
export const ieeeOf = ({ place }: SimulatedDevice): string => `0x00158d00${hex(place + 1, 8)}`
export const euiOf = ({ place }: SimulatedDevice): string => `24e12400${hex(place + 1, 8)}`
