// Zigbee2MQTT 1.x and 2.x: {base}/NAME with JSON, {base}/NAME/availability, {base}/NAME/action, {base}/bridge/... NAME
// is chosen by people and may contain slashes and spaces; the address is in the bridge's list of devices.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { isMeaningful } from '../meaning/properties.ts'
import { deviceIdOf, textOf, valueOf } from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type Dialect,
  type DialectMessage,
  type AnswerPolicy,
  type DialectSettings,
  type EncodedCommand,
  type Knowledge,
  type Learned,
} from '../port.ts'
import { baseKey, cacheKey, groupKey, onlineWord, readBridge } from './bridge.ts'
import { describe, deviceKey, nameKey, type KnownDevice } from './devices.ts'
import { callSwitchOf, resultOfState } from './state.ts'

const defaultBase = 'zigbee2mqtt'
/** The bridge ends joining by itself after this time at the latest. */
const permitSecondsMax = 254
/** A repeat of the same press comes at once; a second press by hand takes longer. */
const contentWindowMs = 1000

const addressPattern = /^0x[0-9a-fA-F]{16}$/
const bridgeTopic =
  /^(.+)\/bridge\/(?:state|info|devices|groups|event|health|logging|response\/.+|extensions|definitions|converters|config.*|log)$/

function baseOf(topic: string, known: Knowledge, { base }: DialectSettings): string {
  if (base !== undefined) return base
  const learned = known.get(baseKey) as { base: string } | undefined
  if (learned && topic.startsWith(`${learned.base}/`)) return learned.base
  return bridgeTopic.exec(topic)?.[1] ?? topic.split('/', 1)[0] ?? ''
}

const callKey = (address: string): string => `z2m-call:${address}`

interface Named {
  name: string
  address: string
  device: KnownDevice | undefined
}

function find(name: string, known: Knowledge): Named | undefined {
  const named = known.get(nameKey(name)) as { address: string } | undefined
  const address = named?.address ?? (addressPattern.test(name) ? name : undefined)
  if (address === undefined) return undefined
  return { name, address, device: known.get(deviceKey(address)) as KnownDevice | undefined }
}

/**
 * The device by the address in the payload (`include_device_information`), or by name, or the name itself if it is
 * unknown.
 */
function whoIs(name: string, state: unknown, known: Knowledge): Named {
  const described = isObject(state) && isObject(state['device']) ? state['device'] : {}
  const address = described['ieeeAddr'] ?? described['ieee_address']
  if (typeof address === 'string' && addressPattern.test(address))
    return { name, address, device: known.get(deviceKey(address)) as KnownDevice | undefined }
  return find(name, known) ?? { name, address: deviceIdOf(name), device: undefined }
}

function readWhole(rest: string, payload: Uint8Array, known: Knowledge): Decoded {
  if (payload.length === 0) return nothing('an empty message: a retained one was deleted')
  const state = valueOf(payload)
  if (!isObject(state)) return unreadable('not a JSON object', whoIs(rest, undefined, known).address)
  if (known.get(groupKey(rest)) !== undefined) return nothing('a group of devices')
  const { address, device } = whoIs(rest, state, known)
  const isCached = (known.get(cacheKey) as { isCached: boolean } | undefined)?.isCached ?? true
  return readState(address, state, device, known, isCached)
}

/** A switch for calls is "on" in each message until it is reset: the change to "on" is the call. */
function readState(
  address: string,
  state: Record<string, unknown>,
  device: KnownDevice | undefined,
  known: Knowledge,
  isWholeState: boolean,
): Decoded {
  const isOn = callSwitchOf(state)
  const before = known.get(callKey(address)) as { isOn: boolean } | undefined
  const result = resultOfState(address, state, device, {
    isWholeState,
    isCalling: isOn === true && before?.isOn !== true,
  })
  const learned: Learned[] = isOn === undefined || isOn === before?.isOn ? [] : [[callKey(address), { isOn }]]
  if (Object.keys(result.readings).length === 0 && !result.faults)
    return nothing(
      'action' in state || 'click' in state ? 'an empty action: it clears nothing' : 'no readings',
      learned,
    )
  return { results: [device ? { ...result, about: describe(device) } : result], learned }
}

function readAvailability(name: string, payload: Uint8Array, known: Knowledge): Decoded {
  const presence = onlineWord(payload)
  if (payload.length === 0) return nothing('an empty message: a retained one was deleted')
  if (!presence) return unreadable('availability is neither online nor offline')
  if (known.get(groupKey(name)) !== undefined) return nothing('a group of devices')
  return {
    results: [{ device: whoIs(name, undefined, known).address, readings: {}, presence, isHeard: false }],
  }
}

