// Shelly's second generation and later: JSON-RPC notifications on PREFIX/events/rpc, and one component per topic on
// PREFIX/status/COMPONENT. `null` is "not known", and `errors` are faults of the device: neither means dry.
import type { Readings } from '../../../protocols/domain/reading.ts'
import { isObject, scalarText, lookup } from '../../../protocols/kit/parse-json.ts'
import {
  celsiusOf,
  deviceIdOf,
  flagOf,
  numberOf,
  objectOf,
  percentOf,
  signalOf,
  timeOf,
  valueOf,
} from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type DeviceResult,
  type DialectReadings,
  type Knowledge,
  type Learned,
} from '../port.ts'
import { readBluetooth } from './bluetooth.ts'
import { isSleeper, macInId } from './sleeping.ts'

/** The document of a device, by the prefix of its topics. */
interface Known {
  id: string
  isSleeping?: boolean
}
export const prefixKey = (prefix: string): string => `shelly2:${prefix}`
export const prefixAtKey = (address: string): string => `shelly2-at:${address}`

const presses: Record<string, 'pressed' | 'double' | 'held'> = lookup({
  single_push: 'pressed',
  double_push: 'double',
  triple_push: 'double',
  long_push: 'held',
  long_double_push: 'held',
  long_triple_push: 'held',
})

interface Collected {
  readings: DialectReadings
  momentary: Readings
  faults: string[] | undefined
}

const alarmReading: Record<string, 'smoke' | 'leak' | 'gas' | 'carbonMonoxide'> = lookup({
  smoke: 'smoke',
  flood: 'leak',
  gas: 'gas',
  co: 'carbonMonoxide',
})

function readErrors(component: string, status: Record<string, unknown>, into: Collected): void {
  const { errors } = status
  if (!Array.isArray(errors)) {
    // A complete status without errors has none.
    if (component in alarmReading && 'alarm' in status) into.faults ??= []
    return
  }
  into.faults = [...(into.faults ?? []), ...errors.filter((word): word is string => typeof word === 'string')]
}

type ReadComponent = (status: Record<string, unknown>, number: string) => DialectReadings

const components: Record<string, ReadComponent> = lookup({
  bthomedevice: ({ battery }): DialectReadings =>
    battery === undefined ? {} : { batteryPercent: percentOf(battery) },
  temperature: ({ tC }) => ({ temperatureC: celsiusOf(tC) }),
  humidity: ({ rh }) => ({ humidityPercent: percentOf(rh) }),
  illuminance: ({ lux }) => ({ illuminanceLux: numberOf(lux) }),
  devicepower: ({ battery, external }) => ({
    ...(isObject(battery) ? { batteryPercent: percentOf(battery['percent']) } : {}),
    ...(isObject(external) && typeof external['present'] === 'boolean'
      ? { externalPower: external['present'] }
      : {}),
  }),
  wifi: ({ rssi }): DialectReadings => (rssi === undefined ? {} : { signalDbm: signalOf(rssi) }),
  input: ({ state }, number): DialectReadings => (state === undefined ? {} : { [`input${number}`]: state }),
  switch: ({ output }, number): DialectReadings =>
    output === undefined ? {} : { [`switch${number}`]: output },
  presence: ({ value, state }) => ({ motion: flagOf(value ?? state) }),
  presencezone: ({ value, state }) => ({ motion: flagOf(value ?? state) }),
  motion: ({ motion, value }) => ({ motion: flagOf(motion ?? value) }),
  contact: ({ open, state }) => ({
    contact:
      typeof open === 'boolean'
        ? open
          ? 'open'
          : 'closed'
        : state === 'open'
          ? 'open'
          : state === 'closed'
            ? 'closed'
            : null,
  }),
})

function readComponent(name: string, status: Record<string, unknown>, into: Collected): void {
  const [component = '', number = ''] = name.split(':')
  readErrors(component, status, into)
  const alarm = Object.hasOwn(alarmReading, component) ? alarmReading[component] : undefined
  if (alarm && 'alarm' in status) into.readings[alarm] = flagOf(status['alarm'])
  const read = Object.hasOwn(components, component) ? components[component] : undefined
  if (read) Object.assign(into.readings, read(status, number))
}

