// Names of measurements as Zigbee2MQTT and others write them, with the reading of each.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { DialectReadings } from '../port.ts'
import { celsiusOf, contactOf, flagOf, millimetresOf, numberOf, percentOf, signalOf } from './values.ts'

/** How this device writes one property, if it differs from the usual form. */
export interface Spelling {
  on?: unknown
  /** In its description true means closed, whatever `on` means. */
  isClosedWhenTrue?: boolean
  off?: unknown
  unit?: string
}

type Read = (value: unknown, spelling: Spelling) => DialectReadings

const flag =
  (reading: string): Read =>
  (value, { on, off, unit }) =>
    // With a unit it is a quantity: `gas` is also what a gas meter counts.
    unit !== undefined
      ? {}
      : {
          [reading]:
            on !== undefined && value === on
              ? true
              : off !== undefined && value === off
                ? false
                : flagOf(value),
        }
/** Words of a radar: every word except "none" means a person. */
const somebody: Read = (value) => {
  if (typeof value !== 'string') return { motion: flagOf(value) }
  const word = value.toLowerCase()
  return {
    motion: word === '' || word === 'unknown' ? null : !['none', 'unoccupied', 'absent'].includes(word),
  }
}
/** `low` is the word for a battery that has to be changed. */
const batteryWord: Read = (value) =>
  typeof value === 'string' && /^(low|middle|medium|high|full)$/i.test(value)
    ? { batteryLow: /^low$/i.test(value) }
    : {}
const doorWord: Read = (value) =>
  typeof value === 'string' && /^(open|closed)$/i.test(value)
    ? { contact: /^open$/i.test(value) ? 'open' : 'closed' }
    : {}
/** "Closed" is true; if a device has it the other way round, its list of abilities shows that in value_on. */
const contact: Read = (value, { on, off, isClosedWhenTrue }) => {
  if (typeof on === 'string' && value === on) return { contact: isClosedWhenTrue ? 'closed' : 'open' }
  if (typeof off === 'string' && value === off) return { contact: isClosedWhenTrue ? 'open' : 'closed' }
  return { contact: contactOf(value, !isClosedWhenTrue && (on === true || on === 'open')) }
}
const number =
  (reading: string, read: (value: unknown) => number | null = numberOf): Read =>
  (value) => ({ [reading]: read(value) })
const level: Read = (value, { unit }) => {
  const waterLevelMm = millimetresOf(value, unit ?? 'm')
  return waterLevelMm === undefined ? {} : { waterLevelMm }
}
/** Without its unit it is a number without a meaning. */
const distance: Read = (value, { unit = '' }) => {
  const distanceMm = millimetresOf(value, unit)
  return distanceMm === undefined ? { distance: value } : { distanceMm }
}
const healthy = /^(none|clear|normal|ok|no_fault|)$/i
/** Words other than "none" name a fault: `sensor_fault`, `e1`. */
const fault =
  (word: string): Read =>
  (value) => ({ [word]: typeof value === 'string' ? (flagOf(value) ?? !healthy.test(value)) : flagOf(value) })
/** The alarm bit of a door sensor whose converter names no door: set is open (ZCL, IAS zone, contact switch). */
const portal: Read = (value) => ({ contact: contactOf(value, true) })
/** A window that is tilted is not closed. */
const opening: Read = (value) =>
  typeof value === 'string' && /^(open|closed|tilted)$/i.test(value)
    ? { contact: /^closed$/i.test(value) ? 'closed' : 'open' }
    : {}

