// Turns the answer of a vendor's codec into readings. Each maker has its own names: they are brought to one spelling,
// and an unknown name is left out, never guessed. A value that merely looks like a call for help counts as one.
import type { Readings } from '../../../../protocols/domain/reading.ts'
import { isObject, scalarText, lookup } from '../../../../protocols/kit/parse-json.ts'
import { pressOf } from '../../meaning/press.ts'
import { readProperty } from '../../meaning/properties.ts'
import { contactOf, flagOf, millimetresOf, numberOf, percentOf, temperatureOf } from '../../meaning/values.ts'
import type { DialectReadings } from '../../port.ts'
import { rounded, type MakerAnswer } from '../makers/answer.ts'

/** Names read in one answer. */
const namesMax = 200

/** `DOOR_OPEN_STATUS`, `doorOpenStatus` and `door-open-status` are one name. */
const plainName = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')

interface Value {
  value: unknown
  unit: string
}

/** Decentlab and others put value and unit into an object. */
function valueOf(value: unknown): Value {
  if (isObject(value) && 'value' in value)
    return { value: value['value'], unit: typeof value['unit'] === 'string' ? value['unit'] : '' }
  // Cayenne LPP by ChirpStack: `{"temperatureSensor": {"1": 25}}`, by channel.
  if (
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((key) => /^\d+$/.test(key))
  )
    return { value: Object.values(value)[0], unit: '' }
  return { value, unit: '' }
}

const wordsOfYes =
  /^(leak|leaking|wet|alarm|alert|trigger(ed)?|tilt|motion|occupied|uninstalled|removed|pressed|pushed|detected|fire|smoke)( alarm)?$/
const wordsOfNo =
  /^(no ?leak(age)?|dry|normal|idle|vacant|unoccupied|no ?motion|no ?smoke|installed|released|not ?pressed|not ?pushed|not ?detected|clear|no ?alarm|ok|inactive)$/

function yesOrNo(value: unknown): boolean | null {
  const flag = flagOf(value)
  if (flag !== null || typeof value !== 'string') return flag
  const word = value.trim().toLowerCase()
  return wordsOfYes.test(word) ? true : wordsOfNo.test(word) ? false : null
}

type Read = (value: Value) => DialectReadings

const flag =
  (reading: string): Read =>
  ({ value }) => ({ [reading]: yesOrNo(value) })
/** How often since the last frame: any of it is a yes. */
const counted =
  (reading: string): Read =>
  ({ value }) => ({ [reading]: typeof value === 'number' && value > 0 ? true : yesOrNo(value) })
/** 1 and true mean open, as the name suggests. */
const open: Read = ({ value }) => ({ contact: contactOf(value, true) })
/** A percentage between 0 and 100; small and fractional numbers, and a unit of V, are volts. */
const battery: Read = ({ value, unit }) => {
  const number = numberOf(value)
  if (number === null) return { batteryPercent: null }
  if (/mv/i.test(unit) || number > 255) return { batteryVolts: rounded(number / 1000) }
  if (/^v/i.test(unit) || (!Number.isInteger(number) && number < 6)) return { batteryVolts: number }
  return { batteryPercent: percentOf(number) }
}
const volts: Read = ({ value, unit }) => {
  const text = typeof value === 'string' ? Number.parseFloat(value) : value
  const number = numberOf(text)
  const millivolts = /mv/i.test(unit) || (number !== null && number > 100)
  return number === null ? {} : { batteryVolts: rounded(millivolts ? number / 1000 : number) }
}
/** A heat detector detects a fire. */
const heat: Read = ({ value }) => ({ heatAlarm: yesOrNo(value), fire: yesOrNo(value) })
const celsius: Read = ({ value, unit }) => readProperty('temperature', value, { unit }) ?? {}
const distance: Read = ({ value, unit }) => {
  const millimetres = millimetresOf(value, unit === '' ? 'mm' : unit)
  return millimetres === undefined ? {} : { distanceMm: millimetres }
}
const level =
  (usualUnit: string): Read =>
  ({ value, unit }) => {
    const millimetres = millimetresOf(value, unit === '' ? usualUnit : unit)
    return millimetres === undefined ? {} : { waterLevelMm: millimetres }
  }

