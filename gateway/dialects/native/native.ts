// The native dialect behind the same port as the others. On the box it has a shorter path (gateway/intake) with the
// same results.
import { parseDeviceEvent } from '../../../protocols/device-mqtt/device-event.ts'
import { parseCommandResult, parsePresence } from '../../../protocols/device-mqtt/messages.ts'
import { deviceTopic, parseDeviceTopic } from '../../../protocols/device-mqtt/topics.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'
import { nothing, unreadable, type Decoded, type Dialect, type DialectMessage } from '../port.ts'

function decodeEvent(device: string, payload: Uint8Array): Decoded {
  const event = parseDeviceEvent(device, payload)
  if (!event.ok) return unreadable(describeProblems(event.problems))
  const { readings, messageId, deviceAtMs } = event.value
  const { button } = readings
  return {
    results: [
      {
        device,
        readings,
        ...(messageId === '' ? {} : { messageId }),
        ...(button === undefined ? {} : { momentary: { button } }),
        ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
      },
    ],
  }
}

function decode({ topic, payload, isRetained }: DialectMessage): Decoded {
  const place = parseDeviceTopic(topic)
  if (!place) return unreadable('not a topic like gengfu/v1/{deviceId}/event')
  const { device, channel } = place
  if (channel === 'event') return decodeEvent(device, payload)
  if (channel === 'presence') {
    const word = parsePresence(payload)
    if (!word.ok) return unreadable(`presence: ${describeProblems(word.problems)}`)
    return { results: [{ device, readings: {}, presence: word.value, isHeard: !isRetained }] }
  }
  if (channel === 'result') {
    const answer = parseCommandResult(payload)
    if (!answer.ok) return unreadable(`result: ${describeProblems(answer.problems)}`)
    return { results: [{ device, readings: {}, answer: answer.value }] }
  }
  return nothing('a message for a device')
}

export const native: Dialect = {
  name: 'native',
  repeats: { by: 'counter' },
  topics: () => ({ publish: ['gengfu/v1/+/+'], subscribe: ['gengfu/v1/+/+'] }),
  claims: (topic) => topic.startsWith('gengfu/v1/'),
  decode,
  encode: (device, command) => ({
    topic: deviceTopic(device, 'command'),
    payload: JSON.stringify(command),
    qos: 0,
  }),
}
