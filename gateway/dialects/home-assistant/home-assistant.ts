// All devices that announce themselves by Home Assistant's discovery, ESPHome first of all: the announcement defines
// the meaning of a topic. ESPHome's own topics (NODE/binary_sensor/OBJECT/state) are also read without one.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { isObject, scalarText } from '../../../protocols/kit/parse-json.ts'
import { deviceIdOf, flagOf, textOf, valueOf } from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type DeviceResult,
  type Dialect,
  type DialectMessage,
  type EncodedCommand,
  type Knowledge,
} from '../port.ts'
import { availabilityKey, commandsKey, readDiscovery, topicKey, type Availability } from './discovery.ts'
import { readEntity, type Entity, type EntityRead } from './entities.ts'
import { applyTemplate, parseTemplate } from './templates.ts'

const contentWindowMs = 1000
const configTopic = /^[^/]+\/(?:[a-z_]+)\/(?:[^/]+\/)?[^/]+\/config$/
const esphomeTopic = /^(.+)\/(binary_sensor|sensor|text_sensor|event|switch|light)\/([^/]+)\/state$/

function valueFor(
  entity: Entity,
  text: string,
  json: unknown,
): { value: unknown } | { problem: string } | undefined {
  if (entity.trigger) {
    const { payload } = entity.trigger
    return payload === undefined || payload === text ? { value: text } : undefined
  }
  if (entity.template === undefined) return { value: entity.component === 'event' ? json : text }
  const template = parseTemplate(entity.template)
  if (!template)
    return { problem: `the template of ${entity.name} is not understood: ${entity.template.slice(0, 100)}` }
  const value = applyTemplate(template, text, json)
  return value === undefined ? undefined : { value }
}

function merge(into: DeviceResult | undefined, device: string, read: EntityRead): DeviceResult {
  const momentary = { ...into?.momentary, ...read.momentary }
  const faults = read.faults || into?.faults ? [...(into?.faults ?? []), ...(read.faults ?? [])] : undefined
  return {
    device,
    readings: { ...into?.readings, ...read.readings },
    ...(Object.keys(momentary).length > 0 ? { momentary } : {}),
    ...(faults ? { faults } : {}),
  }
}

function readState(entities: readonly Entity[], payload: Uint8Array): Decoded {
  const text = textOf(payload)
  const json = valueOf(payload)
  const results = new Map<string, DeviceResult>()
  let problem: string | undefined
  for (const entity of entities) {
    const found = valueFor(entity, text, json)
    if (!found) continue
    if ('problem' in found) {
      problem = found.problem
      continue
    }
    const read = readEntity(entity, found.value)
    if (Object.keys(read.readings).length > 0 || read.faults)
      results.set(entity.device, merge(results.get(entity.device), entity.device, read))
  }
  if (results.size > 0) return { results: [...results.values()] }
  return problem === undefined ? nothing('nothing in it that was announced') : unreadable(problem)
}

function readAvailability(availability: Availability, payload: Uint8Array): Decoded {
  const { devices, online, offline, template } = availability
  const text = textOf(payload).trim()
  const json = valueOf(payload)
  const parsed = template === undefined ? undefined : parseTemplate(template)
  const found = parsed ? applyTemplate(parsed, text, json) : isObject(json) ? json['state'] : text
  const word = scalarText(found)
  const presence = word === online ? 'online' : word === offline ? 'offline' : undefined
  if (!presence) return unreadable('neither of the words for available and not available')
  return { results: devices.map((device) => ({ device, readings: {}, presence, isHeard: false })) }
}

/** Levels of a topic that an announcement may leave open. */
const openLevelsMax = 4

/** The topic, and the filters that begin with `+` and fit it: gateways announce `+/+/BTtoMQTT/ADDRESS`. */
function filtersOf(topic: string): string[] {
  const levels = topic.split('/')
  const open = Math.min(openLevelsMax, levels.length - 1)
  return Array.from({ length: open + 1 }, (_, count) =>
    levels.map((level, at) => (at < count ? '+' : level)).join('/'),
  )
}

const entitiesAt = (topic: string, known: Knowledge): Entity[] =>
  filtersOf(topic)
    .flatMap((filter) => (known.get(topicKey(filter)) as { items: string[] } | undefined)?.items ?? [])
    .flatMap((key) => (known.get(key) as Entity | undefined) ?? [])

function decode({ topic, payload }: DialectMessage, known: Knowledge): Decoded {
  if (configTopic.test(topic)) return readDiscovery(topic, payload, known)
  const entities = entitiesAt(topic, known)
  const availability = known.get(availabilityKey(topic)) as Availability | undefined
  if (entities.length > 0) return readState(entities, payload)
  if (availability) return readAvailability(availability, payload)
  const [, node = '', component = '', object = ''] = esphomeTopic.exec(topic) ?? []
  // What has been announced under Home Assistant's own topics is no board of that name.
  if (node !== '' && node !== 'homeassistant')
    return readState([{ device: deviceIdOf(node), component, name: object }], payload)
  const status = /^(.+)\/status$/.exec(topic)
  if (status) {
    const word = textOf(payload).trim()
    if (word !== 'online' && word !== 'offline') return nothing('a status that is not about a connection')
    // "homeassistant/status" is about Home Assistant itself.
    if (status[1] === 'homeassistant') return nothing('about Home Assistant')
    return {
      results: [{ device: deviceIdOf(status[1] ?? ''), readings: {}, presence: word, isHeard: false }],
    }
  }
  return nothing('a topic without an announcement')
}

function encode(device: string, command: DeviceCommand, known: Knowledge): EncodedCommand {
  const keys = (known.get(commandsKey(device)) as { items: string[] } | undefined)?.items ?? []
  const entities = keys.flatMap((key) => (known.get(key) as Entity | undefined) ?? [])
  const wanted = command.do === 'siren' ? ['siren', 'switch', 'light'] : ['switch', 'light', 'siren']
  const entity = wanted.map((component) => entities.find((one) => one.component === component)).find(Boolean)
  if (!entity?.command) return { cannot: 'the device has announced nothing that can be switched' }
  if (!['siren', 'switch', 'lamp', 'light', 'on', 'off', 'stop'].includes(command.do))
    return { cannot: `the dialect has no command "${command.do}"` }
  const stops = command['seconds'] === 0 || ['off', 'stop'].includes(command.do) || command['on'] === false
  const payload = stops ? entity.command.off : entity.command.on
  if (entity.topic === undefined) return { topic: entity.command.topic, payload, qos: 1 }
  // It reports its state: with the payload, or as on and off.
  const isDone = ({ readings }: DeviceResult): boolean => {
    const state = readings[entity.name]
    return scalarText(state) === payload || flagOf(state) === !stops
  }
  return { topic: entity.command.topic, payload, qos: 1, answer: { by: 'report', isDone } }
}

export const homeAssistant: Dialect = {
  name: 'home-assistant',
  repeats: { by: 'content', windowMs: contentWindowMs },
  topics: ({ base }) => ({
    publish: [
      'homeassistant/#',
      ...(base === undefined ? ['+/+/+/state', '+/status', '+/debug', '+/+/BTtoMQTT/+'] : [`${base}/#`]),
    ],
    subscribe: ['homeassistant/#', ...(base === undefined ? ['+/+/+/command'] : [`${base}/#`])],
  }),
  claims: (topic) =>
    configTopic.test(topic) || topic.startsWith('homeassistant/') || esphomeTopic.test(topic),
  knows: (topic, known) =>
    entitiesAt(topic, known).length > 0 || known.get(availabilityKey(topic)) !== undefined,
  decode,
  encode,
}
