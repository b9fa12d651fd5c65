// The dense form of a Report: the same records as columns of small differences, so that a thin link carries twice as many.
import { clockQualities } from '../domain/event.ts'
import { lanes } from '../domain/colour.ts'
import { contactStates, mainsStates, type buttonPresses } from '../domain/reading.ts'
import { isObject } from '../kit/parse-json.ts'
import type { Skipped } from './report.ts'

/** The name of the form in a Receipt's `forms`; it begins the Report: `[2, ...]`. */
export const denseForm = 2

/** Readings by number. Part of the form: only ever append. */
export const denseReadings = [
  'contact',
  'button',
  'waterLevelMm',
  'motion',
  'smoke',
  'gas',
  'leak',
  'tamper',
  'mains',
  'batteryPercent',
  'signalDbm',
  'temperatureC',
  'humidityPercent',
] as const
/** Newer presses travel as words: a centre of before has no number for them. */
const numberedPresses = ['pressed', 'held', 'double', 'duress'] satisfies (typeof buttonPresses)[number][]
/** Values by number, in columns that contain nothing else. Part of the form: only ever append. */
export const denseWords: readonly unknown[] = [
  false,
  true,
  ...contactStates,
  ...numberedPresses,
  ...mainsStates,
]

export interface DenseParts {
  epoch: string
  lane: (typeof lanes)[number]
  first: number
  records: readonly unknown[]
  skipped?: readonly Skipped[] | undefined
}

interface EventRow {
  sequence: number
  boot: number
  sinceBootMs: number
  atMs: number
  clock: (typeof clockQualities)[number]
  device: string
  messageId: string
  deviceAtMs?: number
  readings: Record<string, unknown>
}

const eventKeys = new Set([
  'type',
  'sequence',
  'boot',
  'sinceBootMs',
  'atMs',
  'clock',
  'device',
  'messageId',
  'readings',
])

/** The records as `[2, epoch, lane, first, skipped, shapes, which, rest, sequences, sinceBoot, offsets, devices, ids, deviceAt, columns]`. */
export function encodeDense(parts: DenseParts): unknown[] {
  const shapes: unknown[][] = []
  const shapeNumbers = new Map<string, number>()
  const which: number[] = []
  const rest: unknown[] = []
  const rows: EventRow[] = []
  const columns: unknown[][][] = []
  for (const record of parts.records) {
    if (!isPlainEvent(record)) {
      which.push(-1)
      rest.push(record)
      continue
    }
    const keys = Object.keys(record.readings).map((key) => keyCode(key, record.readings[key]))
    const hasDeviceAt = record.deviceAtMs === undefined ? 0 : 1
    const shape = [record.boot, clockQualities.indexOf(record.clock), hasDeviceAt, ...keys]
    const name = JSON.stringify(shape)
    const number = shapeNumbers.get(name) ?? shapes.push(shape) - 1
    shapeNumbers.set(name, number)
    which.push(number)
    rows.push(record)
    const values = Object.values(record.readings)
    const into = (columns[number] ??= values.map(() => []))
    for (const [index, value] of values.entries()) {
      const key = keys[index]
      into[index]?.push(typeof key === 'number' && key < 0 ? denseWords.indexOf(value) : value)
    }
  }
  return [
    denseForm,
    parts.epoch,
    lanes.indexOf(parts.lane),
    parts.first,
    (parts.skipped ?? []).map(({ from, to, reason }) => [from, to, reason]),
    shapes,
    which,
    rest,
    differences(rows.map((row, index) => row.sequence - index)),
    differences(rows.map((row) => row.sinceBootMs)),
    differences(rows.map((row) => row.atMs - row.sinceBootMs)),
    encodeDevices(rows),
    encodeIds(rows),
    rows.flatMap((row) => (row.deviceAtMs === undefined ? [] : [row.deviceAtMs - row.atMs])),
    columns,
  ]
}

/** Events whose fields all fit the columns exactly; any other record is complete in `rest`. */
function isPlainEvent(record: unknown): record is EventRow {
  if (!isObject(record) || record.type !== 'event' || !isObject(record.readings)) return false
  const { sequence, boot, sinceBootMs, atMs, deviceAtMs } = record
  for (const key of Object.keys(record)) if (!eventKeys.has(key) && key !== 'deviceAtMs') return false
  if ('deviceAtMs' in record && !isSmallInteger(deviceAtMs)) return false
  return (
    [sequence, boot, sinceBootMs, atMs].every(isSmallInteger) &&
    (clockQualities as readonly unknown[]).includes(record.clock) &&
    isToken(record.device) &&
    isToken(record.messageId)
  )
}

/** Whole numbers whose sums and differences are still exact. */
function isSmallInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 50
}

function isToken(text: unknown): boolean {
  return typeof text === 'string' && /^[^\s*][^\s]*$/.test(text)
}

/** A known reading by its number, negative (-1 - number) when its value is a known word; any other by its name. */
function keyCode(key: string, value: unknown): string | number {
  const number = (denseReadings as readonly string[]).indexOf(key)
  if (number < 0) return key
  return denseWords.includes(value) ? -1 - number : number
}

function differences(values: readonly number[]): number[] {
  return values.map((value, index) => value - (values[index - 1] ?? 0))
}

/** Device ids separated by a space; a repeated one is `*` and the number of other devices new since. */
function encodeDevices(rows: readonly EventRow[]): string {
  const seen = new Map<string, number>()
  return rows
    .map(({ device }) => {
      const number = seen.get(device)
      if (number !== undefined) return `*${seen.size - 1 - number}`
      seen.set(device, seen.size)
      return device
    })
    .join(' ')
}

/** Message ids separated by a space; empty for the successor of that device's last one: `7-42`, `7-43`. */
function encodeIds(rows: readonly EventRow[]): string {
  const before = new Map<string, string>()
  return rows
    .map(({ device, messageId }) => {
      const expected = following(before.get(device))
      before.set(device, messageId)
      return messageId === expected ? '' : messageId
    })
    .join(' ')
}

/** The id after `id` for a device that counts: the last number plus one. */
export function following(id: string | undefined): string | undefined {
  const match = id === undefined ? null : /^(.*?)(0|[1-9]\d{0,14})$/.exec(id)
  return match ? `${match[1]}${Number(match[2]) + 1}` : undefined
}
