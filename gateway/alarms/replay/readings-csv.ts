// Reads recorded readings from CSV: a header with `timeUtc` and reading names, one row per event. Quotes as in RFC
// 4180.
import { knownReadings } from '../../../protocols/device-mqtt/device-event.ts'
import { bad, ok, type Problem, type Result } from '../../../protocols/kit/result.ts'
import type { Readings } from '../../../protocols/domain/reading.ts'

/** Most rows of one file: ten years with a reading every five minutes. */
export const csvRowsMax = 1_100_000
const problemsMax = 20

export interface CsvRow {
  atMs: number
  readings: Readings
  line: number
}

function splitLine(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  const cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (let at = 0; at < line.length; at++) {
    const sign = line[at]
    if (isQuoted && sign === '"' && line[at + 1] === '"') {
      cell += '"'
      at++
    } else if (sign === '"') isQuoted = !isQuoted
    else if (sign === ',' && !isQuoted) {
      cells.push(cell)
      cell = ''
    } else cell += sign
  }
  cells.push(cell)
  return cells
}

/** A leading zero is part of an id, such as a gauge's number. */
const numbers = /^-?(0|[1-9]\d*)(\.\d+)?$/

function parseCell(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === 'true') return true
  if (trimmed === 'false') return false
  return numbers.test(trimmed) ? Number(trimmed) : trimmed
}

/** `2019-05-11T01:50Z`, with or without seconds; a time without a zone is UTC. */
function parseTimeUtc(text: string): number {
  const trimmed = text.trim().replace(' ', 'T')
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(trimmed) ? trimmed : `${trimmed}Z`)
}

/** `columns` renames columns, such as `stageMm` to `waterLevelMm`. Empty cells are no reading. */
export function parseReadingsCsv(text: string, columns: Record<string, string> = {}): Result<CsvRow[]> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const header = splitLine(lines[0] ?? '').map((name) => name.trim())
  const names = header.map((name) => (Object.hasOwn(columns, name) ? (columns[name] ?? name) : name))
  const timeAt = names.indexOf('timeUtc')
  if (timeAt < 0) return bad('a header with the column timeUtc, such as "timeUtc,waterLevelMm"', 'line 1')
  if (!names.some((name) => knownReadings.includes(name)))
    return bad(
      `a column that is a reading (${knownReadings.join(', ')}); --column yours=waterLevelMm renames one`,
      'line 1',
    )
  if (lines.length > csvRowsMax) return bad(`at most ${csvRowsMax} rows`)
  const rows: CsvRow[] = []
  const problems: Problem[] = []
  lines.forEach((line, index) => {
    if (index === 0 || line.trim() === '' || problems.length >= problemsMax) return
    const cells = splitLine(line)
    const atMs = parseTimeUtc(cells[timeAt] ?? '')
    if (Number.isNaN(atMs)) {
      problems.push({ path: `line ${index + 1}`, message: 'a time in timeUtc, like 2019-05-11T01:50Z' })
      return
    }
    const readings: Readings = {}
    names.forEach((name, at) => {
      const cell = cells[at]
      if (at !== timeAt && name !== '' && cell !== undefined && cell.trim() !== '')
        readings[name] = parseCell(cell)
    })
    rows.push({ atMs, readings, line: index + 1 })
  })
  return problems.length > 0 ? { ok: false, problems } : ok(rows)
}
