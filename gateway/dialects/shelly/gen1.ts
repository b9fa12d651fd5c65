// Shelly's first generation: shellies/ID/..., one value per topic. A sleeping sensor sends "online false" before it
// sleeps.
import { isObject, scalarText, lookup } from '../../../protocols/kit/parse-json.ts'
import {
  celsiusOf,
  deviceIdOf,
  flagOf,
  macOf,
  numberOf,
  objectOf,
  percentOf,
  textOf,
  valueOf,
} from '../meaning/values.ts'
import { nothing, unreadable, type Decoded, type DialectReadings, type Knowledge } from '../port.ts'
import { isSleeper, macInId } from './sleeping.ts'

export const announceKey = (id: string): string => `shelly1:${id}`
export const addressKey = (address: string): string => `shelly1-at:${address}`
const countKey = (id: string, input: string): string => `shelly1-count:${id}/${input}`

const presses: Record<string, 'pressed' | 'double' | 'held'> = lookup({
  S: 'pressed',
  SS: 'double',
  SSS: 'double',
  L: 'held',
  SL: 'held',
  LS: 'held',
})
const gasWords: Record<string, boolean | null> = lookup({ none: false, mild: true, heavy: true, test: false })

function addressOf(id: string, known: Knowledge): string {
  const announced = known.get(announceKey(id)) as { mac?: string } | undefined
  return announced?.mac ?? macInId(id) ?? deviceIdOf(id)
}

/** `sensor/NAME`. */
function readSensor(name: string, value: unknown): DialectReadings | undefined {
  switch (name) {
    case 'state':
      return {
        contact: value === 'open' ? 'open' : value === 'close' || value === 'closed' ? 'closed' : null,
      }
    case 'flood':
      return { leak: flagOf(value) }
    case 'smoke':
      return { smoke: flagOf(value) }
    case 'motion':
      return { motion: flagOf(value) }
    case 'vibration':
      // -1: it does not measure, or not now.
      return { vibration: flagOf(value) }
    case 'gas':
      return { gas: gasWords[scalarText(value) ?? ''] ?? null }
    case 'temperature':
      // 999 if the sensor is broken.
      return { temperatureC: celsiusOf(value) }
    case 'humidity':
      return { humidityPercent: percentOf(value) }
    case 'battery':
      return { batteryPercent: percentOf(value) }
    case 'lux':
      return { illuminanceLux: numberOf(value) }
    case 'tilt':
      return { tiltDegrees: numberOf(value) === -1 ? null : numberOf(value) }
    case 'concentration':
      return { gasPpm: numberOf(value) }
    case 'charger':
      return { charger: flagOf(value) }
    default:
      return undefined
  }
}

function readMotion(status: Record<string, unknown>): DialectReadings {
  return {
    ...('motion' in status ? { motion: flagOf(status['motion']) } : {}),
    ...('vibration' in status ? { vibration: flagOf(status['vibration']) } : {}),
    ...('bat' in status ? { batteryPercent: percentOf(status['bat']) } : {}),
    ...('tmp' in status && isObject(status['tmp'])
      ? { temperatureC: celsiusOf(status['tmp']['value']) }
      : {}),
    ...('lux' in status ? { illuminanceLux: numberOf(status['lux']) } : {}),
  }
}

/** A value of `info`, with a flag whether it was measured: `{"value":20.7,"is_valid":true}`. */
const measured = (part: unknown, name = 'value'): unknown =>
  isObject(part) ? (part['is_valid'] === false ? null : part[name]) : part

/** `info`: the whole status as its page of settings has it. */
function readInfo(info: Record<string, unknown>): DialectReadings {
  const { sensor, bat, tmp, hum, flood, smoke, accel, gas_sensor: gas, motion } = info
  const state = measured(sensor, 'state')
  const celsius = isObject(tmp) && typeof tmp['tC'] === 'number' ? measured(tmp, 'tC') : measured(tmp)
  return {
    ...(state === undefined ? {} : readSensor('state', state)),
    ...(flood === undefined ? {} : { leak: flagOf(flood) }),
    ...(smoke === undefined ? {} : { smoke: flagOf(smoke) }),
    ...(motion === undefined ? {} : { motion: flagOf(measured(motion)) }),
    ...(isObject(gas) ? readSensor('gas', gas['alarm_state']) : {}),
    ...(isObject(accel) ? readSensor('vibration', accel['vibration']) : {}),
    ...(tmp === undefined ? {} : { temperatureC: celsiusOf(celsius) }),
    ...(hum === undefined ? {} : { humidityPercent: percentOf(measured(hum)) }),
    ...(bat === undefined ? {} : { batteryPercent: percentOf(measured(bat)) }),
  }
}

