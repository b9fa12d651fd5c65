// The Things Stack 3: v3/APP@TENANT/devices/ID/up and its other events. An absent field is zero or false.
import type { DeviceCommand } from '../../../../protocols/device-mqtt/messages.ts'
import { isObject, scalarText } from '../../../../protocols/kit/parse-json.ts'
import { deviceIdOf, objectOf } from '../../meaning/values.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type Dialect,
  type DialectMessage,
  type DialectSettings,
  type EncodedCommand,
  type Knowledge,
} from '../../port.ts'
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

const topicPattern = /^v3\/([^/]+)\/devices\/([^/]+)\/(.+)$/

interface Event {
  application: string
  name: string
  device: string
  json: Json
}

function kindsOf({ json, name }: Event): string[] {
  const version = objectIn(objectIn(json, 'uplink_message'), 'version_ids')
  const model = textIn(version, 'model_id')
  const maker = textIn(version, 'brand_id')
  return [...(model === undefined ? [] : [`${maker ?? ''} ${model}`.trim()]), name]
}

const known = (event: Event): KnownDevice => ({
  application: event.application,
  name: event.name,
  kinds: kindsOf(event),
})

function readUp(
  event: Event,
  key: Uint8Array,
  knowledge: Knowledge,
  settings: DialectSettings,
): Decoded | Promise<Decoded> {
  const { device, json } = event
  const uplink = objectIn(json, 'uplink_message')
  const bytes = bytesOf(uplink['frm_payload'])
  if (bytes === null) return unreadable('frm_payload is no base64 text', device)
  const battery = numberIn(objectIn(uplink, 'last_battery_percentage'), 'value')
  const object = uplink['decoded_payload']
  const [kind] = kindsOf(event)
  return decodeUplink(
    {
      device,
      fPort: countIn(uplink, 'f_port'),
      bytes,
      object: isObject(object) ? object : undefined,
      hints: kindsOf(event),
      fCnt: countIn(uplink, 'f_cnt'),
      session: addressOf(objectIn(json, 'end_device_ids')['dev_addr']),
      timeMs: timeIn(uplink['received_at']) ?? timeIn(json['received_at']),
      ...radioOf(uplink['rx_metadata'], ['snr']),
      ...(battery === undefined || battery < 0 || battery > 100
        ? {}
        : { batteryPercent: Math.round(battery) }),
      about: { name: event.name, ...(kind === undefined || kind === event.name ? {} : { model: kind }) },
      learned: learnDevice(knowledge, device, known(event)),
    },
    knowledge,
    settings,
    key,
  )
}

function decode(
  { topic, payload }: DialectMessage,
  knowledge: Knowledge,
  settings: DialectSettings,
): Decoded | Promise<Decoded> {
  const place = topicPattern.exec(topic)
  if (!place) return unreadable('not a topic like v3/APP@TENANT/devices/ID/up')
  const [, application = '', name = '', type = ''] = place
  if (type === 'down/push' || type === 'down/replace') return nothing('a command for a device')
  const json = objectOf(payload)
  const stated = euiOf(json && objectIn(json, 'end_device_ids')['dev_eui'])
  // A device without a DevEUI (ABP) has only its name.
  const device = stated ?? deviceIdOf(name)
  if (!json) return unreadable('not JSON', device)
  const event: Event = { application, name, device, json }
  if (type === 'up') return readUp(event, payload, knowledge, settings)
  if (type === 'join')
    return {
      results: [{ device, readings: {}, presence: 'online', about: { name } }],
      learned: [...countJoin(knowledge, device), ...learnDevice(knowledge, device, known(event))],
    }
  if (type === 'down/ack')
    return { results: [{ device, readings: {}, presence: 'online', answer: { id: idIn(json), ok: true } }] }
  if (type === 'down/failed' || type === 'down/nack') {
    const id = idIn(json)
    if (id === '') return nothing('a command that has not reached the device')
    const stated = scalarText(objectIn(objectIn(json, 'downlink_failed'), 'error')['message_format'])
    const answer = { id, ok: false, error: (stated ?? 'it has not reached the device').slice(0, 256) }
    return { results: [{ device, readings: {}, isHeard: false, answer }] }
  }
  return nothing(`an event of the network server: ${type}`)
}

const correlationPrefix = 'gengfu:'

/** Of the command that an event is about; empty where it is none of ours. */
function idIn(json: Record<string, unknown>): string {
  const ids = [json, ...Object.values(json).filter(isObject)].flatMap((part) => part['correlation_ids'] ?? [])
  const ours = ids.find((id): id is string => typeof id === 'string' && id.startsWith(correlationPrefix))
  return ours?.slice(correlationPrefix.length, correlationPrefix.length + 64) ?? ''
}

function encode(
  device: string,
  command: DeviceCommand,
  knowledge: Knowledge,
  settings: DialectSettings,
): EncodedCommand {
  const found = knownDevice(knowledge, device)
  if (!found?.name) return { cannot: 'the device has not been heard yet' }
  const downlink = downlinkOf(
    command,
    [...found.kinds, settings.devices?.[device]?.codec ?? ''],
    settings.devices?.[device],
  )
  if ('cannot' in downlink) return downlink
  const { fPort, bytes } = downlink
  const frame = Buffer.from(bytes).toString('base64')
  // Waiting downlinks are older than this command: they are replaced, so that a siren does not wait behind them.
  return {
    topic: `v3/${found.application}/devices/${found.name}/down/replace`,
    payload: JSON.stringify({
      downlinks: [
        {
          f_port: fPort,
          frm_payload: frame,
          priority: 'HIGHEST',
          confirmed: true,
          correlation_ids: [correlationPrefix + command.id],
        },
      ],
    }),
    qos: 1,
    answer: { by: 'answer' },
  }
}

export const ttn: Dialect = {
  name: 'ttn',
  repeats: { by: 'counter' },
  topics: ({ base = '+' }) => ({
    publish: [`v3/${base}/devices/#`],
    subscribe: [`v3/${base}/devices/+/down/#`],
  }),
  claims: (topic) => topicPattern.test(topic),
  decode,
  encode,
}
