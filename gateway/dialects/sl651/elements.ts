// The body of an SL 651 report (clause 6.6): serial number, send time, then for each station its address, its kind, the
// time of observation and elements of annex C. HEX: one byte of identifier, one byte of width and decimals, BCD digits.
// ASCII: names and numbers between spaces.
import type { DialectReadings } from '../port.ts'
import { byCode, byWord, identifier, stateOf, type Element } from './element-table.ts'

/** What one station of a report says. */
export interface Section {
  /** Undefined: the station of the frame. */
  station?: string
  kind?: string
  observedAtMs?: number
  readings: DialectReadings
  /** Set if the report contains the state of the station. */
  faults?: string[]
}

export interface Report {
  serial: string
  /** Digits as sent, yyMMddHHmmss. */
  sentAt: string
  sections: Section[]
  problem?: string
}

/** Recorders send China's time without a zone. */
const zoneMs = 8 * 3_600_000
/** Stations of one report (6.6.2.7); beyond it the report is not read. */
const sectionsMax = 16
/** Text that a person entered at the station. */
const manualCharactersMax = 200

/** yyMMddHHmm or with seconds; undefined for an invalid date. */
export function timeOf(digits: string): number | undefined {
  if (!/^(\d\d){5,6}$/.test(digits)) return undefined
  const part = (at: number): number => Number(digits.slice(at * 2, at * 2 + 2))
  const [year, month, day, hour, minute, second] = [0, 1, 2, 3, 4, 5].map(part) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const ms = Date.UTC(2000 + year, month - 1, day, hour, minute, second) - zoneMs
  const back = new Date(ms + zoneMs)
  const isDate =
    back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  return isDate ? ms : undefined
}

/** 6.6.3.3: FF before the digits is the minus sign; all A or all F is "no value". */
function numberOf(hex: string, decimals: number): number | null {
  if (/^(A+|F+)$/.test(hex)) return null
  const isNegative = hex.startsWith('FF')
  const digits = isNegative ? hex.slice(2) : hex
  if (!/^\d+$/.test(digits)) return null
  const value = Number(digits) / 10 ** decimals
  return isNegative ? -value : value
}

/** Collects the sections; each value has the time of observation before it, and of two the newer counts. */
class Sections {
  readonly all: Section[] = []
  #times = new Map<string, number>()
  #time: number | undefined

  get current(): Section {
    const last = this.all.at(-1)
    if (last) return last
    const first: Section = { readings: {} }
    this.all.push(first)
    return first
  }

  begin(station: string): void {
    this.all.push({ station, readings: {} })
    this.#times = new Map()
    this.#time = undefined
  }

  observe(ms: number | undefined): void {
    if (ms === undefined) return
    this.#time = ms
    this.#noteTime(ms)
  }

