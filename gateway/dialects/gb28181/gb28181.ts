// GB/T 28181: cameras and recorders that register at the box. One message is the XML of a MESSAGE or NOTIFY of a registered device; the reply is the
// word for the listener. Designed after the 2016 and 2022 editions, certified to none.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import { isGbAlarmInput } from '../../../platform/gb28181/gb-codes.ts'
import { childOf, parseGbTime, parseGbXml, textOf, type GbElement } from '../../../platform/gb28181/gb-xml.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { Standing } from '../meaning/standing.ts'
import { nothing, unreadable, type DeviceResult, type Dialect, type DialectSettings } from '../port.ts'

/** A device that hears no 200 sends the same alarm again within this. */
const repeatMs = 120_000

/** Kinds of sensor at an alarm input; `motion` is seen by the camera itself. */
export const gbInputs = ['button', 'motion', 'smoke', 'fire', 'gas', 'leak'] as const
export type GbInput = (typeof gbInputs)[number]

/** AlarmType of method 2, a device alarm. */
const deviceFaults: Record<string, string> = lookup({
  '1': 'video-lost',
  '3': 'disk-full',
  '4': 'too-hot',
  '5': 'too-cold',
})
const tamperType = '2'

const keepaliveFault = 'keepalive-error'

type Meaning = Pick<DeviceResult, 'readings' | 'momentary'> & { fault?: string }

function ofInput(input: GbInput): Meaning {
  if (input === 'button') return { readings: { button: 'pressed' }, momentary: { button: 'pressed' } }
  return input === 'motion'
    ? { readings: { motion: true }, momentary: { motion: true } }
    : // There is no message for the end: each one that is no repeat is a new alarm.
      { readings: { [input]: true, isNewAlarm: true } }
}

/** By AlarmMethod: 1 telephone, 2 device, 3 short message, 4 GPS, 5 video, 6 fault of the device, 7 other. */
function meaningOf(element: GbElement, code: string, inputs: DialectSettings['inputs']): Meaning {
  const method = textOf(element, 'AlarmMethod') ?? ''
  const type = textOf(childOf(element, 'Info'), 'AlarmType') ?? textOf(element, 'AlarmType')
  if (method === '6') return { readings: {}, fault: `gb-fault-${type ?? 'unknown'}` }
  if (method === '2' && type === tamperType) return { readings: { tamper: true } }
  const fault = method === '2' && type !== undefined ? deviceFaults[type] : undefined
  if (fault !== undefined) return { readings: {}, fault }
  const input = inputs?.[code]
  if (input !== undefined) return ofInput(input)
  if (method === '5') return ofInput('motion')
  if (method === '2') return ofInput(isGbAlarmInput(code) ? 'button' : 'motion')
  // A call for help must not depend on a list.
  return ofInput('button')
}

function alarmOf(
  element: GbElement,
  sender: string,
  settings: DialectSettings,
  standing: Standing,
): DeviceResult {
  const { isListed = () => false, inputs } = settings
  const channel = textOf(element, 'DeviceID') ?? sender
  const device = isListed(channel) ? channel : sender
  const { readings, fault, ...rest } = meaningOf(element, channel, inputs)
  const words = textOf(element, 'AlarmDescription')
  const deviceAtMs = parseGbTime(textOf(element, 'AlarmTime') ?? '')
  const more: Readings = {
    ...(device === channel ? {} : { gbChannel: channel }),
    ...(words === undefined || words === '' ? {} : { gbText: words.slice(0, 200) }),
  }
  return {
    device,
    readings: { ...readings, ...more },
    ...rest,
    ...(fault === undefined ? {} : { faults: standing.begin(device, 'faults', fault) }),
    ...(deviceAtMs === undefined ? {} : { deviceAtMs }),
    about: { model: 'GB/T 28181' },
  }
}

/** The faults after a keep-alive: a good one ends what a bad one has reported, and no other fault. */
function keepaliveFaults(
  element: GbElement,
  sender: string,
  standing: Standing,
): readonly string[] | undefined {
  const isWell = (textOf(element, 'Status') ?? 'OK').toUpperCase() === 'OK'
  if (!isWell) return standing.begin(sender, 'faults', keepaliveFault)
  const wasWell = !standing.isStanding(sender, 'faults', keepaliveFault)
  return wasWell ? undefined : standing.end(sender, 'faults', keepaliveFault)
}

/** `gb28181/CODE`: the code under which the sender is registered. */
export const gb28181: Dialect = {
  name: 'gb28181',
  repeats: { by: 'content', windowMs: repeatMs },
  topics: () => ({ publish: [], subscribe: [] }),
  claims: (topic) => /^gb28181(\/|$)/.test(topic),
  decode: ({ topic, payload }, known, settings) => {
    const sender = topic.split('/')[1] ?? ''
    const element = parseGbXml(payload)
    const type = textOf(element, 'CmdType')
    if (!element || type === undefined) return unreadable('no message of GB/T 28181', sender)
    if (element.name !== 'Notify') return nothing(`${element.name} ${type}`)
    if (type !== 'Alarm' && type !== 'Keepalive') return nothing(`Notify ${type}`)
    const standing = new Standing(known)
    if (type === 'Alarm') {
      const results = [alarmOf(element, sender, settings, standing)]
      return { results, reply: Buffer.from('alarm'), ...standing.learned }
    }
    const faults = keepaliveFaults(element, sender, standing)
    const about = { model: 'GB/T 28181' }
    const result = { device: sender, readings: {}, presence: 'online' as const, about }
    return { results: [{ ...result, ...(faults ? { faults } : {}) }], ...standing.learned }
  },
  encode: () => ({ cannot: 'a camera takes no commands from the box by GB/T 28181' }),
}
