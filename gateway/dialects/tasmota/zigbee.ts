// Zigbee devices behind a board with Tasmota (ZbBridge): {"ZbReceived":{"0x8F20":{"Device":"0x8F20","Contact":1}}}. The
// bridge names a device by its short address, which changes when the device joins again. The permanent IEEE address
// comes with ZbState and ZbInfo; until then, the bridge and the short address together identify the device.
import type { Readings } from '../../../protocols/domain/reading.ts'
import { isObject, lookup } from '../../../protocols/kit/parse-json.ts'
import { isMovement, pressOf } from '../meaning/press.ts'
import { celsiusOf, deviceIdOf, flagOf, numberOf, percentOf } from '../meaning/values.ts'
import type { DeviceDescription, DeviceResult, DialectReadings, Knowledge, Learned } from '../port.ts'

/** Largest number of devices read from one message; a bridge supports about sixty. */
const devicesMax = 200

interface Known {
  ieee?: string
  name?: string
  model?: string
  maker?: string
}
const zigbeeKey = (bridge: string, short: string): string => `tasmota-zb:${bridge} ${short}`

const shortPattern = /^0x[0-9a-f]{4}$/i
const textIn = (source: Record<string, unknown>, name: string): string | undefined => {
  const value = source[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
const shortOf = (value: unknown): string | undefined =>
  typeof value === 'string' && shortPattern.test(value) ? value.toLowerCase() : undefined
const ieeeOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^0x[0-9a-f]{16}$/i.test(value) ? value.toLowerCase() : undefined

interface Read {
  readings: DialectReadings
  momentary: Readings
  faults?: string[]
}

/** Zone types (attributes 0500/FFF1 to FFF9 in Tasmota's table). The value 1 means that the alarm bit of the zone is set. */
const flags: Readonly<Record<string, keyof Readings>> = lookup({
  Occupancy: 'motion',
  Fire: 'smoke',
  Water: 'leak',
  CO: 'carbonMonoxide',
  Movement: 'vibration',
  GlassBreak: 'vibration',
})

/** The same attributes by the zone's type (ZCL, table 8-5): a bridge that does not know the type yet sends only the bits. */
const zoneNames: Readonly<Record<number, string>> = {
  0x0d: 'Occupancy',
  0x15: 'Contact',
  0x28: 'Fire',
  0x2a: 'Water',
  0x2b: 'CO',
  0x2c: 'PersonalAlarm',
  0x2d: 'Movement',
  0x10f: 'Panic',
  0x115: 'Panic',
  0x21d: 'Panic',
  0x226: 'GlassBreak',
}

/** The alarm bits of a zone whose type is in the report, unless the bridge has named them itself. */
function readZoneType(report: Record<string, unknown>, into: Read): void {
  const { ZoneType: type, ZoneStatusChange: status } = report
  const name = typeof type === 'number' ? zoneNames[type] : undefined
  if (name !== undefined && typeof status === 'number' && !Object.hasOwn(report, name))
    readAttribute(name, (status & 0b11) === 0 ? 0 : 1, into)
}

/** Commands of a wall or wrist remote: emergency and panic of the cluster "IAS ACE". */
const calls = new Set(['0501!02', '0501!04'])

function press(button: Readings['button'], into: Read): void {
  if (button !== undefined) into.readings.button = into.momentary.button = button
}

/** Bits of "IAS Zone": 2 tamper, 3 battery, 6 trouble, 9 battery defect. */
function readZoneStatus(status: number, into: Read): void {
  into.readings.tamper = (status & 4) !== 0
  into.readings.batteryLow = (status & 8) !== 0
  into.faults = [
    ...((status & 0x40) !== 0 ? ['trouble'] : []),
    ...((status & 0x200) !== 0 ? ['battery_defect'] : []),
  ]
}

function readAttribute(name: string, value: unknown, into: Read): void {
  const { readings } = into
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
  if (flag !== undefined) readings[flag] = flagOf(value)
  else if (name === 'Contact') {
    const isOpen = flagOf(value)
    readings.contact = isOpen === null ? null : isOpen ? 'open' : 'closed'
  } else if (name === 'PersonalAlarm' || name === 'Panic') {
    // A message contains only what the device has just sent: each one is a call.
    if (flagOf(value) === true) press('pressed', into)
  } else if (calls.has(name)) press('pressed', into)
  else if (name === 'Click') press(pressOf(value), into)
  else if (name === 'AqaraVibrationMode' && isMovement(value))
    readings.vibration = into.momentary.vibration = true
  else if ((name === 'ZoneStatus' || name === 'ZoneStatusChange') && typeof value === 'number')
    readZoneStatus(value, into)
  else if (name === 'BatteryPercentage' || name === 'Battery') readings.batteryPercent = percentOf(value)
  else if (name === 'Temperature') readings.temperatureC = celsiusOf(value)
  else if (name === 'Humidity') readings.humidityPercent = percentOf(value)
  else if (name === 'LinkQuality') readings['linkQuality'] = numberOf(value)
  else if (name === 'Power') readings['power'] = value
}

/** `Contact2`, where the endpoint is added to each name (SetOption101). */
const withoutEndpoint = (name: string): string => (/^[A-Z][A-Za-z]+\d$/.test(name) ? name.slice(0, -1) : name)

function resultOf(
  bridge: string,
  short: string | undefined,
  key: string,
  report: Record<string, unknown>,
  knowledge: Knowledge,
): DeviceResult | undefined {
  const known =
    short === undefined ? undefined : (knowledge.get(zigbeeKey(bridge, short)) as Known | undefined)
  const into: Read = { readings: {}, momentary: {} }
  for (const [name, value] of Object.entries(report)) readAttribute(withoutEndpoint(name), value, into)
  readZoneType(report, into)
  const { readings, momentary, faults } = into
  if (Object.keys(readings).length === 0) return undefined
  const name = textIn(report, 'Name') ?? known?.name ?? (shortPattern.test(key) ? undefined : key)
  const about: DeviceDescription = {
    ...(name === undefined ? {} : { name }),
    ...(known?.model === undefined ? {} : { model: known.model }),
    ...(known?.maker === undefined ? {} : { maker: known.maker }),
  }
  return {
    device: known?.ieee ?? ieeeOf(report['IEEEAddr']) ?? deviceIdOf(`${bridge}-${short ?? key}`),
    readings,
    ...(Object.keys(momentary).length > 0 ? { momentary } : {}),
    ...(faults ? { faults } : {}),
    ...(Object.keys(about).length > 0 ? { about } : {}),
  }
}

function learn(bridge: string, entry: Record<string, unknown>, knowledge: Knowledge): Learned[] {
  const short = shortOf(entry['ShortAddr'] ?? entry['Device'])
  if (short === undefined) return []
  const before = (knowledge.get(zigbeeKey(bridge, short)) ?? {}) as Known
  const ieee = ieeeOf(entry['IEEEAddr']) ?? before.ieee
  const name = textIn(entry, 'Name') ?? before.name
  const model = textIn(entry, 'ModelId') ?? before.model
  const maker = textIn(entry, 'Manufacturer') ?? before.maker
  const now: Known = {
    ...(ieee === undefined ? {} : { ieee }),
    ...(name === undefined ? {} : { name }),
    ...(model === undefined ? {} : { model }),
    ...(maker === undefined ? {} : { maker }),
  }
  return JSON.stringify(now) === JSON.stringify(before) ? [] : [[zigbeeKey(bridge, short), now]]
}

const isReport = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && ('LinkQuality' in value || 'Endpoint' in value || 'Device' in value)

/** Reports by device, in all forms of the options 83, 89, 100, 118 and 119; undefined: no Zigbee in it. */
function reportsIn(
  values: Record<string, unknown>,
  what: string,
  lastLevel: string,
): Record<string, Record<string, unknown>> | undefined {
  const inside = what === 'ZbReceived' ? values : values['ZbReceived']
  const source = isObject(inside) ? inside : values
  // If no key names the device, the last level of the topic names it.
  if (isReport(source) && (source !== values || what === 'ZbReceived')) return { [lastLevel]: source }
  const reports = Object.entries(source).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      isReport(entry[1]) && (source !== values || shortOf(entry[1]['Device'] ?? entry[0]) !== undefined),
  )
  return reports.length > 0 ? Object.fromEntries(reports.slice(0, devicesMax)) : undefined
}

/** What a message of a bridge says about its Zigbee devices; undefined if it is about the board itself. */
export function readZigbee(
  place: string,
  what: string,
  values: Record<string, unknown>,
  knowledge: Knowledge,
): { results: DeviceResult[]; learned: Learned[] } | undefined {
  const levels = place.split('/')
  const lastLevel = levels.at(-1) ?? ''
  const { ZbState: state, ZbInfo: info } = values
  const lists = Object.entries(values).find(([name]) => /^ZbStatus[123]$/.test(name))?.[1]
  const entries = isObject(state)
    ? [state]
    : isObject(info)
      ? Object.values(info)
      : Array.isArray(lists)
        ? lists
        : undefined
  const reports = entries ? undefined : reportsIn(values, what, lastLevel)
  if (!entries && !reports) return undefined
  // With a topic for each device (SetOption89), the levels before the last one name the bridge.
  const isOwnTopic = Object.entries(reports ?? {}).some(([key, report]) =>
    [key, key.slice(2), report['Name'], shortOf(report['Device'])?.slice(2)].some(
      (name) => typeof name === 'string' && name.toLowerCase() === lastLevel.toLowerCase(),
    ),
  )
  const bridge = isOwnTopic && levels.length > 1 ? levels.slice(0, -1).join('/') : place
  if (entries)
    return {
      results: [],
      learned: entries.filter(isObject).flatMap((entry) => learn(bridge, entry, knowledge)),
    }
  const results: DeviceResult[] = []
  const learned: Learned[] = []
  for (const [key, report] of Object.entries(reports ?? {})) {
    const short = shortOf(report['Device']) ?? shortOf(key) ?? shortOf(`0x${key}`)
    if (short !== undefined) learned.push(...learn(bridge, { ...report, Device: short }, knowledge))
    const result = resultOf(bridge, short, key, report, knowledge)
    if (result) results.push(result)
  }
  return { results, learned }
}
