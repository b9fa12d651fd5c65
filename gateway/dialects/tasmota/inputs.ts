// The wiring of a switch input of a Tasmota board: only the installer knows it, and puts it into the name.
import type { DialectReadings } from '../port.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { celsiusOf, flagOf, macOf, millimetresOf, numberOf, percentOf } from '../meaning/values.ts'
import { pressOf } from '../meaning/press.ts'

const wired: [name: RegExp, reading: (isOn: boolean | null) => DialectReadings][] = [
  [/motion|pir|occup|presence/i, (isOn) => ({ motion: isOn })],
  [/leak|flood|water|wet/i, (isOn) => ({ leak: isOn })],
  [/smoke|fire/i, (isOn) => ({ smoke: isOn })],
  [/carbon|(^|[^a-z])co([^a-z]|$)/i, (isOn) => ({ carbonMonoxide: isOn })],
  [/gas|lpg/i, (isOn) => ({ gas: isOn })],
  [/tamper/i, (isOn) => ({ tamper: isOn })],
  [/vibr|shock|glass/i, (isOn) => ({ vibration: isOn })],
  [/mains|power.?fail/i, (isOn) => ({ mains: isOn === null ? null : isOn ? 'on' : 'off' })],
]
const isCall = /sos|panic|emergency|call|help|button/i

/** An input by its own name, or by that of its board; an input without a known name is a door contact, ON is open. */
export function readInput(
  name: string,
  board: string,
  value: unknown,
): { readings: DialectReadings; momentary?: Readings } {
  const isOn = flagOf(value)
  const own = /^switch\d*$/i.test(name) ? board : name
  if (isCall.test(own)) {
    const button = isOn === true ? 'pressed' : pressOf(isOn === false ? '' : value)
    return button === undefined ? { readings: {} } : { readings: { button }, momentary: { button } }
  }
  // What a key asks for, and no state: TOGGLE, HOLD.
  if (typeof value === 'string' && /^(toggle|hold|inv|inc_dec|dual|double)/i.test(value))
    return { readings: {} }
  const found = wired.find(([pattern]) => pattern.test(own))
  if (found) return { readings: found[1](isOn) }
  return { readings: { contact: isOn === null ? null : isOn ? 'open' : 'closed' } }
}

const units = (sensor: Record<string, unknown>, name: string): string =>
  typeof sensor[name] === 'string' ? sensor[name] : ''

/** A Bluetooth sensor that the board hears: `{"ATC02CECC": {"mac": "a4c13802cecc", "Temperature": 21.3}}`. */
export const bluetoothAddress = (value: unknown): string | undefined =>
  isObject(value) ? macOf(value['mac'] ?? value['MAC']) : undefined

/** The values of one sensor chip, such as `{"Temperature":21.3}`. */
export function readChip(chip: Record<string, unknown>, all: Record<string, unknown>): DialectReadings {
  const readings: DialectReadings = {}
  for (const [name, value] of Object.entries(chip)) {
    if (name === 'Temperature') readings.temperatureC = celsiusOf(value, units(all, 'TempUnit'))
    else if (name === 'Humidity') readings.humidityPercent = percentOf(value)
    else if (name === 'Distance') {
      // An ultrasonic sensor looks down on the water: the distance becomes a level only with the configured height.
      readings['distanceMm'] = millimetresOf(value, 'cm') ?? null
    } else if (isObject(value)) {
      // Several probes on one wire: the first one is the board's.
      for (const [reading, found] of Object.entries(readChip(value, all))) readings[reading] ??= found
    } else if (name === 'Battery' || name === 'BatteryPercentage') readings.batteryPercent = percentOf(value)
    else if (typeof value === 'number') readings[name] = numberOf(value)
  }
  return readings
}
