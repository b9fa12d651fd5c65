// Reads a camera's XML in one pass: every character is visited a fixed number of times, whatever a hostile camera
// sends. No DOCTYPE and only the five entities of XML; name spaces are kept, because a subscription is returned
// unchanged.
import { lookup } from '../../../../protocols/kit/parse-json.ts'

export interface XmlElement {
  /** Without its prefix: makers choose prefixes freely. */
  name: string
  prefix: string
  /** With their prefixes, without the declarations of name spaces. */
  attributes: Record<string, string>
  /** Address of each known prefix; the default is ''. */
  scope: Record<string, string>
  children: XmlElement[]
  text: string
}

/** Beyond these limits reading stops: the deepest recorded answer has 12 levels, the widest 4000 elements. */
const depthMax = 64
const elementsMax = 30_000
const attributesMax = 64
/** A longer name is invalid; a longer text (a licence, a certificate) is cut. */
const nameCharsMax = 200
const textCharsMax = 16_384

/** The first element with its content, or undefined for input that is not XML or beyond the limits. Never throws. */
export function parseSoapXml(xml: string): XmlElement | undefined {
  const open: XmlElement[] = []
  let elements = 0
  let at = 0
  while (at < xml.length) {
    const start = xml.indexOf('<', at)
    const top = open.at(-1)
    if (top) addText(top, decode(xml.slice(at, start < 0 ? xml.length : start)))
    if (start < 0) return undefined
    const skipped = skipNonElement(xml, start, top)
    if (skipped !== undefined) {
      if (skipped < 0) return undefined
      at = skipped
      continue
    }
    const end = endOfTag(xml, start)
    if (end < 0) return undefined
    at = end + 1
    if (xml[start + 1] === '/') {
      if (!open.pop()) return undefined
      if (open.length === 0) return top
      continue
    }
    if (++elements > elementsMax || open.length >= depthMax) return undefined
    const element = openTag(xml.slice(start + 1, end), top?.scope ?? emptyMap())
    if (!element) return undefined
    top?.children.push(element)
    if (xml[end - 1] !== '/') open.push(element)
    else if (open.length === 0) return element
  }
  return undefined
}

/** The element at the end of these names, the first of each; undefined if missing. */
export function elementAt(from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce((one, name) => one?.children.find((child) => child.name === name), from)
}

export function elementsNamed(from: XmlElement | undefined, name: string): XmlElement[] {
  return from?.children.filter((child) => child.name === name) ?? []
}

/** Text without the blanks around it; empty if there is no such element. */
export function textAt(from: XmlElement | undefined, ...names: readonly string[]): string {
  return elementAt(from, ...names)?.text.trim() ?? ''
}

/** The attribute of this name, with any prefix. */
export function attributeOf(element: XmlElement | undefined, name: string): string | undefined {
  const found = Object.entries(element?.attributes ?? {}).find(
    ([one]) => one.slice(one.lastIndexOf(':') + 1) === name,
  )
  return found?.[1]
}

/** Text for XML, with the named entities that all firmware knows; characters that XML can not carry are left out. */
export function xmlText(text: string): string {
  return text
    .replace(/[^\P{Cc}\t\n\r]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

/** The element as XML again, with every name space that it needs; `attributes` come first. */
export function xmlOf(element: XmlElement, attributes = ''): string {
  const { prefix, name, scope } = element
  const used = new Set([prefix, ...Object.keys(element.attributes).map((one) => one.split(':')[0] ?? '')])
  const spaces = [...used].flatMap((one) => {
    const address = scope[one]
    return address === undefined ? [] : [` xmlns${one === '' ? '' : `:${one}`}="${quoted(address)}"`]
  })
  const own = Object.entries(element.attributes).map(([key, value]) => ` ${key}="${quoted(value)}"`)
  const tag = prefix === '' ? name : `${prefix}:${name}`
  const content = element.children.map((child) => xmlOf(child)).join('') + xmlText(element.text)
  return `<${tag}${[...new Set(spaces)].join('')}${attributes}${own.join('')}>${content}</${tag}>`
}

const quoted = (text: string): string => xmlText(text).replaceAll('"', '&quot;')

/** No prototype: `__proto__` and `constructor` are names like any other. */
const emptyMap = (): Record<string, string> => Object.create(null) as Record<string, string>

/**
 * Where reading continues after a comment, CDATA, declaration or DOCTYPE; -1 without an end, undefined for an element.
 */
function skipNonElement(xml: string, start: number, top: XmlElement | undefined): number | undefined {
  const behind = (end: string): number => {
    const found = xml.indexOf(end, start)
    return found < 0 ? -1 : found + end.length
  }
  if (xml.startsWith('<!--', start)) return behind('-->')
  if (xml.startsWith('<![CDATA[', start)) {
    const next = behind(']]>')
    if (next > 0 && top) addText(top, xml.slice(start + 9, next - 3))
    return next
  }
  if (xml[start + 1] === '?') return behind('?>')
  // SOAP has no DOCTYPE: it allows entities that grow without end.
  if (xml[start + 1] === '!') return -1
  return undefined
}

/** The `>` that ends the tag, not one inside a quoted value; -1 if missing. */
function endOfTag(xml: string, start: number): number {
  let quote = ''
  for (let at = start + 1; at < xml.length; at++) {
    const sign = xml[at] ?? ''
    if (quote !== '') {
      if (sign === quote) quote = ''
    } else if (sign === '"' || sign === "'") quote = sign
    else if (sign === '>') return at
    else if (sign === '<') return -1
  }
  return -1
}

/** The part between `<` and `>`: the name and the attributes. */
function openTag(tag: string, outer: Record<string, string>): XmlElement | undefined {
  const raw = /^[^\s/=<>"']{1,200}/.exec(tag)?.[0] ?? ''
  if (raw === '') return undefined
  const attributes = emptyMap()
  let scope = outer
  let count = 0
  // A name without a value is also taken as a whole, so that no character is visited again.
  for (const [, name = '', double, single] of tag
    .slice(raw.length)
    .matchAll(/([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?/g)) {
    if (++count > attributesMax) return undefined
    const value = decode(double ?? single ?? '')
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) attributes[name] = value
    else {
      // A copy if the element declares a name space, else the outer one itself: few elements declare any.
      if (scope === outer) scope = Object.assign(emptyMap(), outer)
      scope[name.slice(6)] = value
    }
  }
  const colon = raw.lastIndexOf(':')
  const prefix = colon < 0 ? '' : raw.slice(0, colon)
  return { name: raw.slice(colon + 1, nameCharsMax), prefix, attributes, scope, children: [], text: '' }
}

function addText(element: XmlElement, text: string): void {
  if (element.text.length < textCharsMax) element.text += text.slice(0, textCharsMax - element.text.length)
}

const entities: Record<string, string> = lookup({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" })

/** The five entities of XML and numbers; others stay unchanged. */
function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
