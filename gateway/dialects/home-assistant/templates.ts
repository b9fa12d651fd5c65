// The simple templates that most devices use: a path into JSON and a few filters. Any other is reported as not
// understood: a template is a program, and a wrong guess could invert an alarm.
import { isObject, scalarText } from '../../../protocols/kit/parse-json.ts'

export interface Filter {
  name: string
  /** Its number in parentheses. */
  digits?: number
}
export type Template = { path: (string | number)[]; isJson: boolean; filters: Filter[] }

const filterPattern = /^(int|float|is_defined|string|lower|upper|trim|round)(?:\(\s*(-?[\d.]*)\s*\))?$/

function parseFilter(text: string): Filter | undefined {
  const [, name, digits = ''] = filterPattern.exec(text) ?? []
  return name === undefined ? undefined : { name, ...(digits === '' ? {} : { digits: Number(digits) }) }
}

function round(value: unknown, digits: number): unknown {
  const number = Number(scalarText(value) ?? NaN)
  if (value === '' || Number.isNaN(number)) return null
  // By the text, as 1.005 has no exact binary form; beyond these digits nothing is rounded.
  return Math.abs(digits) > 12 ? number : Number(number.toFixed(Math.max(0, digits)))
}

function parsePath(text: string): (string | number)[] | undefined {
  const path: (string | number)[] = []
  let rest = text
  while (rest !== '') {
    const step =
      /^(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]|\[\s*(\d+)\s*\])/.exec(rest)
    if (!step) return undefined
    path.push(step[4] === undefined ? (step[1] ?? step[2] ?? step[3] ?? '') : Number(step[4]))
    rest = rest.slice(step[0].length)
  }
  return path
}

/** Undefined: not understood. */
export function parseTemplate(text: string): Template | undefined {
  const inner = /^\s*\{\{-?\s*([^{}]*?)\s*-?\}\}\s*$/.exec(text)?.[1]
  if (inner === undefined) return undefined
  const [source = '', ...texts] = inner.split('|').map((part) => part.trim())
  const filters = texts.map(parseFilter).filter((filter) => filter !== undefined)
  if (filters.length < texts.length) return undefined
  const isJson = source.startsWith('value_json')
  if (!isJson && source !== 'value') return undefined
  const path = parsePath(source.slice(isJson ? 'value_json'.length : 'value'.length))
  return path && { path, isJson, filters }
}

/** The value that the template finds; undefined if the message does not contain it. */
export function applyTemplate({ path, isJson, filters }: Template, text: string, json: unknown): unknown {
  let value: unknown = isJson ? json : text
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step]
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  for (const { name: filter, digits } of filters) {
    if (filter === 'int' || filter === 'float') {
      const number = Number(scalarText(value) ?? NaN)
      value = value === '' || Number.isNaN(number) ? null : filter === 'int' ? Math.trunc(number) : number
    } else if (filter === 'round') value = round(value, digits ?? 0)
    else if (typeof value === 'string') {
      if (filter === 'lower') value = value.toLowerCase()
      else if (filter === 'upper') value = value.toUpperCase()
      else if (filter === 'trim') value = value.trim()
    }
  }
  return value
}
