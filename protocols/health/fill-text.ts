// Puts values into the places of a text: `{name}`, and for a number the form of a word, `{count|box|boxes}`.

const places = /\{(\w+)(?:\|([^{}|]*)\|([^{}|]*))?\}/g

/** A place without a value stays as it is. A form prints no number: the first is for exactly one. */
export function fillText(text: string, parts: Readonly<Record<string, string | number>>): string {
  return text.replace(places, (whole, name: string, one?: string, many?: string) => {
    const part = Object.prototype.hasOwnProperty.call(parts, name) ? parts[name] : undefined
    if (part === undefined) return whole
    if (one === undefined || many === undefined) return String(part)
    return Number(part) === 1 ? one : many
  })
}
