// The body of an SL 651 report: serial number, send time, station, kind of station, time of observation, then elements
// (annex C): one byte of identifier, one byte of width and decimals, BCD digits. The ASCII form writes names and
// numbers.
import type { DialectReadings } from '../port.ts'

export interface Report {
  serial: string
  /** Digits as sent, yyMMddHHmmss. */
  sentAt: string
  observedAtMs?: number
  stationKind?: string
  readings: DialectReadings
  /** Elements that are not used here, by identifier. */
  others: number
  problem?: string
}

/** Recorders send China's time without a zone. */
const zoneMs = 8 * 3_600_000

type Name =
  | 'waterLevelMm'
  | 'rainMm'
  | 'rainTotalMm'
  | 'rainDayMm'
  | 'batteryVolts'
  | 'temperatureC'
  | 'waterTemperatureC'

interface Element {
  name: Name
  factor: number
}

const level: Element = { name: 'waterLevelMm', factor: 1000 }
/** Annex C by identifier of the HEX form and by the word of the ASCII form. */
const byCode: Readonly<Record<number, Element>> = {
  0x02: { name: 'temperatureC', factor: 1 },
  0x03: { name: 'waterTemperatureC', factor: 1 },
  0x1f: { name: 'rainDayMm', factor: 1 },
  0x20: { name: 'rainMm', factor: 1 },
  0x26: { name: 'rainTotalMm', factor: 1 },
  0x38: { name: 'batteryVolts', factor: 1 },
  0x39: level,
}
const byWord: Readonly<Record<string, Element>> = {
  AI: { name: 'temperatureC', factor: 1 },
  C: { name: 'waterTemperatureC', factor: 1 },
  PD: { name: 'rainDayMm', factor: 1 },
  PJ: { name: 'rainMm', factor: 1 },
  PT: { name: 'rainTotalMm', factor: 1 },
  VT: { name: 'batteryVolts', factor: 1 },
  Z: level,
}
/** 库上水位 (above the dam): the level of a reservoir's station, which sends no river level. */
const reservoirCode = 0x3b
const reservoirWord = 'ZU'

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

/** BCD; FF before the digits is the minus sign; all A or all F is "no value". */
function numberOf(hex: string, decimals: number): number | null {
  if (/^(A+|F+)$/.test(hex)) return null
  const isNegative = hex.startsWith('FF')
  const digits = isNegative ? hex.slice(2) : hex
  if (!/^\d+$/.test(digits)) return null
  const value = Number(digits) / 10 ** decimals
  return isNegative ? -value : value
}

function put(report: Report, { name, factor }: Element, value: number | null): void {
  // The first one counts: five-minute series repeat the element after it.
  if (report.readings[name] !== undefined) return
  report.readings[name] = value === null ? null : Math.round(value * factor * 1000) / 1000
}

export function parseBody(body: Uint8Array): Report | string {
  const hex = Buffer.from(body).toString('hex').toUpperCase()
  if (hex.length < 16) return 'shorter than a serial number and a time'
  const report: Report = { serial: hex.slice(0, 4), sentAt: hex.slice(4, 16), readings: {}, others: 0 }
  let at = 16
  const take = (digits: number): string => hex.slice(at, (at += digits))
  while (at < hex.length) {
    const code = Number.parseInt(take(2), 16)
    const width = Number.parseInt(take(2), 16)
    if (code === 0xf1 && width === 0xf1) {
      take(10)
      report.stationKind = Buffer.from(take(2), 'hex').toString('latin1')
      continue
    }
    if (code === 0xf0 && width === 0xf0) {
      const observed = timeOf(take(10))
      // A second time begins an older set of values: the first set of a report is the newest.
      if (observed !== undefined) report.observedAtMs ??= observed
      continue
    }
    // F2 (pictures), F3 and others have no width, so they can not be skipped.
    if (code === 0xf2 || code === 0xf3 || Number.isNaN(width)) break
    // FF: the identifier continues in the next byte (extended by makers).
    const isExtended = code === 0xff
    const given = isExtended ? Number.parseInt(take(2), 16) : width
    const digits = (given >> 3) * 2
    const value = take(digits)
    if (value.length < digits || Number.isNaN(given)) {
      report.problem = 'the last element is cut off'
      break
    }
    const element = isExtended ? undefined : code === reservoirCode ? level : byCode[code]
    if (element) put(report, element, numberOf(value, given & 7))
    else report.others++
  }
  return report
}

/** `0001 240101080000 ST 0012345678 H TT 2401010800 PJ 0.5 Z 12.345 VT 12.1`; the first two may be joined. */
export function parseText(body: Uint8Array): Report | string {
  const text = Buffer.from(body).toString('latin1')
  const start = /^\s*([0-9A-Fa-f]{4})\s*(\d{12})\s*/.exec(text)
  if (!start) return 'no serial number and time'
  const [all, serial = '', sentAt = ''] = start
  const report: Report = { serial: serial.toUpperCase(), sentAt, readings: {}, others: 0 }
  const words = text.slice(all.length).trim().split(/\s+/)
  for (let at = 0; at < words.length; at++) {
    const word = (words[at] ?? '').toUpperCase()
    if (word === '') continue
    const next = words[++at] ?? ''
    if (word === 'ST') {
      if (/^[A-Z]$/i.test(words[at + 1] ?? '')) report.stationKind = words[++at] ?? ''
      continue
    }
    if (word === 'TT') {
      const observed = timeOf(next)
      if (observed !== undefined) report.observedAtMs ??= observed
      continue
    }
    const element = word === reservoirWord ? level : byWord[word]
    if (!element) report.others++
    else put(report, element, /^[+-]?\d+(\.\d+)?$/.test(next) ? Number(next) : null)
  }
  return report
}
