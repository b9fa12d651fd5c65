// ChirpStack 3 and 4: application/ID/device/EUI/event/TYPE with JSON. In 4 (and in 3 with protobuf's JSON) a field that is
// absent is zero or false, and addresses may be base64.
import { jsonOf, objectOf } from '../../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type DeviceResult,
  type Dialect,
  type DialectMessage,
  type DialectSettings,
  type EncodedCommand,
  type Knowledge,
} from '../../port.ts'
import { isObject, scalarText } from '../../../../protocols/kit/parse-json.ts'
import type { DeviceCommand } from '../../../../protocols/device-mqtt/messages.ts'
import { countJoin } from '../counters.ts'
import { downlinkOf } from '../downlinks.ts'
import { decodeUplink } from '../uplink.ts'
import {
  addressOf,
  bytesOf,
  countIn,
  euiOf,
  numberIn,
  objectIn,
  radioOf,
  textIn,
  timeIn,
  type Json,
} from './fields.ts'
import { knownDevice, learnDevice, type KnownDevice } from './known.ts'

/** With a prefix before it, if one is configured; version 2 and early 3 have no `event`. */
const topicPattern = /(?:^|\/)application\/([^/]+)\/device\/([0-9a-fA-F]{16})\/(?:event\/)?([a-z]+)$/
const commandPattern = /\/device\/[^/]+\/(?:command\/.+|tx)$/
const objectBytesMax = 65_536

interface Event {
  type: string
  application: string
  device: string
  json: Json
  isVersion4: boolean
}

/** Version 3 also gives the object as text. */
function codecObject(json: Json): Json | undefined {
  if (isObject(json['object'])) return json['object']
  const text = json['objectJSON']
  if (typeof text !== 'string' || text.length > objectBytesMax) return undefined
  const parsed = jsonOf(Buffer.from(text), objectBytesMax)
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined
}

function kindsOf({ json, isVersion4 }: Event): string[] {
  const info = isVersion4 ? objectIn(json, 'deviceInfo') : json
  const tags = objectIn(info, 'tags')
  const names = [
    textIn(tags, 'codec', 'model'),
    textIn(info, 'deviceProfileName'),
    textIn(info, 'deviceName'),
  ]
  return names.filter((name) => name !== undefined)
}

function known(event: Event): KnownDevice {
  return { application: event.application, version: event.isVersion4 ? 4 : 3, kinds: kindsOf(event) }
}

function readUp(
  event: Event,
  knowledge: Knowledge,
  settings: DialectSettings,
  key: Uint8Array,
): Decoded | Promise<Decoded> {
  const { device, json, isVersion4 } = event
  const bytes = bytesOf(json['data'])
  if (bytes === null) return unreadable('data is no base64 text', device)
  const [model, ...names] = kindsOf(event)
  const rx = Array.isArray(json['rxInfo']) ? json['rxInfo'] : []
  const heard = rx
    .map((entry) => (isObject(entry) ? timeIn(entry['time']) : undefined))
    .find((ms) => ms !== undefined)
  return decodeUplink(
    {
      device,
      fPort: countIn(json, 'fPort'),
      bytes,
      object: codecObject(json),
      hints: kindsOf(event),
      fCnt: countIn(json, 'fCnt'),
      session: addressOf(json['devAddr']),
      timeMs: timeIn(json['time']) ?? heard ?? timeIn(json['publishedAt']),
      ...radioOf(rx, isVersion4 ? ['snr', 'loRaSNR'] : ['loRaSNR', 'snr']),
      about: {
        ...(model === undefined ? {} : { model }),
        ...(names.length > 0 ? { name: names.at(-1) as string } : {}),
      },
      learned: learnDevice(knowledge, device, known(event)),
    },
    knowledge,
    settings,
    key,
  )
}

/**
 * The device's answer to a status request of the network: 255 unknown and 0 mains in older versions, flags in newer.
 */
function readStatus({ device, json }: Event): Decoded {
  const raw = numberIn(json, 'battery')
  const isExternal = json['externalPowerSource'] === true || raw === 0
  const isUnknown = json['batteryLevelUnavailable'] === true || raw === 255
  const level = numberIn(json, 'batteryLevel') ?? (raw === undefined ? 0 : Math.round((raw / 254) * 100))
  const readings: DeviceResult['readings'] = { linkMarginDb: numberIn(json, 'margin') ?? 0 }
  if (isExternal) readings['mains'] = 'on'
  else if (isUnknown) readings['batteryPercent'] = null
  else readings['batteryPercent'] = level >= 0 && level <= 100 ? Math.round(level) : null
  return { results: [{ device, readings }] }
}