const reads: Readonly<Record<string, Read>> = lookup({
  ...Object.fromEntries(
    ['battery', 'battery_level', 'battery_level_in_percentage', 'battery_percent', 'batt'].map((name) => [
      name,
      battery,
    ]),
  ),
  ...Object.fromEntries(
    ['bat', 'bat_v', 'battery_voltage', 'battery_volt', 'battery_v', 'batt_v', 'volt', 'vdd'].map((name) => [
      name,
      volts,
    ]),
  ),
  ...Object.fromEntries(
    [
      'magnet_status',
      'door',
      'door_status',
      'door_state',
      'door_open_status',
      'door_open',
      'open',
      'on_off',
      'contact_status',
      'window',
      'reed_status',
    ].map((name) => [name, open]),
  ),
  ...Object.fromEntries(
    [
      'water_leak',
      'waterleak',
      'water_leak_status',
      'leakage_status',
      'leak',
      'leak_status',
      'water_detected',
      'leakage',
      'waterleak',
      'water_leakage',
      'water_leak_detected',
      'flood',
    ].map((name) => [name, counted('leak')]),
  ),
  ...Object.fromEntries(
    [
      'smoke',
      'smoke_alarm',
      'smoke_status',
      'smoke_detected',
      'fire_alarm',
      'firealarm',
      'fire',
      // Another detector of the same house, which may have no radio of its own.
      'interconnect_alarm',
    ].map((name) => [name, flag('smoke')]),
  ),
  ...Object.fromEntries(['gas', 'gas_status', 'gas_alarm'].map((name) => [name, flag('gas')])),
  ...Object.fromEntries(
    ['co_alarm', 'coalarm', 'carbon_monoxide', 'carbon_monoxide_alarm', 'co_status'].map((name) => [
      name,
      flag('carbonMonoxide'),
    ]),
  ),
  ...Object.fromEntries(
    ['tamper', 'tamper_status', 'tamper_detect', 'tamper_alarm', 'disassembled_alarm'].map((name) => [
      name,
      flag('tamper'),
    ]),
  ),
  ...Object.fromEntries(
    [
      'motion',
      'motion_status',
      'mot_motionst',
      'occupancy',
      'occupancy_status',
      'occupy',
      'presence',
      'presence_sensor',
      'pir',
      'pir_status',
      'pir_trigger',
      'occupied',
    ].map((name) => [name, counted('motion')]),
  ),
  ...Object.fromEntries(
    [
      'temperature',
      'temp',
      'temp_c_ds18_b20',
      'temp_c_ds18b20',
      'temp_c',
      'temp_c_sht',
      'air_temperature',
      'temp_c_sht41',
      'temperature_sensor',
      'temperature_board',
    ].map((name) => [name, celsius]),
  ),
  ...Object.fromEntries(
    [
      'humidity',
      'humi',
      'hum',
      'hum_sht',
      'hum_sht41',
      'humidity_sensor',
      'air_humidity',
      'relative_humidity',
      'rh',
    ].map((name): [string, Read] => [name, ({ value }) => ({ humidityPercent: percentOf(value) })]),
  ),
  distance,
  distance_mm: distance,
  distance_median: distance,
  distance_average: distance,
  high_temp_alarm: heat,
  heat_alarm: heat,
  vibration: counted('vibration'),
  acc_motion: counted('vibration'),
  co2: ({ value }) => ({ co2Ppm: numberOf(value) }),
  co2_ppm: ({ value }) => ({ co2Ppm: numberOf(value) }),
  depth: level('cm'),
  pressure_bar: ({ value }) => ({ pressureBar: numberOf(value) }),
  digital: ({ value }) => ({ digital: numberOf(value) }),
  daylight: ({ value }) => ({
    daylight: value === 'light' ? true : value === 'dim' ? false : yesOrNo(value),
  }),
  power_event: ({ value }) =>
    typeof value === 'string' && /\bo(n|ff)$/i.test(value)
      ? { mains: /on$/i.test(value) ? 'on' : 'off' }
      : {},
  water_level: level(''),
  water_level_mm: level('mm'),
  water_deep_cm: level('cm'),
  water_depth_cm: level('cm'),
  water_depth: level('mm'),
  // Litres where it is a number.
  water: ({ value }) => (typeof value === 'number' && value > 1 ? {} : { leak: yesOrNo(value) }),
  threshold_x: flag('tilt'),
  threshold_y: flag('tilt'),
  threshold_z: flag('tilt'),
  position: ({ value }) => ({ tilt: yesOrNo(value) }),
  tilt: ({ value }) => ({ tilt: yesOrNo(value) }),
  low_battery_alarm: flag('batteryLow'),
  low_battery: flag('batteryLow'),
  battery_low: flag('batteryLow'),
  external_temperature: ({ value }) => ({ externalTemperatureC: temperatureOf(value) }),
})

const pressNames = new Set([
  'press',
  'button',
  'button_event',
  'button_press',
  'button_pressed',
  'press_event',
  'emergency',
  'sos',
  'panic',
  'alarm',
  'alarm_status',
  'pressed',
])
/** The state is given by more than one name: then "alarm" belongs to the state, and is no press. */
const isState = (readings: DialectReadings): boolean =>
  [
    'contact',
    'leak',
    'smoke',
    'gas',
    'carbonMonoxide',
    'motion',
    'distanceMm',
    'waterLevelMm',
    'co2Ppm',
  ].some((name) => name in readings)

