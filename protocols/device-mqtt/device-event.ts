// The event message of the native dialect: flat JSON, `id`, optional `at`, the rest readings with the unit in the name.
import type { DeviceEvent } from '../domain/event.ts'
import { isWallMs, nestingMax } from '../domain/limits.ts'
import { messageIdPattern } from '../domain/names.ts'
import { buttonPresses, contactStates, mainsStates, type Readings } from '../domain/reading.ts'
import { isNestedDeeper, isObject, parseJson } from '../kit/parse-json.ts'
import { bad, ok, type Problem, type Result } from '../kit/result.ts'

/** Largest event payload in bytes. */
export const eventBytesMax = 8192
/** Most keys in one event; more is a fault of the firmware, not a reading. */
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

/** Names of the readings that are checked, and that mean something to the alarm engine. */
export const knownReadings: readonly string[] = [...readingRules.keys()]

/** Keys that would reach into an object's prototype; no device has a reason to send them. */
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

const noProblems: readonly Problem[] = []
const badId: Problem = { path: 'id', message: '1 to 64 printable ASCII characters, like "7-42"' }

/**
 * Decodes an event payload from `device`: UTF-8, or text where it is plain ASCII. A known reading of the wrong type makes the
 * whole message unreadable: half a message acted upon is worse than one in quarantine. Unknown keys pass through. Never throws.
 */
export function parseDeviceEvent(device: string, payload: Uint8Array | string): Result<DeviceEvent> {
  const json = parseJson(payload, eventBytesMax)
  if (!json.ok) return json
  if (!isObject(json.value)) return bad('an object, like {"id":"7-42","contact":"open"}')
  // Copied by hand: leaving out two keys with `...rest` is the dearest step of reading an event.
  const { id, at } = json.value
  const readings: Record<string, unknown> = {}
  let problems = noProblems
  let names = 0
  for (const name of Object.keys(json.value)) {
    if (name === 'id' || name === 'at') continue
    names++
    if (forbiddenKeys.has(name)) {
      problems = [...problems, { path: name, message: 'not a name for a reading' }]
      continue
    }
    const value = json.value[name]
    readings[name] = value
    if (isNestedDeeper(value, nestingMax))
      problems = [...problems, { path: name, message: `nested more than ${nestingMax} levels deep` }]
    const rule = readingRules.get(name)
    if (rule && !rule.accepts(value)) problems = [...problems, { path: name, message: rule.expected }]
  }
  if (names > eventKeysMax) problems = [{ path: '', message: `at most ${eventKeysMax} keys` }, ...problems]
  if (at !== undefined && !isFiniteNumber(at))
    problems = [{ path: 'at', message: 'milliseconds since 1970, a number' }, ...problems]
  if (typeof id !== 'string' || !messageIdPattern.test(id))
    return { ok: false, problems: [badId, ...problems] }
  if (problems.length > 0) return { ok: false, problems: [...problems] }
  const event: DeviceEvent = { device, messageId: id, readings: readings as Readings }
  // A clock beyond the year 9999 says nothing; the event does.
  if (isWallMs(at)) event.deviceAtMs = at
  return ok(event)
}

/** The payload a device sends: `parseDeviceEvent(device, encodeDeviceEvent(event))` gives the event back. */
export function encodeDeviceEvent(event: Omit<DeviceEvent, 'device'>): Uint8Array {
  const { messageId, deviceAtMs, readings } = event
  return new TextEncoder().encode(
    JSON.stringify({ id: messageId, ...(deviceAtMs === undefined ? {} : { at: deviceAtMs }), ...readings }),
  )
}
