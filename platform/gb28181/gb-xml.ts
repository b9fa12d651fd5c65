// The XML inside GB/T 28181 messages (annex A): elements with text, seldom attributes. One pass, no DOCTYPE, bounded, never throws.
import { lookup } from '../../protocols/kit/parse-json.ts'
import { decodeGb18030, encodeGb18030 } from './gb18030.ts'

export interface GbElement {
  name: string
  text: string
  children: GbElement[]
}

const depthMax = 16
const elementsMax = 5000
const textCharsMax = 8192
const entities: Record<string, string> = lookup({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" })

const unescape = (text: string): string =>
  text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{1,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole
    const point = Number.parseInt(name.slice(name[1] === 'x' ? 2 : 1), name[1] === 'x' ? 16 : 10)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })

/** The root element; undefined for what is no XML, or beyond the limits. */
export function parseGbXml(bytes: Uint8Array): GbElement | undefined {
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1')
  // GB2312 and GBK are parts of GB 18030. Without a word about it too: that is what the standard says.
  const isUtf8 = /^[^<]*<\?xml[^>]*encoding\s*=\s*["']utf-8/i.test(head)
  const xml = isUtf8 ? Buffer.from(bytes).toString('utf8') : decodeGb18030(bytes)
  const open: GbElement[] = []
  let count = 0
  // Sticky: what is none of these is no XML of the standard.
  const part =
    /<\?[^>]{0,300}\?>|<!--[^>]{0,2000}-->|<(\/?)([A-Za-z_][\w.-]{0,60})(?:\s[^<>]{0,500}?)?(\/?)>|([^<]+)/y
  for (let found = part.exec(xml); found; found = part.exec(xml)) {
    const [, close, name = '', isEmpty, between] = found
    const top = open.at(-1)
    if (between !== undefined) {
      if (top && top.text.length < textCharsMax)
        top.text = (top.text + unescape(between)).slice(0, textCharsMax)
    } else if (close === '/') {
      if (top?.name !== name) return undefined
      open.pop()
      top.text = top.text.trim()
      if (open.length === 0) return top
    } else if (name !== '') {
      if (++count > elementsMax || open.length >= depthMax) return undefined
      const made: GbElement = { name, text: '', children: [] }
      top?.children.push(made)
      if (isEmpty !== '/') open.push(made)
      else if (!top) return made
    }
  }
  return undefined
}

export const childOf = (element: GbElement | undefined, name: string): GbElement | undefined =>
  element?.children.find((one) => one.name === name)
export const textOf = (element: GbElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text

export type GbPart = [name: string, content: string | number | GbPart[] | undefined, attributes?: string]

const escape = (text: string): string =>
  // What XML does not allow, and half surrogates, are left out.
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (one) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[one] ?? ''};`)

const written = (parts: readonly GbPart[]): string =>
  parts
    .filter(([, content]) => content !== undefined)
    .map(([name, content, attributes]) => {
      const inner = Array.isArray(content) ? `\r\n${written(content)}` : escape(String(content))
      return `<${name}${attributes === undefined ? '' : ` ${attributes}`}>${inner}</${name}>\r\n`
    })
    .join('')

/** In GB 18030, with the line breaks of the standard's examples. `charset`: the name in the declaration. */
export function encodeGbXml(root: string, parts: readonly GbPart[], charset = 'GB18030'): Buffer {
  const xml = `<?xml version="1.0" encoding="${charset}"?>\r\n<${root}>\r\n${written(parts)}</${root}>\r\n`
  return charset.toUpperCase() === 'UTF-8' ? Buffer.from(xml, 'utf8') : encodeGb18030(xml)
}

/** `2026-03-01T08:30:00`: the standard's time is China's, without a zone. */
export const gbTime = (atMs: number): string => new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 19)

/** ms since 1970; some devices write a space for the T, milliseconds, or a Z after China's time. */
export function parseGbTime(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,3})?Z?$/.exec(text.trim())
  if (!found) return undefined
  const atMs = Date.parse(`${found[1]}T${found[2]}+08:00`)
  return Number.isNaN(atMs) ? undefined : atMs
}
