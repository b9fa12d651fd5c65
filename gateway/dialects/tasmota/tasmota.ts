// Tasmota: tele/BOARD/SENSOR, stat/BOARD/RESULT, tele/BOARD/LWT, in any order of the parts of the full topic; the
// board's MAC comes with its discovery message or its status.
import type { DeviceCommand } from '../../../protocols/device-mqtt/messages.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { pressOf } from '../meaning/press.ts'
import { worse } from '../meaning/properties.ts'
import { deviceIdOf, macOf, objectOf, signalOf, textOf } from '../meaning/values.ts'
import {
  nothing,
  unreadable,
  type AnswerPolicy,
  type Decoded,
  type DeviceResult,
  type Dialect,
  type DialectMessage,
  type DialectReadings,
  type EncodedCommand,
  type Knowledge,
  type Learned,
} from '../port.ts'
import { bluetoothAddress, readChip, readInput } from './inputs.ts'
import { readZigbee } from './zigbee.ts'

const contentWindowMs = 1000

/** A board by its topic without the prefix; `switches` are the names that people gave its inputs. */
interface Board {
  mac?: string
  name: string
  /** With `{prefix}` in the place of cmnd, stat or tele, and a slash at its end. */
  topic: string
  switches?: (string | null)[]
}
const boardKey = (place: string): string => `tasmota:${place}`
const addressKey = (address: string): string => `tasmota-at:${address}`

interface Place {
  place: string
  prefix: 'tele' | 'stat' | 'cmnd'
  /** The rest of the topic: SENSOR, RESULT, POWER1. */
  what: string
  topic: string
}

function placeOf(topic: string): Place | undefined {
  const levels = topic.split('/')
  const what = levels.pop() ?? ''
  const at = levels.findIndex((level) => ['tele', 'stat', 'cmnd'].includes(level))
  if (at < 0 || levels.length < 2) return undefined
  const prefix = levels[at] as Place['prefix']
  const rest = levels.filter((_level, index) => index !== at)
  levels[at] = '{prefix}'
  return { place: rest.join('/'), prefix, what, topic: `${levels.join('/')}/` }
}

function learn(known: Knowledge, place: string, board: Board): (readonly [string, object])[] {
  const before = known.get(boardKey(place))
  if (JSON.stringify(before) === JSON.stringify(board)) return []
  const address = board.mac ?? deviceIdOf(place)
  return [
    [boardKey(place), board],
    [addressKey(address), { place }],
  ]
}

/** `tasmota/discovery/MAC/config`, retained. */
function readDiscovery(topic: string, payload: Uint8Array, known: Knowledge): Decoded {
  const config = objectOf(payload)
  if (!topic.endsWith('/config')) return nothing('the sensors of a board, as it announces them')
  if (payload.length === 0) return nothing('an announcement was deleted')
  const mac = macOf(config?.['mac'])
  const { t, ft, tp, dn, swn, md } = config ?? {}
  if (!mac || typeof t !== 'string' || typeof ft !== 'string')
    return unreadable('an announcement without mac, t and ft')
  const prefix = Array.isArray(tp) && typeof tp[0] === 'string' ? tp[0] : 'cmnd'
  const whole = ft.replace('%topic%', t).replace('%prefix%', prefix)
  const found = placeOf(`${whole.endsWith('/') ? whole : `${whole}/`}STATE`)
  const place = found?.place ?? t
  const board: Board = {
    mac,
    name: typeof dn === 'string' ? dn : t,
    topic: found?.topic ?? `{prefix}/${t}/`,
    ...(Array.isArray(swn) ? { switches: namesOf(swn) } : {}),
  }
  return {
    results: [
      {
        device: mac,
        readings: {},
        isHeard: false,
        about: { name: board.name, ...(typeof md === 'string' ? { model: md } : {}), maker: 'Tasmota' },
      },
    ],
    learned: learn(known, place, board),
  }
}

/** The place of a name is the number of its input, so an entry that is no text keeps its place. */
const namesOf = (names: unknown[]): (string | null)[] =>
  names.slice(0, inputsMax).map((name) => (typeof name === 'string' ? name : null))

interface Collected {
  readings: DialectReadings
  momentary: Readings
  /** What each switch input reads, by its name. */
  inputs: Inputs
}

/** Inputs of one board may read the same thing: two doors, of which one is open. */
type Inputs = Record<string, DialectReadings>
const inputsKey = (device: string): string => `tasmota-inputs:${device}`
/** A board has at most as many switch inputs. */
const inputsMax = 28

function readSwitch(name: string, value: unknown, board: Board, into: Collected): void {
  const number = Number(/^switch(\d+)$/i.exec(name)?.[1] ?? NaN)
  const given = board.switches?.[number - 1]
  const read = readInput(given ?? name, board.name, value)
  Object.assign(into.momentary, read.momentary)
  if (read.momentary) Object.assign(into.readings, read.readings)
  else into.inputs[name.toLowerCase()] = read.readings
}

