// The event message of the native dialect: flat JSON, `id`, optional `at`, the rest readings with the unit in the name.
import type { DeviceEvent, SetAside } from '../domain/event.ts'
import { plainText, withPlainText } from '../domain/plain-text.ts'
import { isWallMs, nestingMax } from '../domain/limits.ts'
import { messageIdPattern } from '../domain/names.ts'
import { buttonPresses, contactStates, mainsStates, type Readings } from '../domain/reading.ts'
import { isNestedDeeper, isObject, parseJson } from '../kit/parse-json.ts'
import { bad, ok, type Result } from '../kit/result.ts'
import { repairJson, nameAside } from './repair-json.ts'

/** Largest event payload in bytes. */
export const eventBytesMax = 8192
/** Most unknown keys in one event; further ones are set aside. */
export const eventKeysMax = 64

const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const isFiniteNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)

const isListOfWords = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= 16 && value.every((one) => typeof one === 'string')

interface ReadingRule {
  accepts: (value: unknown) => boolean
  expected: string
}

const oneOf = (words: readonly string[]): ReadingRule => ({
  accepts: (value) => typeof value === 'string' && words.includes(value),
  expected: words.join(' or '),
})
const trueOrFalse: ReadingRule = { accepts: isBoolean, expected: 'true or false' }
const number: ReadingRule = { accepts: isFiniteNumber, expected: 'a number' }

const readingRules = new Map<string, ReadingRule>([
  ['contact', oneOf(contactStates)],
  ['button', oneOf(buttonPresses)],
  ['waterLevelMm', number],
  ['motion', trueOrFalse],
  ['smoke', trueOrFalse],
  ['gas', trueOrFalse],
  ['leak', trueOrFalse],
  ['tamper', trueOrFalse],
  ['mains', oneOf(mainsStates)],
  ['batteryPercent', number],
  ['signalDbm', number],
  ['temperatureC', number],
  ['humidityPercent', number],
  ['carbonMonoxide', trueOrFalse],
  ['vibration', trueOrFalse],
  ['batteryLow', trueOrFalse],
  ['faults', { accepts: isListOfWords, expected: 'a list of words, at most 16' }],
])

/** Names of the readings that are checked, and that the alarm engine uses. */
export const knownReadings: readonly string[] = [...readingRules.keys()]

/** Keys that would change an object's prototype; no device needs to send them. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** Begins the ids that the box assigns where a device's own id can not be used. A repeat is recognised by its `id`. */
const madeIdPrefix = 'id-'

/** Two rounds of FNV-1a: the same invalid id gives the same assigned one, so that a repeat is recognised. */
function hashed(text: string): string {
  const round = (seed: number): string => {
    let sum = seed
    for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193)
    return (sum >>> 0).toString(16).padStart(8, '0')
  }
  return madeIdPrefix + round(0x811c9dc5) + round(0x9dc5811c)
}

const shown = (value: unknown): string => {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return '' // nested too deep to be written
  }
}

/**
 * The message's own id, unchanged or derived from an invalid one; empty if missing: such a message is never a repeat.
 */
function readId(id: unknown, aside: SetAside[]): string {
  if (typeof id === 'string' && messageIdPattern.test(id)) return id
  if (id === undefined || id === null || id === '') {
    nameAside(aside, 'id', '', 'missing: a repeat of this message can not be told from a new one')
    return ''
  }
  nameAside(
    aside,
    'id',
    isNestedDeeper(id, nestingMax) ? '' : shown(id),
    '1 to 64 printable ASCII characters, like "7-42"',
  )
  if (typeof id === 'number') return String(id)
  return isNestedDeeper(id, nestingMax) ? '' : hashed(shown(id))
}

interface Opened {
  value: Record<string, unknown>
  badKeys: ReadonlySet<string>
}
const noKeys: ReadonlySet<string> = new Set()
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })

/** The object in the payload, repaired if it is not valid JSON. */
function open(payload: Uint8Array | string, aside: SetAside[]): Result<Opened> {
  const json = parseJson(payload, eventBytesMax)
  if (json.ok)
    return isObject(json.value)
      ? ok({ value: json.value, badKeys: noKeys })
      : bad('an object, like {"id":"7-42","contact":"open"}')
  if (payload.length > eventBytesMax) return json
  const text = typeof payload === 'string' ? payload : lossy.decode(payload)
  if (text.includes('\uFFFD'))
    nameAside(aside, '', text.slice(Math.max(0, text.indexOf('\uFFFD') - 20)), 'not UTF-8')
  const repaired = repairJson(text, aside)
  const again = repaired && parseJson(repaired.text, 2 * eventBytesMax)
  if (!again?.ok || !isObject(again.value)) return json
  return ok({ value: again.value, badKeys: repaired?.badKeys ?? noKeys })
}

/**
 * Decodes an event payload from `device`: UTF-8, or text if it is plain ASCII. Valid parts of a message count: a call
 * for help with a battery of `null` is a call for help. Invalid parts are named in `setAside` and are not among the
 * readings. Unknown keys are kept. `messageId` is empty if the device gave none. Never throws; not ok when it contains
 * no object at all.
 */
export function parseDeviceEvent(device: string, payload: Uint8Array | string): Result<DeviceEvent> {
  const aside: SetAside[] = []
  const opened = open(payload, aside)
  if (!opened.ok) return opened
  const { value: message, badKeys } = opened.value
  const readings: Record<string, unknown> = {}
  let names = 0
  // Copied in a loop: leaving out two keys with `...rest` is the most expensive step of reading an event.
  for (const name of Object.keys(message)) {
    if (name === 'id' || name === 'at' || badKeys.has(name)) continue
    const value = message[name]
    const rule = readingRules.get(name)
    if (rule) {
      if (rule.accepts(value)) readings[name] = value
      else nameAside(aside, name, isNestedDeeper(value, nestingMax) ? '' : shown(value), rule.expected)
    } else if (forbiddenKeys.has(name)) nameAside(aside, name, '', 'not a name for a reading')
    else if (isNestedDeeper(value, nestingMax))
      nameAside(aside, name, '', `nested more than ${nestingMax} levels deep`)
    else if (plainText(name) !== name) nameAside(aside, name, shown(value), 'hidden characters in the name')
    else if (++names > eventKeysMax) nameAside(aside, name, shown(value), `at most ${eventKeysMax} keys`)
    // Only an unknown key can be text.
    else readings[name] = withPlainText(value)
  }
  const event: DeviceEvent = {
    device,
    messageId: readId(message['id'], aside),
    readings: readings as Readings,
  }
  const { at } = message
  // A device time beyond the year 9999 is ignored; the event is not.
  if (isWallMs(at)) event.deviceAtMs = at
  else if (at !== undefined && !badKeys.has('at'))
    nameAside(
      aside,
      'at',
      isNestedDeeper(at, nestingMax) ? '' : shown(at),
      'milliseconds since 1970, a number',
    )
  if (aside.length > 0) event.setAside = aside
  return ok(event)
}

/** The payload a device sends: `parseDeviceEvent(device, encodeDeviceEvent(event))` gives the event back. */
export function encodeDeviceEvent(event: Omit<DeviceEvent, 'device'>): Uint8Array {
  const { messageId, deviceAtMs, readings } = event
  return new TextEncoder().encode(
    JSON.stringify({ id: messageId, ...(deviceAtMs === undefined ? {} : { at: deviceAtMs }), ...readings }),
  )
}