function readEvent(
  event: Event,
  message: DialectMessage,
  knowledge: Knowledge,
  settings: DialectSettings,
): Decoded | Promise<Decoded> {
  const { type, device, json } = event
  switch (type) {
    case 'up':
    case 'rx':
      return readUp(event, knowledge, settings, message.payload)
    case 'join':
      return {
        results: [{ device, readings: {}, presence: 'online', about: { ...aboutOf(event) } }],
        learned: [...countJoin(knowledge, device), ...learnDevice(knowledge, device, known(event))],
      }
    case 'status':
      return readStatus(event)
    case 'ack':
      return json['acknowledged'] === true
        ? { results: [{ device, readings: {}, presence: 'online', answer: { id: '', ok: true } }] }
        : {
            results: [
              {
                device,
                readings: {},
                isHeard: false,
                answer: { id: '', ok: false, error: 'the device has not confirmed it' },
              },
            ],
          }
    case 'error':
    case 'log':
      return nothing(
        `the network server says: ${(scalarText(json['error'] ?? json['description'] ?? json['code']) ?? 'nothing').slice(0, 200)}`,
      )
    case 'txack':
    case 'location':
    case 'integration':
      return nothing(`an event of the network server: ${type}`)
    default:
      return nothing(`an event that is none of ours: ${type}`)
  }
}

function aboutOf(event: Event): { model?: string; name?: string } {
  const [model] = kindsOf(event)
  return model === undefined ? {} : { model }
}

function decode(
  message: DialectMessage,
  knowledge: Knowledge,
  settings: DialectSettings,
): Decoded | Promise<Decoded> {
  const { topic, payload } = message
  if (commandPattern.test(topic)) return nothing('a command for a device')
  const place = topicPattern.exec(topic)
  if (!place)
    return /(^|\/)gateway\//.test(topic)
      ? nothing('about a gateway')
      : unreadable('not a topic like application/ID/device/EUI/event/up')
  const [, application = '', eui = '', type = ''] = place
  const device = eui.toLowerCase()
  const json = objectOf(payload)
  if (!json) return unreadable('not JSON: set the marshaler of the integration to json', device)
  const isVersion4 = isObject(json['deviceInfo'])
  const statedEui = euiOf(
    isVersion4 ? objectIn(json, 'deviceInfo')['devEui'] : (json['devEUI'] ?? json['devEui']),
  )
  if (statedEui !== undefined && statedEui !== device)
    return unreadable('the topic and the message name different devices', device)
  return readEvent({ type, application, device, json, isVersion4 }, message, knowledge, settings)
}

function encode(
  device: string,
  command: DeviceCommand,
  knowledge: Knowledge,
  settings: DialectSettings,
): EncodedCommand {
  const found = knownDevice(knowledge, device)
  if (!found) return { cannot: 'the device has not been heard yet' }
  const downlink = downlinkOf(
    command,
    [...found.kinds, settings.devices?.[device]?.codec ?? ''],
    settings.devices?.[device],
  )
  if ('cannot' in downlink) return downlink
  const { fPort, bytes } = downlink
  const data = Buffer.from(bytes).toString('base64')
  const body = { confirmed: true, fPort, data }
  return {
    topic: `${settings.base === undefined ? '' : `${settings.base}/`}application/${found.application}/device/${device}/command/down`,
    payload: JSON.stringify(found.version === 4 ? { devEui: device, ...body } : body),
    qos: 1,
    answer: { by: 'answer' },
  }
}

export const chirpstack: Dialect = {
  name: 'chirpstack',
  repeats: { by: 'counter' },
  topics: ({ base }) => {
    const prefix = base === undefined ? '' : `${base}/`
    return {
      publish: [`${prefix}application/+/device/+/event/+`, `${prefix}application/+/device/+/+`],
      subscribe: [`${prefix}application/+/device/+/command/+`, `${prefix}application/+/device/+/tx`],
    }
  },
  claims: (topic) => topicPattern.test(topic),
  decode,
  encode,
}
