// LoRaWAN frames without an envelope: port and bytes, and the sender. For `gengfu decode`, and for a network server
// whose messages are forwarded bare.
import { deviceIdOf } from '../meaning/values.ts'
import {
  unreadable,
  type Decoded,
  type Dialect,
  type DialectMessage,
  type DialectSettings,
  type Knowledge,
} from '../port.ts'
import { euiOf } from './envelopes/fields.ts'
import { decodeUplink } from './uplink.ts'

const topicPattern = /(?:^|\/)lorawan\/([^/]+)\/(\d{1,3})$/

function decode(
  message: DialectMessage,
  known: Knowledge,
  settings: DialectSettings,
): Decoded | Promise<Decoded> {
  const [, named, port] = topicPattern.exec(message.topic) ?? []
  const device = message.device ?? named
  if (device === undefined)
    return unreadable('a frame without its device: name it, or use a topic like lorawan/EUI/PORT')
  return decodeUplink(
    {
      device: euiOf(device) ?? deviceIdOf(device),
      fPort: message.fPort ?? Number(port ?? 1),
      bytes: message.payload,
      hints: [],
      learned: [],
    },
    known,
    settings,
    message.payload,
  )
}

export const lorawan: Dialect = {
  name: 'lorawan',
  // The frame's counter is in the missing envelope: each frame counts as new.
  repeats: { by: 'content', windowMs: 0 },
  topics: ({ base }) => {
    const prefix = base === undefined ? '' : `${base}/`
    return { publish: [`${prefix}lorawan/+/+`], subscribe: [`${prefix}lorawan/+/+`] }
  },
  claims: (topic) => topicPattern.test(topic),
  decode,
  encode: () => ({ cannot: 'a frame without a network server goes up only' }),
}
