// Names of measurements as Zigbee2MQTT and others write them, with the reading of each.
import type { DialectReadings } from '../port.ts'
import { celsiusOf, contactOf, flagOf, millimetresOf, numberOf, percentOf, signalOf } from './values.ts'

/** How this device writes one property, if it differs from the usual form. */
export interface Spelling {
  on?: unknown
  off?: unknown
  unit?: string
}

type Read = (value: unknown, spelling: Spelling) => DialectReadings

const flag =
  (reading: string): Read =>
  (value, { on, off }) => ({
    [reading]:
      on !== undefined && value === on ? true : off !== undefined && value === off ? false : flagOf(value),
  })
const number =
  (reading: string, read: (value: unknown) => number | null = numberOf): Read =>
  (value) => ({ [reading]: read(value) })
const level: Read = (value, { unit }) => {
  const waterLevelMm = millimetresOf(value, unit ?? 'm')
  return waterLevelMm === undefined ? {} : { waterLevelMm }
}
const fault =
  (word: string): Read =>
  (value) => ({ [word]: flagOf(value) })

const reads: Record<string, Read> = {
  // "Closed" is true; a maker with the opposite meaning declares it in its exposes, by value_on.
  contact: (value, { on }) => ({ contact: contactOf(value, on === true || on === 'open') }),
  occupancy: flag('motion'),
  presence: flag('motion'),
  motion: flag('motion'),
  smoke: flag('smoke'),
  gas: flag('gas'),
  carbon_monoxide: flag('carbonMonoxide'),
  water_leak: flag('leak'),
  leak: flag('leak'),
  vibration: flag('vibration'),
  tamper: flag('tamper'),
  battery: number('batteryPercent', percentOf),
  battery_low: flag('batteryLow'),
  linkquality: number('linkQuality'),
  rssi: number('signalDbm', signalOf),
  temperature: (value, { unit }) => ({ temperatureC: celsiusOf(value, unit) }),
  humidity: number('humidityPercent', percentOf),
  liquid_depth: level,
  water_level: level,
  liquid_level_percent: number('levelPercent', percentOf),
  trouble: fault('trouble'),
  fault_alarm: fault('fault_alarm'),
  battery_defect: fault('battery_defect'),
  sensor_fault: fault('sensor_fault'),
  ac_status: (value) => ({ mains: flagOf(value) === null ? null : flagOf(value) ? 'on' : 'off' }),
}

/** Flags by which a device reports a fault of its own. */
export const faultFlags = ['trouble', 'fault_alarm', 'battery_defect', 'sensor_fault']

/** The readings of one property; undefined for an unknown name. */
export function readProperty(
  name: string,
  value: unknown,
  spelling: Spelling = {},
): DialectReadings | undefined {
  return Object.hasOwn(reads, name) ? reads[name]?.(value, spelling) : undefined
}

export const isMeaningful = (name: string): boolean => Object.hasOwn(reads, name)

/** Two endpoints of one device give the same reading: the worse one counts. */
export function worse(one: unknown, other: unknown): unknown {
  if (one === undefined) return other
  if (one === 'open' || other === 'open') return 'open'
  if (one === true || other === true) return true
  return one === null ? null : other
}