  #noteTime(ms: number): void {
    const { observedAtMs } = this.current
    if (observedAtMs === undefined || ms > observedAtMs) this.current.observedAtMs = ms
  }

  put({ reading, factor = 1 }: Element, value: number | null, time = this.#time ?? 0): void {
    const before = this.#times.get(reading)
    // At the same time the first one counts: a river's level before a reservoir's.
    if (before !== undefined && before >= time) return
    this.#times.set(reading, time)
    this.current.readings[reading] = value === null ? null : Math.round(value * factor * 1000) / 1000
  }

  /** Values at even intervals (6.6.4.4): the newest one that is known. */
  putSeries(element: Element, values: readonly (number | null)[], stepMs: number): void {
    const last = values.findLastIndex((value) => value !== null)
    const at = last < 0 ? values.length - 1 : last
    if (at < 0) return
    const time = (this.#time ?? 0) + at * stepMs
    if (this.#time !== undefined) this.#noteTime(time)
    this.put(element, values[at] ?? null, time)
  }
}

/** Steps in the HEX form: days, hours and minutes, one byte of digits each (table C.3). */
function stepOf(hex: string): number {
  const [days = 0, hours = 0, minutes = 0] = [0, 2, 4].map((at) => Number(hex.slice(at, at + 2)))
  return ((days * 24 + hours) * 60 + minutes) * 60_000
}

/** Twelve tenths of millimetres, FF is "no value": the rain of an hour. */
function rainOf(hex: string): number | null {
  const known = (hex.match(/../g) ?? [])
    .map((pair) => Number.parseInt(pair, 16))
    .filter((one) => one !== 0xff)
  return known.length === 0 ? null : known.reduce((sum, tenths) => sum + tenths, 0) / 10
}

export function parseBody(body: Uint8Array): Report | string {
  const hex = Buffer.from(body).toString('hex').toUpperCase()
  if (hex.length < 16) return 'shorter than a serial number and a time'
  const sections = new Sections()
  const problem = readElements(hex.slice(16), sections)
  const report = { serial: hex.slice(0, 4), sentAt: hex.slice(4, 16), sections: sections.all }
  return problem === undefined ? report : { ...report, problem }
}

/** Returns the problem, if there is one. */
function readElements(hex: string, sections: Sections): string | undefined {
  let at = 0
  let stepMs: number | undefined
  const take = (digits: number): string => hex.slice(at, (at += digits))
  while (at < hex.length) {
    const code = Number.parseInt(take(2), 16)
    const width = Number.parseInt(take(2), 16)
    if (code === identifier.station && width === code) {
      if (sections.all.length >= sectionsMax) return 'too many stations'
      sections.begin(take(10))
      sections.current.kind = Buffer.from(take(2), 'hex').toString('latin1')
      continue
    }
    if (code === identifier.time && width === code) {
      sections.observe(timeOf(take(10)))
      continue
    }
    // Texts, pictures and mass data have no width: they are the rest of the report.
    if (code === identifier.manual) {
      const text = Buffer.from(hex.slice(at), 'hex').toString('latin1').trim()
      sections.current.readings['manualText'] = text.slice(0, manualCharactersMax)
      return undefined
    }
    if (code === identifier.picture || code === 0xfd || Number.isNaN(width)) return undefined
    // FF: the identifier continues in the next byte (extended by makers).
    const isExtended = code === 0xff
    const given = isExtended ? Number.parseInt(take(2), 16) : width
    const digits = (given >> 3) * 2
    const element = isExtended ? undefined : byCode.get(code)
    if (stepMs !== undefined && stepMs > 0) {
      if (digits === 0) return 'a series without a width'
      const values = hex.slice(at).match(new RegExp(`.{${digits}}`, 'g')) ?? []
      if (element)
        sections.putSeries(
          element,
          values.map((one) => numberOf(one, given & 7)),
          stepMs,
        )
      return undefined
    }
    const value = take(digits)
    if (value.length < digits || Number.isNaN(given)) return 'the last element is cut off'
    if (element) sections.put(element, numberOf(value, given & 7))
    else if (code === identifier.step) stepMs = stepOf(value)
    else if (code === identifier.rainSeries) sections.put({ reading: 'rainHourMm' }, rainOf(value))
    else if (code === identifier.status) putState(sections.current, value)
  }
  return undefined
}

function putState(section: Section, hex: string): void {
  const { readings, faults } = stateOf(Number.parseInt(hex, 16))
  Object.assign(section.readings, readings)
  section.faults = faults
}

const isValue = (word: string | undefined): word is string =>
  word !== undefined && /^([+-]?\d+(\.\d+)?|M)$/i.test(word)
const valueOf = (word: string): number | null => (/^M$/i.test(word) ? null : Number(word))

/** `0001 240101080000 ST 0012345678 H TT 2401010800 PJ 0.5 Z 12.345 VT 12.1`; the first two may be joined. */
export function parseText(body: Uint8Array): Report | string {
  const text = Buffer.from(body).toString('latin1')
  const start = /^\s*([0-9A-Fa-f]{4})\s*(\d{12})\s*/.exec(text)
  if (!start) return 'no serial number and time'
  const [all, serial = '', sentAt = ''] = start
  const sections = new Sections()
  const problem = readWords(text.slice(all.length).trim().split(/\s+/), sections)
  const report = { serial: serial.toUpperCase(), sentAt, sections: sections.all }
  return problem === undefined ? report : { ...report, problem }
}

function readWords(words: readonly string[], sections: Sections): string | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toUpperCase()
    if (word === '') continue
    const step = /^DR([DHN])(\d\d)$/.exec(word)
    if (step && step[2] !== '00') {
      readSeries(words.slice(at + 1), stepOfWord(step), sections)
      return undefined
    }
    if (word === 'RGZS') {
      sections.current.readings['manualText'] = words
        .slice(at + 1)
        .join(' ')
        .slice(0, manualCharactersMax)
      return undefined
    }
    if (word === 'PIC') return undefined
    const next = words[++at] ?? ''
    if (word === 'ST') {
      if (sections.all.length >= sectionsMax) return 'too many stations'
      sections.begin(next)
      if (/^[A-Z]$/i.test(words[at + 1] ?? '')) sections.current.kind = words[++at] ?? ''
    } else if (word === 'TT') sections.observe(timeOf(next))
    else if (word === 'ZT' && /^[0-9A-F]{8}$/i.test(next)) putState(sections.current, next)
    else {
      const element = byWord.get(word)
      if (element) sections.put(element, isValue(next) ? valueOf(next) : null)
    }
  }
  return undefined
}

const stepOfWord = ([, unit, count]: RegExpExecArray): number =>
  Number(count) * ({ D: 1440, H: 60, N: 1 }[unit ?? ''] ?? 0) * 60_000

/** The names of the elements, then one value of each for each time; M where there is none. */
function readSeries(words: readonly string[], stepMs: number, sections: Sections): void {
  const first = words.findIndex(isValue)
  if (first < 1) return
  const names = words.slice(0, first)
  const values = words.slice(first).filter(isValue)
  names.forEach((name, place) => {
    const element = byWord.get(name.toUpperCase())
    const own = values.filter((_value, at) => at % names.length === place).map(valueOf)
    if (element) sections.putSeries(element, own, stepMs)
  })
}
