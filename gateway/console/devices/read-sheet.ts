// Reads the first sheet of an XLSX workbook (ECMA-376), as far as a list of devices needs it: texts and numbers, no formulas, no dates.
import { unzipSync } from 'fflate'
import { SaxesParser } from 'saxes'
import { messageOf } from '../../../platform/failure.ts'
import { bad, ok, type Result } from '../../../protocols/kit/result.ts'

/** Of all parts that are read, unpacked. */
export const unpackedBytesMax = 10 * 1024 * 1024
export const cellsMax = 20_000
export const columnsMax = 64
const rowsMax = 20_000
const sharedTextsMax = 100_000

export interface TableRow {
  /** As the program shows it to the person, from 1. */
  row: number
  cells: string[]
}

const wanted =
  /^(xl\/workbook\.xml|xl\/_rels\/workbook\.xml\.rels|xl\/sharedStrings\.xml|xl\/worksheets\/[^/]+\.xml)$/

class TooLarge extends Error {}

/** Never throws. */
export function readSheet(bytes: Uint8Array): Result<TableRow[]> {
  try {
    let unpacked = 0
    const parts = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!wanted.test(name)) return false
        unpacked += originalSize
        if (unpacked > unpackedBytesMax) throw new TooLarge('more than 10 MB unpacked 解压后超过 10 MB')
        return true
      },
    })
    const part = (name: string): string => new TextDecoder().decode(parts[name] ?? new Uint8Array())
    const sheet = part(
      sheetNameOf(part('xl/workbook.xml'), part('xl/_rels/workbook.xml.rels'), Object.keys(parts)),
    )
    if (sheet === '') return bad('there is no sheet in the workbook 工作簿中没有工作表')
    return ok(readRows(sheet, readSharedTexts(part('xl/sharedStrings.xml'))))
  } catch (error) {
    if (error instanceof TooLarge) return bad(error.message)
    return bad(`the workbook can not be read: ${messageOf(error).split('\n')[0]} 无法读取该工作簿`)
  }
}

type Attributes = Record<string, string>

/** Calls `onOpen` and `onClose` with names without a prefix. The parser expands no entities of a document type. */
function parseXml(
  text: string,
  on: {
    open: (name: string, attributes: Attributes) => void
    close?: (name: string) => void
    text?: (text: string) => void
  },
): void {
  if (text === '') return
  const parser = new SaxesParser({ position: false })
  const plain = (name: string): string => name.slice(name.indexOf(':') + 1)
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => on.open(plain(name), attributes as Attributes))
  parser.on('closetag', ({ name }) => on.close?.(plain(name)))
  parser.on('text', (content) => on.text?.(content))
  parser.on('cdata', (content) => on.text?.(content))
  parser.write(text).close()
}

/** The part of the first sheet in the order of the workbook. */
function sheetNameOf(workbook: string, relations: string, names: readonly string[]): string {
  let id: string | undefined
  parseXml(workbook, {
    open: (name, attributes) => {
      if (name === 'sheet') id ??= Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1]
    },
  })
  let target: string | undefined
  parseXml(relations, {
    open: (name, { Id, Target }) => {
      if (name === 'Relationship' && Id === id) target = Target
    },
  })
  const path = target?.replace(/^\/?(xl\/)?/, 'xl/')
  return path !== undefined && names.includes(path)
    ? path
    : (names.filter((name) => name.startsWith('xl/worksheets/')).sort()[0] ?? '')
}

function readSharedTexts(xml: string): string[] {
  const texts: string[] = []
  let current = ''
  let isText = false
  // The reading of a Chinese or Japanese text stands beside it and is no part of it.
  let isReading = false
  parseXml(xml, {
    open: (name) => {
      if (name === 'si') current = ''
      if (name === 'rPh') isReading = true
      isText = name === 't'
    },
    text: (text) => {
      if (isText && !isReading) current += text
    },
    close: (name) => {
      isText = false
      if (name === 'rPh') isReading = false
      if (name !== 'si') return
      if (texts.length >= sharedTextsMax) throw new TooLarge('too many texts 文字过多')
      texts.push(current)
    },
  })
  return texts
}

/** `B7` is column 1. */
function columnOf(place: string): number {
  let column = 0
  for (const letter of /^[A-Z]{1,3}/.exec(place)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

/** A long number such as a DevEUI of digits is stored with an exponent. */
function numberText(text: string): string {
  if (!/e/i.test(text)) return text
  const value = parseFloat(text)
  return Number.isSafeInteger(value) ? value.toFixed(0) : text
}

function readRows(xml: string, shared: readonly string[]): TableRow[] {
  const rows: TableRow[] = []
  let row: TableRow = { row: 0, cells: [] }
  let cell = { column: 0, type: '', text: '' }
  let count = 0
  let isValue = false
  parseXml(xml, {
    open: (name, attributes) => {
      isValue = name === 'v' || name === 't'
      if (name === 'row') {
        const number = parseInt(attributes['r'] ?? '', 10)
        row = { row: number > 0 ? number : row.row + 1, cells: [] }
        rows.push(row)
        if (rows.length > rowsMax) throw new TooLarge(`more than ${rowsMax} rows 行数过多`)
      }
      if (name !== 'c') return
      const place = attributes['r']
      const column = place === undefined ? row.cells.length : columnOf(place)
      if (column < 0 || column >= columnsMax)
        throw new TooLarge(`row ${row.row}: more than ${columnsMax} columns 列数过多`)
      if (++count > cellsMax) throw new TooLarge(`more than ${cellsMax} cells 单元格过多`)
      cell = { column, type: attributes['t'] ?? 'n', text: '' }
    },
    text: (text) => {
      if (isValue) cell.text += text
    },
    close: (name) => {
      isValue = false
      if (name !== 'c') return
      while (row.cells.length < cell.column) row.cells.push('')
      row.cells[cell.column] = textOfCell(cell, shared)
    },
  })
  return rows
}

function textOfCell({ type, text }: { type: string; text: string }, shared: readonly string[]): string {
  if (type === 's') return (shared[parseInt(text, 10)] ?? '').trim()
  if (type === 'b') return text === '1' ? 'true' : 'false'
  return (type === 'n' ? numberText(text) : text).trim()
}