/** The common state of all known inputs of a board: the worse one counts. */
function together(inputs: Inputs, now: Inputs): DialectReadings {
  const named = new Set(Object.values(now).flatMap((readings) => Object.keys(readings)))
  const readings: DialectReadings = {}
  for (const input of Object.values(inputs))
    for (const [name, value] of Object.entries(input))
      if (named.has(name)) readings[name] = worse(readings[name], value)
  return readings
}

/** One key of SENSOR, STATE or RESULT. */
function readKey(
  key: string,
  value: unknown,
  all: Record<string, unknown>,
  board: Board,
  into: Collected,
): void {
  if (/^button\d*$/i.test(key)) {
    const button = pressOf(isObject(value) ? (value['Action'] ?? value['ACTION']) : value)
    if (button !== undefined) into.readings.button = into.momentary.button = button
  } else if (/^switch\d*$/i.test(key) || isNamedSwitch(key, board)) {
    readSwitch(key, isObject(value) ? (value['Action'] ?? value['ACTION']) : value, board, into)
  } else if (key === 'RfReceived' && isObject(value)) {
    // A 433 MHz receiver: only the installer knows which device has a code.
    const code = value['Data']
    if (typeof code === 'string') into.readings['rfCode'] = into.momentary['rfCode'] = code
  } else if (/^power\d*$/i.test(key)) into.readings[key.toLowerCase()] = value
  else if (key === 'Wifi' && isObject(value)) into.readings.signalDbm = signalOf(value['Signal'])
  else if (isObject(value))
    // Several probes on one wire: the first one is the board's.
    for (const [name, found] of Object.entries(readChip(value, all))) into.readings[name] ??= found
}

function isNamedSwitch(key: string, { switches }: Board): boolean {
  return switches?.some((name) => name !== null && name.toLowerCase() === key.toLowerCase()) === true
}

const macInStatus = (status: Record<string, unknown>): string | undefined =>
  macOf(isObject(status['StatusNET']) ? status['StatusNET']['Mac'] : undefined)

/** Bluetooth sensors that the board hears are devices of their own. */
function bluetoothIn(source: Record<string, unknown>): DeviceResult[] {
  return Object.entries(source).flatMap(([name, value]) => {
    const device = bluetoothAddress(value)
    if (device === undefined || !isObject(value)) return []
    const { temperatureC, humidityPercent, batteryPercent } = readChip(value, source)
    const readings: DialectReadings = {
      ...(temperatureC === undefined ? {} : { temperatureC }),
      ...(humidityPercent === undefined ? {} : { humidityPercent }),
      ...(batteryPercent === undefined ? {} : { batteryPercent }),
    }
    return Object.keys(readings).length > 0 ? [{ device, readings, about: { name } }] : []
  })
}

function readValues(
  found: Place,
  payload: Uint8Array,
  board: Board,
  device: string,
  known: Knowledge,
): { results: DeviceResult[]; learned: Learned[] } | undefined {
  const into: Collected = { readings: {}, momentary: {}, inputs: {} }
  const values = objectOf(payload)
  const source = values && isObject(values['StatusSNS']) ? values['StatusSNS'] : values
  // Older programs have the key in the topic only: BUTTON1 with {"ACTION":"SINGLE"}, SWITCH1T with {"TRIG":"ON"}.
  const key = /^(button|switch)\d*(?=t?$)/i.exec(found.what)?.[0]
  const word = source?.['ACTION'] ?? source?.['Action'] ?? source?.['TRIG']
  if (key !== undefined && word !== undefined) readKey(key, word, {}, board, into)
  else if (source) {
    for (const [key, value] of Object.entries(source))
      if (bluetoothAddress(value) === undefined) readKey(key, value, source, board, into)
  } else readKey(found.what, textOf(payload), {}, board, into)
  const { readings, momentary, inputs } = into
  const before = (known.get(inputsKey(device)) ?? {}) as Inputs
  const all = Object.fromEntries(Object.entries({ ...before, ...inputs }).slice(0, inputsMax))
  Object.assign(readings, together(all, inputs))
  const results = bluetoothIn(source ?? {})
  if (Object.keys(readings).length > 0)
    results.unshift({ device, readings, ...(Object.keys(momentary).length > 0 ? { momentary } : {}) })
  if (results.length === 0) return undefined
  return {
    results,
    learned: JSON.stringify(all) === JSON.stringify(before) ? [] : [[inputsKey(device), all]],
  }
}

