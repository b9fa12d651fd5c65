// Reads a camera's XML in one pass: every character is looked at a fixed number of times, whatever a hostile camera sends.
// The result has the shape that the `onvif` package expects of its own parser, whose patterns take hours on some answers.

export interface XmlNode {
  [name: string]: XmlValue[] | Record<string, string> | string
}
export type XmlValue = XmlNode | string

/** Beyond these no camera goes, and reading stops: the deepest recorded answer has 12 levels, the widest 4000 elements. */
const depthMax = 64
const elementsMax = 30_000
const attributesMax = 64
/** Longer names are no names, longer texts (a licence, a certificate) are cut. */
const nameCharsMax = 200
const textCharsMax = 16_384

interface Open {
  name: string
  node: XmlNode
  text: string
  isCdata: boolean
}

/** The first element with its content, or undefined for what is no XML or goes beyond the limits. Never throws. */
export function parseSoapXml(xml: string): XmlNode | undefined {
  const root = emptyNode()
  const open: Open[] = []
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
      if (!top) return undefined
      open.pop()
      if (put(open.at(-1)?.node ?? root, top)) return root
      continue
    }
    if (++elements > elementsMax || open.length >= depthMax) return undefined
    const element = openTag(xml.slice(start + 1, end))
    if (!element) return undefined
    if (xml[end - 1] !== '/') open.push(element)
    else if (put(open.at(-1)?.node ?? root, element) && open.length === 0) return root
  }
  return undefined

  /** True when the element was the outermost. */
  function put(parent: XmlNode, element: Open): boolean {
    const list = parent[element.name]
    const value = valueOf(element)
    if (parent === root) parent[element.name] = value as XmlNode[string]
    else if (Array.isArray(list)) list.push(value)
    else parent[element.name] = [value]
    return parent === root
  }
}

/** No prototype: an element named `__proto__` or `constructor` is a name like any other. */
const emptyNode = (): XmlNode => Object.create(null) as XmlNode

/** Where reading goes on behind a comment, CDATA, declaration or DOCTYPE; -1 without an end, undefined for an element. */
function skipNonElement(xml: string, start: number, top: Open | undefined): number | undefined {
  const behind = (end: string): number => {
    const found = xml.indexOf(end, start)
    return found < 0 ? -1 : found + end.length
  }
  if (xml.startsWith('<!--', start)) return behind('-->')
  if (xml.startsWith('<![CDATA[', start)) {
    const next = behind(']]>')
    if (next > 0 && top) {
      addText(top, xml.slice(start + 9, next - 3))
      top.isCdata = true
    }
    return next
  }
  if (xml[start + 1] === '?') return behind('?>')
  // A DOCTYPE has no place in SOAP: it is where entities that grow without end are made.
  if (xml[start + 1] === '!') return -1
  return undefined
}

/** The `>` that ends the tag, not one inside a quoted value; -1 without. */
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

/** What stands between `<` and `>`: the name and the attributes, name spaces left out. */
function openTag(tag: string): Open | undefined {
  const raw = /^[^\s/=<>"']{1,200}/.exec(tag)?.[0] ?? ''
  if (raw === '') return undefined
  const node = emptyNode()
  const attributes = Object.create(null) as Record<string, string>
  let count = 0
  // A name without a value is taken as a whole too, so that no character is looked at again.
  for (const [, name = '', double, single] of tag
    .slice(raw.length)
    .matchAll(/([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?/g)) {
    if (++count > attributesMax) return undefined
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) attributes[name] = decode(double ?? single ?? '')
  }
  if (Object.keys(attributes).length > 0) node['$'] = attributes
  return { name: plainName(raw), node, text: '', isCdata: false }
}

/** `tds:GetServicesResponse` is `getServicesResponse`, `trt:URI` stays `URI`: as the package names things. */
function plainName(raw: string): string {
  const name = raw.slice(raw.lastIndexOf(':') + 1, nameCharsMax)
  const second = name[1]
  const isWord = second !== undefined && second.toUpperCase() !== second
  return isWord ? (name[0] ?? '').toLowerCase() + name.slice(1) : name
}

function addText(element: Open, text: string): void {
  if (element.text.length < textCharsMax) element.text += text.slice(0, textCharsMax - element.text.length)
}

function valueOf({ name, node, text, isCdata }: Open): XmlValue {
  const isBlank = text.trim() === '' && !isCdata
  const isLeaf = Object.keys(node).length === 0
  if (isLeaf) return isTime(name) ? plainTime(text) : text
  if (!isBlank) node['_'] = text
  return node
}

const isTime = (name: string): boolean => name === 'currentTime' || name === 'terminationTime'

/** The package reads times that end in Z only and fails on all others; cameras write offsets and fractions as they like. */
function plainTime(text: string): string {
  const ms = Date.parse(text.trim())
  return Number.isNaN(ms) ? text : new Date(ms).toISOString()
}

const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The five entities of XML and numbers; others stay as they stand. */
function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
