// Text of a box or device in the form that may be stored and shown: without characters that move a cursor, hide words
// or reverse their order.

/** C0 and C1 controls, zero-width space and byte order mark, marks and overrides of writing direction. Joiners stay: scripts need them. */
const hidden = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu
const blank = /[\t\n\r\v\f]+/g
/** The same in JSON as JSON.stringify writes it: controls and lone surrogates are escaped there. */
const hiddenInJson =
  /\\(?:[bfnrt]|u[0d])|[\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/

/** One line, in the order of its characters; a line break becomes a space. */
export function plainText(text: string): string {
  return text
    .replaceAll(blank, ' ')
    .replaceAll(hidden, '')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd')
}

/** Cheap enough for every record. */
export const mayHideText = (json: string): boolean => hiddenInJson.test(json)

/** The value with every text and key made plain. The caller has checked that `value` is nested within the limit. */
export function withPlainText(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(withPlainText)
  if (typeof value !== 'object' || value === null) return value
  // Own properties only, whatever their names.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [plainText(key), withPlainText(inner)]),
  )
}

const hiddenButBreaks =
  /(?![\n\t])[\p{Cc}\p{Surrogate}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu

/** Text for a terminal: line breaks and tabs stay, other control characters become a visible dot. */
export function visibleText(text: string): string {
  return text.replaceAll(hiddenButBreaks, '.')
}

/** Characters kept of a text that is named or quoted. */
const printableMax = 80

/** The beginning of a text as one printable line; an unprintable character becomes a dot. */
export function printable(text: string, lengthMax = printableMax): string {
  return text.slice(0, lengthMax).replaceAll(/[\p{C}\u{fffd}]/gu, '.')
}
