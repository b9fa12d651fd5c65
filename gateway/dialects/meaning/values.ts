// Values in the makers' forms, and their meaning. Unknown is null, never a guess; a meaningless value is undefined.
import { nestingMax } from '../../../protocols/domain/limits.ts'
import { deviceIdPattern } from '../../../protocols/domain/names.ts'
import { cutNesting, isObject, parseJson } from '../../../protocols/kit/parse-json.ts'
import { ok, type Result } from '../../../protocols/kit/result.ts'

/** Largest payload that a dialect parses as JSON; a list of two thousand Zigbee devices is some 8 MB. */
export const jsonBytesMax = 16 * 1024 * 1024

const yes = new Set(['true', 'on', '1', 'yes', 'detected', 'alarm', 'active', 'triggered', 'wet'])
const no = new Set(['false', 'off', '0', 'no', 'clear', 'normal', 'inactive', 'none', 'dry', 'cleared'])
const unknownWords = new Set(['', 'null', 'unknown', 'unavailable', 'none', 'nan', 'n/a'])

const text = new TextDecoder()

export const textOf = (payload: Uint8Array): string => text.decode(payload)

/** JSON of a device or bridge. Dialects and their documents walk through it, so that deeper parts are null. */
export function jsonOf(payload: Uint8Array, bytesMax = jsonBytesMax): Result<unknown> {
  const json = parseJson(payload, bytesMax)
  return json.ok ? ok(cutNesting(json.value, nestingMax)) : json
}

/** A JSON object, or undefined. */
export function objectOf(payload: Uint8Array): Record<string, unknown> | undefined {
  const json = jsonOf(payload)
  return json.ok && isObject(json.value) ? json.value : undefined
}

/** The JSON value, or the text if it is not JSON. */
export function valueOf(payload: Uint8Array): unknown {
  const json = jsonOf(payload)
  return json.ok ? json.value : textOf(payload)
}

/** True, false, or null: the device has no value, or the value is neither. */
export function flagOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value === 1 ? true : value === 0 ? false : null
  if (typeof value !== 'string') return null
  const word = value.trim().toLowerCase()
  return yes.has(word) ? true : no.has(word) ? false : null
}

/** A finite number, also written as text; null otherwise. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string' || unknownWords.has(value.trim().toLowerCase())) return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

function within(value: unknown, min: number, max: number): number | null {
  const number = numberOf(value)
  return number === null || number < min || number > max ? null : number
}

/** -1, 255 and 999 mean "not known" in many makes. */
export const percentOf = (value: unknown): number | null => within(value, 0, 100)
export const temperatureOf = (value: unknown): number | null => within(value, -90, 250)
export const signalOf = (value: unknown): number | null => within(value, -200, 20)

const round = (value: number): number => Math.round(value * 1000) / 1000
const scaled = (value: unknown, factor: number): number | null => {
  const number = numberOf(value)
  return number === null ? null : round(number * factor)
}
/** Lengths in the unit of the message; undefined for a unit that is no length. */
export function millimetresOf(value: unknown, unit: string): number | null | undefined {
  const factor = { mm: 1, cm: 10, dm: 100, m: 1000, ft: 304.8, in: 25.4 }[unit.trim().toLowerCase()]
  return factor === undefined ? undefined : scaled(value, factor)
}
export const celsiusOf = (value: unknown, unit = ''): number | null => {
  const number = numberOf(value)
  const isFahrenheit = /f/i.test(unit)
  return number === null ? null : temperatureOf(isFahrenheit ? round(((number - 32) * 5) / 9) : number)
}

/** `true` where the maker's "yes" means open. */
export function contactOf(value: unknown, isOpenWhenTrue: boolean): 'open' | 'closed' | null {
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    if (word === 'open' || word === 'opened') return 'open'
    if (word === 'closed' || word === 'close') return 'closed'
  }
  const flag = flagOf(value)
  return flag === null ? null : flag === isOpenWhenTrue ? 'open' : 'closed'
}

/** A name or address as a device id: characters that are not allowed become a dash. */
export function deviceIdOf(name: string): string {
  if (deviceIdPattern.test(name)) return name
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 48)
  // Chinese names leave few allowed characters: a hash of the rest keeps them distinct.
  const sum = Array.from(name).reduce((hash, letter) => (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7)
  return `${plain === '' ? 'device' : plain}-${sum.toString(36)}`
}

/** Twelve hex digits of a MAC in any of its spellings, lower case; undefined for anything else. */
export function macOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const digits = value.replaceAll(/[^0-9A-Fa-f]/g, '').toLowerCase()
  return digits.length === 12 && /^[0-9A-Fa-f:.\- ]+$/.test(value) ? digits : undefined
}

/** Wall time in ms from a number (seconds or milliseconds) or an ISO text. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || value <= 0) return undefined
    return value < 1e11 ? Math.round(value * 1000) : Math.round(value)
  }
  if (typeof value !== 'string') return undefined
  const ms = Date.parse(value)
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
