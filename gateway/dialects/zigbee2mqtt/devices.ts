// The bridge's list of devices: the id, the readings and the commands of each, in as few words as the rest needs.
import { isObject, scalarText, lookup } from '../../../protocols/kit/parse-json.ts'
import type { DeviceDescription, DeviceResult, Knowledge, Learned } from '../port.ts'
import { callOf, isCallSwitch, isMeaningful, readProperty, type Spelling } from '../meaning/properties.ts'

/** Devices of one list that are read; a coordinator supports a few hundred. */
export const devicesMax = 5000

/** The document of a device, under `z2m:{address}`. */
export interface KnownDevice {
  name: string
  model?: string
  vendor?: string
  /** Known properties, by their name in a message. */
  properties: Record<string, { is: string } & Spelling>
  /** How its siren and switch are set: the properties for it. */
  siren?: 'warning' | 'alarm' | 'siren' | 'state'
  switches?: string[]
}

export const deviceKey = (address: string): string => `z2m:${address}`
export const nameKey = (name: string): string => `z2m-name:${name}`

interface Expose {
  type: string | undefined
  name: string | undefined
  property: string | undefined
  unit: string | undefined
  value_on: unknown
  value_off: unknown
  values: unknown
  description: unknown
}

const textIn = (object: Record<string, unknown>, key: string): string | undefined => {
  const value = object[key]
  return typeof value === 'string' && value !== '__proto__' ? value : undefined
}

/** Checked before it is learned: a value of another type would make every later message of the device fail. */
const exposeOf = (expose: Record<string, unknown>): Expose => ({
  type: textIn(expose, 'type'),
  name: textIn(expose, 'name'),
  property: textIn(expose, 'property'),
  unit: textIn(expose, 'unit'),
  value_on: expose['value_on'],
  value_off: expose['value_off'],
  values: expose['values'],
  description: expose['description'],
})

function* leavesOf(exposes: unknown, depth = 0): Generator<Expose> {
  if (!Array.isArray(exposes) || depth > 4) return
  for (const expose of exposes as unknown[]) {
    if (!isObject(expose)) continue
    yield exposeOf(expose)
    if (expose['type'] !== 'composite') yield* leavesOf(expose['features'], depth + 1)
  }
}

const usual: Record<string, readonly unknown[]> = lookup({ contact: [false, true] })

function spellingOf({ name, unit, value_on: on, value_off: off, description }: Expose): Spelling {
  const [usualOn, usualOff] = usual[name ?? ''] ?? [true, false]
  return {
    ...(on !== undefined && on !== usualOn ? { on } : {}),
    ...(off !== undefined && off !== usualOff ? { off } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(on !== undefined && on !== false && /closed \(= ?true\)/i.test(scalarText(description) ?? '')
      ? { isClosedWhenTrue: true }
      : {}),
  }
}

/** What an alarm without a name of its own is for: the description of the device says it. */
const unnamed: readonly (readonly [name: string, description: RegExp, meaning: string])[] = [
  ['alarm_status', /water ?leak/i, 'water_leak'],
  ['alarm_status', /vibration/i, 'vibration'],
  ['alarm_1', /\b(door|window|contact)\b/i, 'portal'],
]

/** A list of words has to contain one that is a call: "status" is also the name of other things. */
const isCall = (name: string, { values }: Expose): boolean =>
  isCallSwitch(name) && (!Array.isArray(values) || values.some((word) => callOf(name, word) === true))

function meaningOf(name: string, definition: Record<string, unknown>): string {
  const description = scalarText(definition['description']) ?? ''
  return unnamed.find(([of, pattern]) => of === name && pattern.test(description))?.[2] ?? name
}

function readDefinition(definition: unknown): Omit<KnownDevice, 'name'> {
  const known: Omit<KnownDevice, 'name'> = { properties: {} }
  if (!isObject(definition)) return known
  if (typeof definition['model'] === 'string') known.model = definition['model']
  if (typeof definition['vendor'] === 'string') known.vendor = definition['vendor']
  for (const expose of leavesOf(definition['exposes'])) {
    const { name, type } = expose
    const property = expose.property ?? name
    if (name === undefined || property === undefined) continue
    const is = meaningOf(name, definition)
    if (isMeaningful(is) || is === 'action' || isCall(is, expose))
      known.properties[property] = { is, ...spellingOf(expose) }
    if (name === 'warning' && type === 'composite') known.siren = 'warning'
    else if ((name === 'alarm' || name === 'siren') && type === 'binary') known.siren ??= name
    if (name === 'state' && type === 'binary') (known.switches ??= []).push(property)
  }
  return known
}

/** Readings that a device can send, by our names. */
export function readingsOfDevice({ properties }: KnownDevice): string[] {
  const names = Object.values(properties).flatMap(({ is, ...spelling }) =>
    is === 'action' || isCallSwitch(is) ? ['button'] : Object.keys(readProperty(is, null, spelling) ?? {}),
  )
  return [...new Set(names)]
}

export function describe(known: KnownDevice): DeviceDescription {
  const commands = [...(known.siren ? ['siren'] : []), ...(known.switches ? ['switch'] : [])]
  return {
    name: known.name,
    ...(known.model === undefined ? {} : { model: known.model }),
    ...(known.vendor === undefined ? {} : { maker: known.vendor }),
    readings: readingsOfDevice(known),
    commands,
  }
}

const mattersTo = (reading: string): boolean =>
  !['batteryPercent', 'batteryLow', 'linkQuality', 'signalDbm', 'temperatureC', 'humidityPercent'].includes(
    reading,
  )

/** A device that lost an ability has a fault: for example, its button no longer reports presses. */
function lost(before: KnownDevice | undefined, now: KnownDevice): string[] {
  if (!before) return []
  const left = new Set(readingsOfDevice(now))
  return readingsOfDevice(before).filter((reading) => mattersTo(reading) && !left.has(reading))
}

/** Reads `bridge/devices`. Results only for devices that lost a reading, or whose interview failed. */
export function readDevices(
  list: readonly unknown[],
  known: Knowledge,
): { results: DeviceResult[]; learned: Learned[] } {
  const results: DeviceResult[] = []
  const learned: Learned[] = []
  for (const entry of list.slice(0, devicesMax)) {
    if (!isObject(entry) || entry['type'] === 'Coordinator') continue
    const { ieee_address: address, friendly_name: name, definition } = entry
    if (typeof address !== 'string' || typeof name !== 'string') continue
    const device: KnownDevice = { name, ...readDefinition(definition) }
    const before = known.get(deviceKey(address)) as KnownDevice | undefined
    const faults = lost(before, device).map((reading) => `field-vanished:${reading}`)
    if (entry['interview_state'] === 'FAILED') faults.push('interview-failed')
    if (faults.length > 0)
      results.push({ device: address, readings: {}, faults, isHeard: false, about: describe(device) })
    if (JSON.stringify(before) !== JSON.stringify(device)) learned.push([deviceKey(address), device])
    if (before && before.name !== name && known.get(nameKey(before.name)) !== undefined)
      learned.push([nameKey(before.name), undefined])
    const named = known.get(nameKey(name)) as { address: string } | undefined
    if (named?.address !== address) learned.push([nameKey(name), { address }])
  }
  return { results, learned }
}
