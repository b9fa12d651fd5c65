// Shelly, both generations: the topic shows which one.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import { nothing, type Dialect, type EncodedCommand, type Knowledge } from '../port.ts'
import { addressKey, decodeGen1 } from './gen1.ts'
import { decodeGen2, prefixAtKey } from './gen2.ts'

const contentWindowMs = 1000

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
    return { topic: `${second.prefix}/rpc`, payload: JSON.stringify(rpc), qos: 1 }
  }
  const first = known.get(addressKey(device)) as { id: string } | undefined
  if (!first) return { cannot: 'the device has not been heard yet' }
  return { topic: `shellies/${first.id}/relay/${output}/command`, payload: stops ? 'off' : 'on', qos: 1 }
}

export const shelly: Dialect = {
  name: 'shelly',
  repeats: { by: 'content', windowMs: contentWindowMs },
  // With a configured base it may not send for another device.
  topics: ({ base }) =>
    base === undefined
      ? {
          publish: ['shellies/#', '+/events/rpc', '+/online', '+/status/#', 'gengfu/rpc'],
          subscribe: ['shellies/#', '+/rpc', '+/command/#', '+/rpc/#'],
        }
      : {
          publish: [`shellies/${base}/#`, 'shellies/announce', `${base}/#`, 'gengfu/rpc'],
          subscribe: [`shellies/${base}/#`, 'shellies/command', `${base}/#`],
        },
  claims: (topic) =>
    topic.startsWith('shellies/') ||
    /^shelly[^/]*\//.test(topic) ||
    /\/events\/rpc$|\/status\/(smoke|flood|input|switch|devicepower|temperature|humidity):\d+$/.test(topic),
  decode: ({ topic, payload }, known) => {
    if (topic.startsWith('homeassistant/')) return nothing('discovery for Home Assistant')
    return topic.startsWith('shellies/') && !topic.includes('/events/rpc')
      ? decodeGen1(topic, payload, known)
      : decodeGen2(topic, payload, known)
  },
  encode,
}