/** What a device reports as its "alarm" may be its supply or its limits: only words of a call or a press count. */
const callWord =
  /(^|[ _-])(sos|panic|emergency|help|alarm(ed|ing)?|press(ed)?|push(ed)?|click(ed)?|button|single|double|short|long|held|hold|trigger(ed)?|true|on|yes)([ _-]|$)/i

function pressIn(name: string, value: unknown): Readings['button'] {
  const word = isObject(value) ? (value['status'] ?? value['type'] ?? value['value']) : value
  if (name.startsWith('alarm') && typeof word === 'string' && !(callWord.test(word) && !/power/i.test(word)))
    return undefined
  if (word === true || word === 1) return 'pressed'
  if (typeof word !== 'string') return undefined
  if (/^(no|not|none|normal|release|idle|0|false|off)/i.test(word.trim())) return undefined
  return pressOf(word.trim().replaceAll(/\s+/g, '_'))
}

/** Faults that a codec reports: `distance_error: "sensor error"`, `faultAlarm: "Alarm"`. */
function faultIn(name: string, value: unknown): string | undefined {
  if (/(^|_)(fault|fault_alarm|sensor_fault|sensor_error)$/.test(name))
    return yesOrNo(value) === true ? name : undefined
  if (/_(error|exception)$/.test(name) && typeof value === 'string')
    return wordsOfNo.test(value.toLowerCase()) ? undefined : `${name}: ${value.slice(0, 60)}`
  return undefined
}

/** Codecs answer `{data}`, with errors and warnings beside it, or the data itself. */
export function meaningOf(answer: unknown): MakerAnswer {
  if (!isObject(answer)) return { readings: {}, problem: 'the codec answers no object' }
  const { errors } = answer
  if (Array.isArray(errors) && errors.length > 0)
    return { readings: {}, problem: `the codec says: ${String(errors[0]).slice(0, 200)}` }
  return meaningOfObject(isObject(answer['data']) ? answer['data'] : answer)
}

/** `WaterLeak_2` and `DOOR1_OPEN_STATUS` are the second and first of several of a kind; `temperature_3` is channel 3. */
const nameWithoutNumber = (plain: string): string =>
  plain
    .replace(/^(water_?leak|door|contact|leak|leakage|smoke)_?[1-4](?=_|$)/, '$1')
    .replace(/^(temperature|relative_humidity|presence)_\d+$/, '$1')

/** Of two values of the same reading the alarm counts, else the first. */
function takeReadings(into: DialectReadings, name: string, value: Value): void {
  const read = Object.hasOwn(reads, name) ? reads[name] : undefined
  for (const [reading, found] of Object.entries(read?.(value) ?? {}))
    if (found === true || found === 'open') into[reading] = found
    else into[reading] ??= found
}

/** A detector whose test button was pressed: no call for help. */
const testsButton = (object: Record<string, unknown>): boolean =>
  Object.entries(object).some(
    ([name, value]) => plainName(name) === 'test_button_pressed' && yesOrNo(value) === true,
  )

export function meaningOfObject(object: Record<string, unknown>): MakerAnswer {
  const readings: DialectReadings = {}
  const faults: string[] = []
  const presses: [name: string, value: unknown][] = []
  for (const [name, raw] of Object.entries(object).slice(0, namesMax)) {
    const plain = plainName(name)
    const value = valueOf(raw)
    // A pulse counter's litres.
    if (plain === 'water' && 'water_conv' in object) continue
    if (pressNames.has(plain)) presses.push([plain, raw])
    else takeReadings(readings, nameWithoutNumber(plain), value)
    const fault = faultIn(plain, value.value)
    if (fault !== undefined) faults.push(fault)
  }
  if (typeof object['event'] === 'string' && /smoke/i.test(scalarText(object['type']) ?? ''))
    // Silenced by hand is still smoke.
    readings.smoke ??= /^(alarm|silent)$/i.test(object['event'])
  if (testsButton(object)) readings['testButton'] = true
  const button = isState(readings)
    ? undefined
    : presses.map(([name, raw]) => pressIn(name, raw)).find((press) => press !== undefined)
  if (button !== undefined) readings.button = button
  const momentary =
    button === undefined ? (readings['testButton'] === true ? { testButton: true } : undefined) : { button }
  if (Object.keys(readings).length === 0 && faults.length === 0)
    return { readings: {}, ignored: 'nothing in it that is one of our readings' }
  return {
    readings,
    ...(momentary ? { momentary } : {}),
    ...(faults.length > 0 ? { faults } : {}),
  }
}