const reads: Record<string, Read> = lookup({
  contact,
  garage_door_contact: contact,
  door_state: doorWord,
  opening_state: opening,
  portal,
  occupancy: flag('motion'),
  presence: flag('motion'),
  motion: flag('motion'),
  motion_status: flag('motion'),
  occupancy_status: flag('motion'),
  presence_state: somebody,
  human_motion_state: somebody,
  motion_state: somebody,
  smoke: flag('smoke'),
  smoke_state: flag('smoke'),
  gas: flag('gas'),
  gas_sensor_state: flag('gas'),
  carbon_monoxide: flag('carbonMonoxide'),
  co_state: flag('carbonMonoxide'),
  water_leak: flag('leak'),
  water_leakage_state: (value) => ({
    leak: value === 'water_leakage_yes' ? true : value === 'water_leakage_no' ? false : null,
  }),
  water_sensor: flag('leak'),
  current_device_status: (value) =>
    typeof value === 'string' ? { leak: value.includes('water_leakage') } : { leak: null },
  leak: flag('leak'),
  vibration: flag('vibration'),
  moving: (value) => (typeof value === 'boolean' ? { vibration: value } : {}),
  tamper: flag('tamper'),
  tamper_alarm: flag('tamper'),
  battery: number('batteryPercent', percentOf),
  battpercentage: number('batteryPercent', percentOf),
  battery_low: flag('batteryLow'),
  linkquality: number('linkQuality'),
  rssi: number('signalDbm', signalOf),
  temperature: (value, { unit }) => ({ temperatureC: celsiusOf(value, unit) }),
  humidity: number('humidityPercent', percentOf),
  liquid_depth: level,
  water_level: level,
  distance,
  liquid_level_percent: number('levelPercent', percentOf),
  battery_state: batteryWord,
  battery_level: batteryWord,
  fault: (value, { unit }) =>
    unit !== undefined || typeof value === 'number' ? {} : fault('fault')(value, {}),
  trouble: fault('trouble'),
  fault_alarm: fault('fault_alarm'),
  battery_defect: fault('battery_defect'),
  device_fault: fault('device_fault'),
  sensor_fault: fault('sensor_fault'),
  // Bit 7 of an IAS zone: set is a fault of the mains.
  ac_status: (value) => ({ mains: flagOf(value) === null ? null : flagOf(value) ? 'off' : 'on' }),
})

/** Flags by which a device reports a fault of its own. */
export const faultFlags = [
  'trouble',
  'fault',
  'fault_alarm',
  'battery_defect',
  'device_fault',
  'sensor_fault',
]

/** Alarm bits and channels of their own: `water_leak_alarm_1`, `smoke_alarm_2`, `channel_3_leak_detect`. */
const numbered: readonly (readonly [name: RegExp, meaning: string])[] = [
  [/^(contact|water_leak|smoke|gas|carbon_monoxide|occupancy)_alarm_\d$/, '$1'],
  [/^(?:channel|input)_\d+_leak_detect$/, 'water_leak'],
]

function plainName(name: string): string {
  const found = numbered.find(([pattern]) => pattern.test(name))
  return found ? name.replace(found[0], found[1]) : name
}

/** The readings of one property; undefined for an unknown name. */
export function readProperty(
  name: string,
  value: unknown,
  spelling: Spelling = {},
): DialectReadings | undefined {
  const plain = plainName(name)
  return Object.hasOwn(reads, plain) ? reads[plain]?.(value, spelling) : undefined
}

export const isMeaningful = (name: string): boolean => Object.hasOwn(reads, plainName(name))

/** A switch that stays on after a call for help until it is taken back: its going on is the call. */
export const isCallSwitch = (name: string): boolean => Object.hasOwn(calls, name)

/** The words with which a fall detector reports that a person fell; a possible fall is none yet. */
const falls = (words: readonly string[]) => (value: unknown) =>
  typeof value === 'string' ? words.includes(value) : undefined
const isTrue = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)
const calls: Readonly<Record<string, (value: unknown) => boolean | undefined>> = lookup({
  sos: isTrue,
  sos_alarm: isTrue,
  fall_down_status: falls(['fall']),
  fall_status: falls(['fall_alarm']),
  // FDS315: with "unoccupied", "sitting" and others.
  status: falls(['falling']),
})

/** Undefined: the value says nothing of a call. */
export const callOf = (name: string, value: unknown): boolean | undefined =>
  Object.hasOwn(calls, name) ? calls[name]?.(value) : undefined

/** Two endpoints of one device give the same reading: the worse one counts. */
export function worse(one: unknown, other: unknown): unknown {
  if (one === undefined) return other
  if (one === 'open' || other === 'open') return 'open'
  if (one === true || other === true) return true
  return one === null ? null : other
}
