// BTHome sensors that a Shelly hears, as the published scripts of its maker send them: an event "shelly-blu" on
// PREFIX/events/rpc, or the object alone on shelly-blu/events/MAC. Their address is in the message.
import { isObject, lookup } from '../../../protocols/kit/parse-json.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { celsiusOf, flagOf, macOf, numberOf, percentOf } from '../meaning/values.ts'
import type { DeviceResult, DialectReadings } from '../port.ts'

/** Event 0x3A of BTHome: 1 once, 2 twice, 3 three times, 4 long; 128 and 254 are held. 0: not this key. */
const presses: Readonly<Record<number, NonNullable<Readings['button']>>> = {
  1: 'pressed',
  2: 'double',
  3: 'double',
  4: 'held',
  5: 'held',
  6: 'held',
  0x80: 'held',
  0xfe: 'held',
}

type Read = (value: unknown) => DialectReadings
const flag =
  (name: keyof Readings): Read =>
  (value) => ({ [name]: flagOf(value) })
const open: Read = (value) => {
  const isOpen = flagOf(value)
  return { contact: isOpen === null ? null : isOpen ? 'open' : 'closed' }
}

const reads: Readonly<Record<string, Read>> = lookup({
  battery: (value) => ({ batteryPercent: percentOf(value) }),
  temperature: (value) => ({ temperatureC: celsiusOf(value) }),
  humidity: (value) => ({ humidityPercent: percentOf(value) }),
  illuminance: (value) => ({ illuminanceLux: numberOf(value) }),
  rotation: (value) => ({ tiltDegrees: numberOf(value) }),
  window: open,
  door: open,
  opening: open,
  motion: flag('motion'),
  occupancy: flag('motion'),
  moisture: flag('leak'),
  smoke: flag('smoke'),
  gas: flag('gas'),
  carbon_monoxide: flag('carbonMonoxide'),
  tamper: flag('tamper'),
  vibration: flag('vibration'),
})

/** A device with several of a kind sends a list: of keys the pressed one counts, of values the first. */
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])

/** Undefined: no such sensor in it. */
export function readBluetooth(data: unknown, prefix: string): DeviceResult | undefined {
  if (!isObject(data)) return undefined
  const device = macOf(data['address'] ?? data['addr'] ?? data['mac'])
  if (device === undefined) return undefined
  const readings: DialectReadings = {}
  for (const [name, read] of Object.entries(reads))
    if (data[name] !== undefined) Object.assign(readings, read(listOf(data[name])[0]))
  const keys = listOf(data['button'])
  const at = keys.findIndex((key) => typeof key === 'number' && key !== 0)
  const button = at < 0 ? undefined : (presses[keys[at] as number] ?? 'pressed')
  if (button !== undefined) readings.button = button
  if (keys.length > 1 && button !== undefined) readings['key'] = at + 1
  if (Object.keys(readings).length === 0) return undefined
  return {
    device,
    readings,
    ...(button === undefined ? {} : { momentary: { button } }),
    about: { maker: 'Shelly', name: `${prefix} ${device}` },
  }
}
