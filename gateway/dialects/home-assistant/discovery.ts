// Announcements: homeassistant/COMPONENT/[NODE/]OBJECT/config for one entity, homeassistant/device/ID/config for a
// whole device.
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { deviceIdOf, macOf, objectOf } from '../meaning/values.ts'
import { nothing, unreadable, type Decoded, type Knowledge, type Learned } from '../port.ts'
import { expand } from './abbreviations.ts'
import type { Entity } from './entities.ts'
import { parseTemplate } from './templates.ts'

/** Entities of one device that are read. */
const componentsMax = 200

export const entityKey = (configTopic: string): string => `ha:${configTopic}`
/** The entities whose state a topic carries, as a list of their keys. */
export const topicKey = (topic: string): string => `ha-topic:${topic}`
export const availabilityKey = (topic: string): string => `ha-availability:${topic}`
/** Entities that take commands, by the device's address. */
export const commandsKey = (device: string): string => `ha-commands:${device}`

export interface Availability {
  devices: string[]
  online: string
  offline: string
  template?: string
}

const textOr = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback)

/** The hardware's address: its MAC, or the first identifier, in which many bridges hide an address. */
function addressOf(device: unknown, fallback: string): string {
  if (!isObject(device)) return deviceIdOf(fallback)
  for (const connection of Array.isArray(device['connections']) ? (device['connections'] as unknown[]) : []) {
    const mac = Array.isArray(connection) && connection[0] === 'mac' ? macOf(connection[1]) : undefined
    if (mac) return mac
  }
  const { identifiers } = device
  const first: unknown = Array.isArray(identifiers) ? identifiers[0] : identifiers
  if (typeof first !== 'string') return deviceIdOf(textOr(device['name'], fallback))
  return macOf(first) ?? /0x[0-9a-f]{16}/i.exec(first)?.[0] ?? deviceIdOf(first)
}

const jsonStates = { on: '{"state":"ON"}', off: '{"state":"OFF"}' }

function entityOf(
  component: string,
  object: string,
  config: Record<string, unknown>,
  device: string,
): Entity {
  const { state_topic: state, topic, value_template: template, device_class: deviceClass } = config
  const { unit_of_measurement: unit, payload_on: on, payload_off: off, command_topic: command } = config
  const isTrigger = component === 'device_automation'
  // A light of this schema takes and reports an object.
  const isJson = component === 'light' && config['schema'] === 'json'
  const name = textOr(config['object_id'], textOr(config['name'], object)).replaceAll(/\s+/g, '_')
  return {
    device,
    component,
    name,
    // A trigger has a topic of its own, also where the device gives one topic for all its parts.
    ...(isTrigger && typeof topic === 'string'
      ? { topic }
      : typeof state === 'string'
        ? { topic: state }
        : {}),
    ...(typeof template === 'string' ? { template } : isJson ? { template: '{{ value_json.state }}' } : {}),
    ...(typeof deviceClass === 'string' ? { deviceClass } : {}),
    ...(typeof unit === 'string' ? { unit } : {}),
    ...(on === undefined ? {} : { on }),
    ...(off === undefined ? {} : { off }),
    ...(typeof command === 'string'
      ? {
          command: {
            topic: command,
            ...(isJson ? jsonStates : { on: textOr(on, 'ON'), off: textOr(off, 'OFF') }),
          },
        }
      : {}),
    ...(isTrigger
      ? {
          trigger: {
            type: textOr(config['type'], textOr(config['subtype'], 'press')),
            ...(typeof config['payload'] === 'string' ? { payload: config['payload'] } : {}),
          },
        }
      : {}),
  }
}

class Learning {
  readonly learned = new Map<string, object | undefined>()
  readonly #known: Knowledge

  constructor(known: Knowledge) {
    this.#known = known
  }

  get(key: string): unknown {
    return this.learned.has(key) ? this.learned.get(key) : this.#known.get(key)
  }

  set(key: string, value: object | undefined): void {
    if (JSON.stringify(this.get(key)) !== JSON.stringify(value)) this.learned.set(key, value)
  }

