// Small XML documents from names and contents. Pure; every text is escaped.
import { lookup } from '../../protocols/kit/parse-json.ts'

const notXml = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu
const escapes: Record<string, string> = lookup({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })
export const xmlText = (text: string): string =>
  text.replace(notXml, '').replace(/[&<>"]/g, (one) => escapes[one] ?? '')

export type Part = [name: string, content: string | Part[] | undefined]

export function xml(parts: readonly Part[], indent: string): string {
  return parts
    .flatMap(([name, content]) => {
      if (content === undefined) return []
      if (typeof content === 'string') return `${indent}<${name}>${xmlText(content)}</${name}>\n`
      return `${indent}<${name}>\n${xml(content, `${indent}  `)}${indent}</${name}>\n`
    })
    .join('')
}
