// Reads JSON as faulty firmware writes it: `nan` or a decimal comma from a printf, a missing value, a buffer longer
// than its text, a byte order mark. Valid parts of the object stay readable; each invalid one is named and set aside.
import type { SetAside } from '../domain/event.ts'
import { printable } from '../domain/plain-text.ts'

/** Most parts named for one message; further ones are only counted. */
export const setAsideMax = 16
/** Characters kept of a value that is set aside. */
export const setAsideValueMax = 80

/** Describes an invalid part; beyond the limit the last entry counts the rest. */
export function nameAside(list: SetAside[], path: string, value: string, reason: string): void {
  if (list.length < setAsideMax)
    list.push({ path: printable(path, setAsideValueMax), value: printable(value, setAsideValueMax), reason })
  else {
    const last = list[setAsideMax - 1] as SetAside
    const more = last.path === '' ? Number(/^and (\d+) more/.exec(last.reason)?.[1] ?? 0) : 0
    list[setAsideMax - 1] = { path: '', value: '', reason: `and ${(more || 1) + 1} more` }
  }
}

const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
/** Digits after a decimal comma that are looked at. */
const digitsMax = 20
const simpleEscapes = new Set(['"', '\\', '/', 'b', 'f', 'n', 'r', 't'])

export interface RepairedJson {
  /** JSON of one object, with `null` for its invalid values. */
  text: string
  /** Keys of the outermost object whose value was invalid. */
  badKeys: ReadonlySet<string>
}

/** Reads one object from its brace to its end, character by character. */
class JsonRepair {
  readonly badKeys = new Set<string>()
  readonly #text: string
  readonly #aside: SetAside[]
  #at = 0
  #out = ''
  #key = ''

  constructor(text: string, aside: SetAside[]) {
    this.#text = text
    this.#aside = aside
  }

  /** Undefined when there is no whole object in it. */
  repair(): RepairedJson | undefined {
    const open: string[] = []
    let last = ''
    for (; this.#at < this.#text.length;) {
      const sign = this.#text[this.#at] as string
      if (sign === '"') {
        const isKey = open.length === 1 && (last === '{' || last === ',')
        const string = this.#string()
        if (string === undefined) return undefined
        if (isKey) this.#key = string
        last = '"'
      } else if (sign === '{' || sign === '[') {
        open.push(sign === '{' ? '}' : ']')
        this.#put(sign)
        last = sign
      } else if (sign === '}' || sign === ']') {
        if (open.pop() !== sign) return undefined
        if (last === ':') this.#bad('')
        if (last === ',') this.#out = this.#out.replace(/,\s*$/, '')
        this.#put(sign)
        last = sign
        if (open.length === 0) return this.#end()
      } else if (sign === ',' || sign === ':') {
        if (sign === ',' && last === ':') this.#bad('')
        this.#put(sign)
        last = sign
      } else if (sign.trim() === '') this.#put(' ')
      else {
        this.#bare(open.at(-1) === '}')
        last = 'v'
      }
    }
    return undefined
  }

  #put(sign: string): void {
    this.#out += sign
    this.#at++
  }

  #bad(token: string): void {
    this.#out += 'null'
    this.badKeys.add(this.#key)
    nameAside(this.#aside, this.#key, token, token === '' ? 'no value' : 'not a value of JSON')
  }

  /** A word or number without quotes. */
  #bare(isInObject: boolean): void {
    const from = this.#at
    while (this.#at < this.#text.length && !/[\s,:{}[\]"]/.test(this.#text[this.#at] as string)) this.#at++
    // A decimal comma, as printf writes in some languages: in an object no number stands where a key belongs.
    const [comma = ''] = /^,\d+(?=\s*[,}])/.exec(this.#text.slice(this.#at, this.#at + digitsMax)) ?? []
    if (isInObject && comma !== '' && /^-?\d+$/.test(this.#text.slice(from, this.#at)))
      this.#at += comma.length
    const token = this.#text.slice(from, this.#at)
    if (literal.test(token)) this.#out += token
    else this.#bad(token)
  }

  /** A string with its quotes; control characters and invalid escapes in it become spaces. */
  #string(): string | undefined {
    let out = '"'
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const sign = this.#text[at] as string
      if (sign === '"') {
        this.#at = at + 1
        this.#out += `${out}"`
        return JSON.parse(`${out}"`) as string
      }
      if (sign === '\\') {
        const next = this.#text[at + 1] ?? ''
        const hex = this.#text.slice(at + 2, at + 6)
        if (simpleEscapes.has(next)) out += sign + next
        else if (next === 'u' && /^[\da-fA-F]{4}$/.test(hex)) out += sign + next
        else {
          out += ' '
          continue
        }
        at++
      } else out += sign < ' ' ? ' ' : sign
    }
    return undefined
  }

  #end(): RepairedJson {
    const rest = this.#text.slice(this.#at).replaceAll('\0', ' ').trim()
    if (rest !== '') nameAside(this.#aside, '', rest, 'after the end of the message')
    return { text: this.#out, badKeys: this.badKeys }
  }
}

/** Finds the object in `text`; undefined when there is no complete one. Invalid parts are named in `aside`. */
export function repairJson(text: string, aside: SetAside[]): RepairedJson | undefined {
  const start = text.indexOf('{')
  if (start < 0) return undefined
  const before = text.slice(0, start).replace('\uFEFF', '').replaceAll('\0', ' ').trim()
  // A list or a text around an object is not the known message.
  if (/["[:]/.test(before)) return undefined
  if (before !== '') nameAside(aside, '', before, 'before the message')
  return new JsonRepair(text.slice(start), aside).repair()
}