  addTo(key: string, item: string): void {
    const items = ((this.get(key) as { items: string[] } | undefined)?.items ?? []).filter(
      (one) => one !== item,
    )
    this.set(key, { items: [...items, item] })
  }

  takeFrom(key: string, item: string): void {
    const items = ((this.get(key) as { items: string[] } | undefined)?.items ?? []).filter(
      (one) => one !== item,
    )
    this.set(key, items.length > 0 ? { items } : undefined)
  }
}

function learnAvailability(config: Record<string, unknown>, device: string, into: Learning): void {
  const list = Array.isArray(config['availability'])
    ? (config['availability'] as unknown[]).filter(isObject)
    : []
  const own = {
    ...config,
    topic: config['availability_topic'],
    value_template: config['availability_template'],
  }
  for (const entry of [...list, own] as Record<string, unknown>[]) {
    const {
      topic,
      payload_available: online,
      payload_not_available: offline,
      value_template: template,
    } = entry
    if (typeof topic !== 'string') continue
    const before = into.get(availabilityKey(topic)) as Availability | undefined
    const devices = [...new Set([...(before?.devices ?? []), device])]
    into.set(availabilityKey(topic), {
      devices,
      online: textOr(online, 'online'),
      offline: textOr(offline, 'offline'),
      ...(typeof template === 'string' ? { template } : {}),
    })
  }
}

function learnEntity(key: string, entity: Entity, into: Learning): void {
  const before = into.get(key) as Entity | undefined
  if (before?.topic !== undefined && before.topic !== entity.topic) into.takeFrom(topicKey(before.topic), key)
  into.set(key, entity)
  if (entity.topic !== undefined) into.addTo(topicKey(entity.topic), key)
  if (entity.command) into.addTo(commandsKey(entity.device), key)
}

/** `homeassistant/{component}/[{node}/]{object}/config`, with any first level. */
export function readDiscovery(topic: string, payload: Uint8Array, known: Knowledge): Decoded {
  const [, component = '', ...rest] = topic.split('/')
  const object = rest.at(-2) ?? ''
  const key = entityKey(topic)
  const into = new Learning(known)
  if (payload.length === 0) {
    const before = known.get(key) as Entity | undefined
    if (before?.topic !== undefined) into.takeFrom(topicKey(before.topic), key)
    into.set(key, undefined)
    return nothing('an announcement was deleted', [...into.learned])
  }
  const source = objectOf(payload)
  if (!source) return unreadable('an announcement that is not a JSON object')
  const config = expand(source)
  const device = addressOf(config['device'], object)
  const parts: [key: string, entity: Entity][] = []
  if (component === 'device') {
    const components = isObject(config['components']) ? config['components'] : {}
    for (const [name, part] of Object.entries(components).slice(0, componentsMax)) {
      if (!isObject(part)) continue
      const full: Record<string, unknown> = {
        state_topic: config['state_topic'],
        ...expand(part, config['~']),
      }
      parts.push([`${key}#${name}`, entityOf(textOr(full['platform'], 'sensor'), name, full, device)])
      learnAvailability(full, device, into)
    }
  } else parts.push([key, entityOf(component, object, config, device)])
  for (const [partKey, entity] of parts) learnEntity(partKey, entity, into)
  learnAvailability(config, device, into)
  const faults = parts.flatMap(([, { template, name }]) =>
    template !== undefined && !parseTemplate(template) ? [`template-not-understood:${name}`] : [],
  )
  const described = isObject(config['device']) ? config['device'] : {}
  const about = {
    ...(typeof described['name'] === 'string' ? { name: described['name'] } : {}),
    ...(typeof described['model'] === 'string' ? { model: described['model'] } : {}),
    ...(typeof described['manufacturer'] === 'string' ? { maker: described['manufacturer'] } : {}),
  }
  const learned: Learned[] = [...into.learned]
  return {
    results: [{ device, readings: {}, isHeard: false, about, ...(faults.length > 0 ? { faults } : {}) }],
    learned,
  }
}