function readPart(name: string, property: string, payload: Uint8Array, known: Knowledge): Decoded {
  const { address, device } = whoIs(name, undefined, known)
  const value = valueOf(payload)
  if (property === 'action' && (textOf(payload).trim() === '' || value === null))
    return nothing('an empty action: it clears nothing')
  const state = { [property]: property === 'action' ? textOf(payload) : value }
  return readState(address, state, device, known, false)
}

function decode({ topic, payload }: DialectMessage, known: Knowledge, settings: DialectSettings): Decoded {
  const base = baseOf(topic, known, settings)
  if (topic.startsWith('homeassistant/')) return nothing('discovery for Home Assistant')
  if (!topic.startsWith(`${base}/`)) return unreadable(`not under ${base}/`)
  const rest = topic.slice(base.length + 1)
  if (rest.startsWith('bridge/')) return readBridge(rest.slice('bridge/'.length), payload, base, known)
  if (find(rest, known)) return readWhole(rest, payload, known)
  const slash = rest.lastIndexOf('/')
  const before = rest.slice(0, Math.max(0, slash))
  const last = rest.slice(slash + 1)
  if (slash > 0) {
    if (last === 'availability') return readAvailability(before, payload, known)
    if (last === 'set' || last === 'get' || /\/(set|get)(\/[^/]+)?$/.test(rest))
      return nothing('a command for a device')
    const isPart = find(before, known) !== undefined || !isObject(valueOf(payload))
    if (isPart && (last === 'action' || isMeaningful(last) || find(before, known)))
      return readPart(before, last, payload, known)
  }
  return readWhole(rest, payload, known)
}

/** True for a stop command: every siren sounds for a time, and 0 ends it. */
const isStop = ({ seconds }: DeviceCommand): boolean => seconds === 0

function payloadFor(command: DeviceCommand, device: KnownDevice | undefined): object | string {
  const seconds = typeof command['seconds'] === 'number' ? Math.min(1800, command['seconds']) : 60
  const stops = isStop(command) || command.do === 'off' || command.do === 'stop'
  if (command.do === 'siren' || (stops && device?.siren)) {
    const siren = device?.siren ?? (device?.switches ? 'state' : 'warning')
    if (siren === 'warning')
      return {
        warning: stops
          ? { mode: 'stop', level: 'low', strobe: false, duration: 0 }
          : { mode: 'emergency', level: 'very_high', strobe: true, duration: seconds },
      }
    if (siren === 'state') return { state: stops ? 'OFF' : 'ON' }
    return stops ? { [siren]: false } : { duration: seconds, [siren]: true }
  }
  if (['switch', 'lamp', 'light', 'on', 'off', 'stop'].includes(command.do)) {
    const state = stops || command['on'] === false ? 'OFF' : 'ON'
    return Object.fromEntries((device?.switches ?? ['state']).map((name) => [name, state]))
  }
  return `the dialect has no command "${command.do}"`
}

function encode(
  device: string,
  command: DeviceCommand,
  known: Knowledge,
  { base }: DialectSettings,
): EncodedCommand {
  const payload = payloadFor(command, known.get(deviceKey(device)) as KnownDevice | undefined)
  if (typeof payload === 'string') return { cannot: payload }
  const learned = known.get(baseKey) as { base: string } | undefined
  const topic = `${base ?? learned?.base ?? defaultBase}/${device}/set`
  return { topic, payload: JSON.stringify(payload), qos: 1, answer: answerTo(payload) }
}

/** The bridge publishes the state that a command has set. Of a warning it publishes nothing but that it failed. */
function answerTo(payload: object): AnswerPolicy {
  const wanted = Object.entries(payload).filter(([, value]) => value === 'ON' || value === 'OFF')
  if (wanted.length === 0) return { by: 'refusal' }
  return { by: 'report', isDone: ({ readings }) => wanted.every(([name, value]) => readings[name] === value) }
}

export const zigbee2mqtt: Dialect = {
  name: 'zigbee2mqtt',
  repeats: { by: 'content', windowMs: contentWindowMs },
  topics: ({ base = defaultBase }) => ({
    publish: [`${base}/#`, 'homeassistant/#'],
    subscribe: [`${base}/#`, 'homeassistant/#'],
  }),
  claims: (topic) => topic.startsWith(`${defaultBase}/`) || bridgeTopic.test(topic),
  decode,
  encode,
  permitJoin: (minutes, { base = defaultBase }, id) => ({
    topic: `${base}/bridge/request/permit_join`,
    payload: JSON.stringify({
      value: minutes > 0,
      time: Math.min(permitSecondsMax, Math.max(0, Math.round(minutes * 60))),
      transaction: id,
    }),
    qos: 1,
    answer: { by: 'answer' },
  }),
}
