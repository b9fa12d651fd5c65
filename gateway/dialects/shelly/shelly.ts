// Shelly, both generations: the topic shows which one.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { objectOf } from '../meaning/values.ts'
import { readBluetooth } from './bluetooth.ts'
import { macInId } from './sleeping.ts'
import {
  nothing,
  unreadable,
  type Decoded,
  type Dialect,
  type EncodedCommand,
  type Knowledge,
} from '../port.ts'
import { addressKey, decodeGen1 } from './gen1.ts'
import { decodeGen2, prefixAtKey } from './gen2.ts'

const contentWindowMs = 1000

/** What a device answers to an RPC of ours. */
function readAnswer(payload: Uint8Array): Decoded {
  const { id, src, error } = objectOf(payload) ?? {}
  const device = typeof src === 'string' ? macInId(src) : undefined
  if (device === undefined || typeof id !== 'string') return nothing('an answer to nothing of ours')
  const reason = isObject(error) ? error['message'] : undefined
  const words = typeof reason === 'string' ? { error: reason.slice(0, 256) } : {}
  const answer = { id: id.slice(0, 64), ok: error === undefined, ...words }
  return { results: [{ device, readings: {}, answer }] }
}

/** The script of the maker that sends each Bluetooth sensor on a topic of its own. */
function readScript(payload: Uint8Array): Decoded {
  const json = objectOf(payload)
  if (!json) return unreadable('not a JSON object')
  const sensor = readBluetooth(json, 'shelly-blu')
  return sensor ? { results: [sensor] } : nothing('no readings')
}

function encode(device: string, command: DeviceCommand, known: Knowledge): EncodedCommand {
  if (!['siren', 'switch', 'lamp', 'light', 'on', 'off', 'stop'].includes(command.do))
    return { cannot: `the dialect has no command "${command.do}"` }
  const seconds = typeof command['seconds'] === 'number' ? command['seconds'] : 60
  const stops = seconds === 0 || command.do === 'off' || command.do === 'stop' || command['on'] === false
  const output = typeof command['output'] === 'number' ? command['output'] : 0
  const second = known.get(prefixAtKey(device)) as { prefix: string } | undefined
  if (second) {
    // The device itself ends it, also without a command.
    const params = stops ? { id: output, on: false } : { id: output, on: true, toggle_after: seconds }
    const rpc = { id: command.id, src: 'gengfu', method: 'Switch.Set', params }
    return { topic: `${second.prefix}/rpc`, payload: JSON.stringify(rpc), qos: 1, answer: { by: 'answer' } }
  }
  const first = known.get(addressKey(device)) as { id: string } | undefined
  if (!first) return { cannot: 'the device has not been heard yet' }
  const wanted = stops ? 'off' : 'on'
  return {
    topic: `shellies/${first.id}/relay/${output}/command`,
    payload: wanted,
    qos: 1,
    answer: { by: 'report', isDone: ({ readings }) => readings[`relay${output}`] === wanted },
  }
}

export const shelly: Dialect = {
  name: 'shelly',
  repeats: { by: 'content', windowMs: contentWindowMs },
  // With a configured base it may not send for another device.
  topics: ({ base }) =>
    base === undefined
      ? {
          publish: [
            'shellies/#',
            '+/events/rpc',
            '+/online',
            '+/status/#',
            'gengfu/rpc',
            'shelly-blu/events/+',
          ],
          subscribe: ['shellies/#', '+/rpc', '+/command/#', '+/rpc/#'],
        }
      : {
          publish: [
            `shellies/${base}/#`,
            'shellies/announce',
            `${base}/#`,
            'gengfu/rpc',
            'shelly-blu/events/+',
          ],
          subscribe: [`shellies/${base}/#`, 'shellies/command', `${base}/#`],
        },
  claims: (topic) =>
    topic.startsWith('shellies/') ||
    /^shelly[^/]*\//.test(topic) ||
    /\/events\/rpc$|\/status\/(smoke|flood|input|switch|devicepower|temperature|humidity):\d+$/.test(topic),
  decode: ({ topic, payload }, known) => {
    if (topic.startsWith('homeassistant/')) return nothing('discovery for Home Assistant')
    if (topic === 'gengfu/rpc') return readAnswer(payload)
    if (topic.startsWith('shelly-blu/events/')) return readScript(payload)
    return topic.startsWith('shellies/') && !topic.includes('/events/rpc')
      ? decodeGen1(topic, payload, known)
      : decodeGen2(topic, payload, known)
  },
  encode,
}