/** One entry of NotifyEvent. A button sends down, up and the press; only the press counts. */
function readEvent(event: Record<string, unknown>, into: Collected): void {
  const { component, event: word } = event
  if (typeof component !== 'string' || typeof word !== 'string') return
  const button = Object.hasOwn(presses, word) ? presses[word] : undefined
  if (button !== undefined) {
    into.readings.button = into.momentary.button = button
    into.readings['component'] = component
    return
  }
  const alarm = alarmReading[component.split(':')[0] ?? '']
  if (alarm && (word === 'alarm' || word === 'alarm_on')) into.readings[alarm] = true
  else if (alarm && word === 'alarm_off') into.readings[alarm] = false
  else if (alarm && /unplugged|error|fault/.test(word)) into.faults = [...(into.faults ?? []), word]
}

function resultOf(
  device: string,
  { readings, momentary, faults }: Collected,
  ts: unknown,
): DeviceResult | undefined {
  if (Object.keys(readings).length === 0 && faults === undefined) return undefined
  const deviceAtMs = timeOf(ts)
  return {
    device,
    readings,
    ...(Object.keys(momentary).length > 0 ? { momentary } : {}),
    ...(faults ? { faults } : {}),
    ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
  }
}

/** A Bluetooth sensor behind a Shelly is a separate device, identified by its place until its address is known. */
const behind = (device: string, component: string): string =>
  component.startsWith('bthomedevice:') ? `${device}.${component.replace(':', '-')}` : device

function readNotification(device: string, method: unknown, params: Record<string, unknown>): DeviceResult[] {
  const byDevice = new Map<string, Collected>()
  const heard: DeviceResult[] = []
  const at = (component: string): Collected => {
    const key = behind(device, component)
    let found = byDevice.get(key)
    if (!found) byDevice.set(key, (found = { readings: {}, momentary: {}, faults: undefined }))
    return found
  }
  if (method === 'NotifyEvent')
    for (const event of Array.isArray(params['events']) ? (params['events'] as unknown[]) : [])
      if (isObject(event)) {
        const sensor = readBluetooth(event['data'], device)
        if (sensor) heard.push(sensor)
        else readEvent(event, at(scalarText(event['component']) ?? ''))
      }
  if (method === 'NotifyStatus' || method === 'NotifyFullStatus')
    for (const [name, status] of Object.entries(params))
      if (isObject(status)) readComponent(name, status, at(name))
  const own = [...byDevice].flatMap(([key, collected]) => resultOf(key, collected, params['ts']) ?? [])
  return [...own, ...heard]
}

export function decodeGen2(topic: string, payload: Uint8Array, known: Knowledge): Decoded {
  const place = /^(.+?)\/(events\/rpc|online|status\/(.+)|rpc|command|status)$/.exec(topic)
  if (!place) return nothing('no readings')
  const [, prefix = '', what = '', component] = place
  const before = known.get(prefixKey(prefix)) as Known | undefined
  const idOf = (id: string): string => macInId(id) ?? deviceIdOf(id)
  const id = before?.id ?? prefix.split('/').at(-1) ?? prefix
  if (what === 'online') {
    const isOnline = flagOf(valueOf(payload))
    if (isOnline === null) return unreadable('online is neither true nor false')
    const isSleeping = before?.isSleeping === true || isSleeper(id)
    const presence = isOnline ? 'online' : isSleeping ? 'asleep' : 'offline'
    return { results: [{ device: idOf(id), readings: {}, presence, isHeard: false }] }
  }
  if (what === 'rpc' || what === 'command') return nothing('a command')
  const json = objectOf(payload)
  if (!json) return payload.length === 0 ? nothing('an empty message') : unreadable('not a JSON object')
  if (component !== undefined || what === 'status') {
    const params = component === undefined ? json : { [component]: json }
    const results = readNotification(idOf(id), 'NotifyStatus', params)
    return results.length > 0 ? { results } : nothing('no readings')
  }
  const { src, method, params } = json
  if (typeof src !== 'string' || !isObject(params)) return unreadable('no notification')
  const power = params['devicepower:0']
  const isOnBattery = isObject(power) && isObject(power['external']) && power['external']['present'] === false
  const isSleeping = before?.isSleeping === true || isOnBattery || isSleeper(src)
  const knownNow: Known = { id: src, ...(isSleeping ? { isSleeping } : {}) }
  const learned: Learned[] =
    JSON.stringify(before) === JSON.stringify(knownNow)
      ? []
      : [
          [prefixKey(prefix), knownNow],
          [prefixAtKey(idOf(src)), { prefix }],
        ]
  const results = readNotification(idOf(src), method, params)
  return results.length > 0 ? { results, learned } : nothing('no readings', learned)
}
