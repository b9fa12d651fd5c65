// Reads the dense form of a Report back into its readable form. Input is not trusted: never throws.
import { z } from 'zod'
import { clockQualities } from '../domain/event.ts'
import { lanes } from '../domain/colour.ts'
import { eventBytesMax } from '../device-mqtt/device-event.ts'
import { textLengths } from '../domain/limits.ts'
import { fromZod } from '../kit/from-zod.ts'
import { bad, ok, type Result } from '../kit/result.ts'
import { denseForm, denseReadings, denseWords, following } from './dense-report.ts'
import { reportRecordsMax } from './report.ts'

/**
 * Characters of names that the columns may expand to: a name or id is stored once in the form and repeated in each
 * record.
 */
const unfoldedCharsMax = 4 * 1024 * 1024
/** A device or message id has at most 64. */
const tokenCharsMax = 64

const whole = z.number().int()
const list = <T extends z.ZodType>(item: T) => z.array(item).max(reportRecordsMax)

const denseSchema = z.tuple([
  z.literal(denseForm),
  z.string(),
  whole.min(0).max(lanes.length - 1),
  whole,
  z.array(z.tuple([whole, whole, z.string().max(textLengths.reason)])).max(100),
  list(
    z
      .tuple([whole, whole.min(0).max(clockQualities.length - 1), whole.min(0).max(1)])
      .rest(z.union([z.string().max(eventBytesMax), whole])),
  ),
  list(whole.min(-1)),
  list(z.unknown()),
  list(whole),
  list(whole),
  list(whole),
  z.string(),
  z.string(),
  list(whole),
  list(z.array(list(z.unknown())).max(1000)),
])
type Dense = z.infer<typeof denseSchema>
type Shape = Dense[5][number]

/** True for JSON that begins as the dense form does. */
export function isDense(json: unknown): json is unknown[] {
  return Array.isArray(json) && json[0] === denseForm
}

/** The readable form of a Report, not yet checked against its schema. */
export function decodeDense(json: unknown[]): Result<object> {
  const parsed = fromZod(denseSchema, json)
  if (!parsed.ok) return parsed
  const [, epoch, lane, first, skips] = parsed.value
  const records = decodeRecords(parsed.value)
  if (!records) return bad('columns of a dense Report that do not fit together')
  const skipped = skips.map(([from, to, reason]) => ({ from, to, reason }))
  return ok({ v: 1, epoch, lane: lanes[lane], first, records, ...(skipped.length > 0 ? { skipped } : {}) })
}

function decodeRecords(dense: Dense): unknown[] | undefined {
  const [
    ,
    ,
    ,
    ,
    ,
    shapes,
    which,
    rest,
    sequences,
    sinceBoot,
    offsets,
    deviceText,
    idText,
    deviceAt,
    columns,
  ] = dense
  const rows = which.filter((shape) => shape >= 0).length
  const devices = rows === 0 ? [] : decodeDevices(deviceText.split(' '))
  const ids = rows === 0 ? [] : decodeIds(idText.split(' '), devices)
  if ([...deviceText.split(' '), ...idText.split(' ')].some((token) => token.length > tokenCharsMax))
    return undefined
  const isWhole = [sequences, sinceBoot, offsets, devices, ids].every((column) => column.length === rows)
  if (!isWhole || rest.length !== which.length - rows || columns.length !== shapes.length) return undefined
  const sums = { sequence: 0, sinceBootMs: 0, offsetMs: 0 }
  const taken = shapes.map(() => 0)
  const nameChars = shapes.map((shape) =>
    shape.reduce<number>((sum, key) => sum + (typeof key === 'string' ? key.length : 16), 0),
  )
  let unfolded = 0
  const records: unknown[] = []
  let row = 0
  let restTaken = 0
  let deviceAtTaken = 0
  for (const number of which) {
    if (number < 0) {
      records.push(rest[restTaken++])
      continue
    }
    unfolded += nameChars[number] ?? 0
    if (unfolded > unfoldedCharsMax) return undefined
    const shape = shapes[number]
    const readings = shape && decodeReadings(shape, columns[number] ?? [], taken[number] ?? 0)
    if (!readings) return undefined
    taken[number] = (taken[number] ?? 0) + 1
    sums.sequence += sequences[row] ?? 0
    sums.sinceBootMs += sinceBoot[row] ?? 0
    sums.offsetMs += offsets[row] ?? 0
    const atMs = sums.offsetMs + sums.sinceBootMs
    if (shape[2] === 1 && deviceAtTaken >= deviceAt.length) return undefined
    records.push({
      type: 'event',
      sequence: sums.sequence + row,
      boot: shape[0],
      sinceBootMs: sums.sinceBootMs,
      atMs,
      clock: clockQualities[shape[1]],
      device: devices[row],
      messageId: ids[row],
      readings,
      ...(shape[2] === 1 ? { deviceAtMs: (deviceAt[deviceAtTaken++] ?? 0) + atMs } : {}),
    })
    row++
  }
  return records
}

function decodeReadings(
  shape: Shape,
  columns: unknown[][],
  index: number,
): Record<string, unknown> | undefined {
  const keys = shape.slice(3)
  if (columns.length !== keys.length) return undefined
  const entries: [string, unknown][] = []
  for (const [place, key] of keys.entries()) {
    const column = columns[place] ?? []
    if (index >= column.length) return undefined
    const isWord = typeof key === 'number' && key < 0
    const name = typeof key === 'string' ? key : denseReadings[isWord ? -1 - key : key]
    const cell = column[index]
    const value = isWord ? (typeof cell === 'number' ? denseWords[cell] : undefined) : cell
    if (name === undefined || value === undefined) return undefined
    entries.push([name, value])
  }
  // Defines own properties only, whatever their names.
  return Object.fromEntries(entries)
}

function decodeDevices(tokens: readonly string[]): string[] {
  const seen: string[] = []
  return tokens.map((token) => {
    if (!token.startsWith('*')) {
      seen.push(token)
      return token
    }
    return seen[seen.length - 1 - Number.parseInt(token.slice(1), 10)] ?? ''
  })
}

function decodeIds(tokens: readonly string[], devices: readonly string[]): string[] {
  const before = new Map<string, string>()
  return tokens.map((token, row) => {
    const device = devices[row] ?? ''
    const id = token === '' ? (following(before.get(device)) ?? '') : token
    before.set(device, id)
    return id
  })
}
