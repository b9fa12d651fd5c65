// A list of devices as a person saved it: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or GB 18030, or an XLSX workbook.
import { isUtf8 } from 'node:buffer'
import { parse } from 'csv-parse/sync'
import { decodeGb18030 } from '../../../platform/gb28181/gb18030.ts'
import { messageOf } from '../../../platform/failure.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'
import { listBytesMax } from './device-rows.ts'
import { cellsMax, columnsMax, readSheet, type TableRow } from './read-sheet.ts'

/** Never throws. Empty rows are left out, and the rest keep their numbers. */
export function readTable(bytes: Uint8Array): Result<TableRow[]> {
  if (bytes.length > listBytesMax) return bad('the file is larger than 5 MB 文件超过 5 MB')
  if (bytes.length === 0) return bad('the file is empty 文件为空')
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf)
    return bad('an old XLS file: save it as XLSX or CSV 旧版 XLS 文件，请另存为 XLSX 或 CSV')
  const rows = isZip ? readSheet(bytes) : readCsv(decodeText(bytes))
  if (!rows.ok) return rows
  const filled = rows.value.filter(({ cells }) => cells.some((cell) => cell !== ''))
  return filled.length === 0 ? bad('the list is empty 列表为空') : ok(filled)
}

export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return isUtf8(bytes) ? new TextDecoder().decode(bytes) : decodeGb18030(bytes)
}

/** The one that stands most often in the first line: Excel writes semicolons where the comma is decimal. */
export function delimiterOf(text: string): string {
  const line = (/^[^\r\n]*/.exec(text.trimStart())?.[0] ?? '').replaceAll(/"[^"]*"/g, '')
  const count = (one: string): number => line.split(one).length
  return [',', ';', '\t', '，', '；'].reduce((best, one) => (count(one) > count(best) ? one : best))
}

function readCsv(text: string): Result<TableRow[]> {
  let records: string[][]
  try {
    records = parse(text, {
      delimiter: delimiterOf(text),
      bom: true,
      relax_column_count: true,
      trim: true,
      to: cellsMax,
      max_record_size: 100_000,
    })
  } catch (error) {
    const line = (error as { lines?: number }).lines
    return bad(`${line === undefined ? '' : `row ${line}: `}${messageOf(error)}`)
  }
  const count = records.reduce((sum, cells) => sum + cells.length, 0)
  if (count > cellsMax) return bad(`more than ${cellsMax} cells 单元格过多`)
  const wide = records.findIndex((cells) => cells.length > columnsMax)
  if (wide >= 0) return bad(`row ${wide + 1}: more than ${columnsMax} columns 列数过多`)
  return ok(records.map((cells, at) => ({ row: at + 1, cells })))
}