function decode({ topic, payload, isRetained }: DialectMessage, known: Knowledge): Decoded {
  if (topic.startsWith('tasmota/discovery/')) return readDiscovery(topic, payload, known)
  if (topic.startsWith('homeassistant/')) return nothing('discovery for Home Assistant')
  const found = placeOf(topic)
  if (!found) return unreadable('neither cmnd, stat nor tele stands in the topic')
  if (found.prefix === 'cmnd') return nothing('a command for a board')
  const { place, what, topic: boardTopic } = found
  const zigbee = readZigbee(place, what, objectOf(payload) ?? {}, known)
  if (zigbee)
    return zigbee.results.length > 0
      ? zigbee
      : nothing('about the Zigbee devices of a bridge', zigbee.learned)
  const before = known.get(boardKey(place)) as Board | undefined
  const board: Board = before ?? { name: place, topic: boardTopic }
  const device = board.mac ?? deviceIdOf(place)
  const learned = before ? [] : learn(known, place, board)
  if (what === 'LWT') {
    const word = textOf(payload).trim()
    if (word === '') return nothing('an empty message: a retained one was deleted')
    const presence = /^(online|connected|on|true|1)$/i.test(word) ? 'online' : 'offline'
    return {
      results: [{ device, readings: {}, presence, isHeard: !isRetained && presence === 'online' }],
      learned,
    }
  }
  const values = objectOf(payload)
  if (!values && textOf(payload).trimStart().startsWith('{')) return unreadable('not JSON', device)
  const mac = values && macInStatus(values)
  if (mac && mac !== board.mac)
    return nothing('the address of a board', learn(known, place, { ...board, mac }))
  if (/^INFO\d$|^UPTIME$|^STATUS(0|[1-79]|11)?$|^LOGGING$/.test(what) && !/SNS/.test(textOf(payload)))
    return nothing('about the board itself', learned)
  const read = readValues(found, payload, board, device, known)
  return read
    ? { results: read.results, learned: [...learned, ...read.learned] }
    : nothing('no readings', learned)
}

function encode(device: string, command: DeviceCommand, known: Knowledge): EncodedCommand {
  const place = (known.get(addressKey(device)) as { place: string } | undefined)?.place
  const board = place === undefined ? undefined : (known.get(boardKey(place)) as Board | undefined)
  if (!board) return { cannot: 'the board has not been heard yet' }
  if (!['siren', 'switch', 'lamp', 'light', 'on', 'off', 'stop'].includes(command.do))
    return { cannot: `the dialect has no command "${command.do}"` }
  const seconds = typeof command['seconds'] === 'number' ? command['seconds'] : 60
  const stops = seconds === 0 || command.do === 'off' || command.do === 'stop' || command['on'] === false
  const output = typeof command['output'] === 'number' ? command['output'] : 1
  const topic = board.topic.replace('{prefix}', 'cmnd')
  const answer: AnswerPolicy = {
    by: 'report',
    isDone: ({ readings }) => (readings[`power${output}`] ?? readings['power']) === (stops ? 'OFF' : 'ON'),
  }
  if (stops) return { topic: `${topic}POWER${output}`, payload: 'OFF', qos: 1, answer }
  // PulseTime counts tenths of a second up to 11.1 s, above that seconds from 100 on: the board ends it, also without a
  // command.
  const pulse =
    seconds <= 11 ? Math.max(1, Math.round(seconds * 10)) : Math.min(64_900, Math.round(seconds) + 100)
  return {
    topic: `${topic}Backlog`,
    payload: `PulseTime${output} ${pulse}; Power${output} ON`,
    qos: 1,
    answer,
  }
}

export const tasmota: Dialect = {
  name: 'tasmota',
  repeats: { by: 'content', windowMs: contentWindowMs },
  // With a configured base it may not send for another board.
  topics: ({ base }) => ({
    publish: [
      ...(base === undefined
        ? ['tele/#', 'stat/#', '+/tele/#', '+/stat/#']
        : [`tele/${base}/#`, `stat/${base}/#`, `${base}/tele/#`, `${base}/stat/#`]),
      'tasmota/discovery/#',
      'homeassistant/#',
    ],
    subscribe: [
      ...(base === undefined ? ['cmnd/#', '+/cmnd/#'] : [`cmnd/${base}/#`, `${base}/cmnd/#`]),
      'cmnd/tasmotas/#',
      'cmnd/+/#',
      'tasmota/discovery/#',
    ],
  }),
  claims: (topic) =>
    /^(tele|stat|cmnd)\/.|^tasmota\/discovery\//.test(topic) ||
    /\/(tele|stat)\/(LWT|STATE|SENSOR|RESULT|ZbReceived|POWER\d*|SWITCH\d*|BUTTON\d*|INFO\d|STATUS\d*)$/.test(
      topic,
    ),
  decode,
  encode,
}