/** `{"event":"S","event_cnt":3}`: sent again after each wake-up, with the old count. */
function readInputEvent(
  id: string,
  device: string,
  input: string,
  payload: Uint8Array,
  known: Knowledge,
): Decoded {
  const event = objectOf(payload)
  if (!event) return unreadable('not JSON', device)
  const { event: word, event_cnt: count } = event
  const key = countKey(id, input)
  const before = known.get(key) as { count: number } | undefined
  const learned = typeof count === 'number' && count !== before?.count ? ([[key, { count }]] as const) : []
  if (typeof word !== 'string' || word === '') return nothing('no press', learned)
  if (typeof count === 'number' && before?.count === count) return nothing('the press that was told before')
  const button = presses[word] ?? 'pressed'
  return { results: [{ device, readings: { button, input: Number(input) }, momentary: { button } }], learned }
}

function readAnnounce(payload: Uint8Array): Decoded {
  const info = objectOf(payload)
  const mac = macOf(info?.['mac'])
  const { id, model } = info ?? {}
  if (!mac || typeof id !== 'string') return unreadable('an announcement without id and mac')
  const about = { maker: 'Shelly', name: id, ...(typeof model === 'string' ? { model } : {}) }
  return {
    results: [{ device: mac, readings: {}, about, isHeard: false }],
    learned: [
      [announceKey(id), { mac }],
      [addressKey(mac), { id }],
    ],
  }
}

export function decodeGen1(topic: string, payload: Uint8Array, known: Knowledge): Decoded {
  const [, id = '', ...rest] = topic.split('/')
  if (id === 'announce' || rest.join('/') === 'announce') return readAnnounce(payload)
  if (id === 'command' || rest.at(-1) === 'command') return nothing('a command')
  const device = addressOf(id, known)
  const [what = '', name = ''] = rest
  const value = valueOf(payload)
  const learned = known.get(addressKey(device)) === undefined ? ([[addressKey(device), { id }]] as const) : []
  if (what === 'online') {
    const isOnline = flagOf(value)
    if (isOnline === null) return unreadable('online is neither true nor false')
    const presence = isOnline ? 'online' : isSleeper(id) ? 'asleep' : 'offline'
    return { results: [{ device, readings: {}, presence, isHeard: false }], learned }
  }
  if (what === 'input_event') return readInputEvent(id, device, name, payload, known)
  if (what === 'status' && isObject(value)) {
    const readings = readMotion(value)
    if (Object.keys(readings).length > 0) return { results: [{ device, readings }], learned }
  }
  if (what === 'info' && isObject(value)) {
    const readings = readInfo(value)
    if (Object.keys(readings).length > 0) return { results: [{ device, readings }], learned }
  }
  // A contact that is wired to it.
  if (what === 'input' && rest.length === 2)
    return { results: [{ device, readings: { [`input${name}`]: flagOf(value) } }], learned }
  if (what === 'ext_temperature' && rest.length === 2)
    return { results: [{ device, readings: { externalTemperatureC: celsiusOf(value) } }], learned }
  if (what === 'sensor') {
    if (name === 'error' || (name === 'operation' && value === 'fault')) {
      const isFault = name === 'operation' || (value !== 0 && value !== 'none' && value !== '')
      return {
        results: [{ device, readings: {}, faults: isFault ? [`${name}:${textOf(payload)}`] : [] }],
        learned,
      }
    }
    const readings = readSensor(name, value)
    if (readings) return { results: [{ device, readings }], learned }
  }
  if (what === 'relay' && rest.length === 2)
    return { results: [{ device, readings: { [`relay${name}`]: textOf(payload) } }], learned }
  return nothing('no readings', learned)
}
