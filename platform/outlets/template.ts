// A body of the receiver's own form with places for our values: filled, or shown without what may be a secret. Pure.
export interface Template {
  body: string
  contentType: 'application/json' | 'application/x-www-form-urlencoded'
}

/** Escaped, so that no word of a villager changes the request. Places that are unknown stay. */
export function fillTemplate({ body, contentType }: Template, values: ReadonlyMap<string, string>): string {
  const escape = (value: string): string =>
    contentType === 'application/json' ? JSON.stringify(value).slice(1, -1) : encodeURIComponent(value)
  return body.replace(/\{([a-z]{1,20})\}/g, (whole, name: string) => {
    const value = values.get(name)
    return value === undefined ? whole : escape(value)
  })
}

/** The body with its places, without everything else that is a value in it: that may be a key of the provider. */
export function hideTemplate({ body, contentType }: Template, names: readonly string[]): string {
  const places = new RegExp(`\\{(?:${names.join('|')})\\}`, 'g')
  const onlyPlaces = (text: string): string => text.match(places)?.join('') ?? '...'
  function hidden(node: unknown): unknown {
    if (typeof node === 'string') return onlyPlaces(node)
    if (Array.isArray(node)) return node.map(hidden)
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, hidden(value)]))
    return typeof node === 'number' ? '...' : node
  }
  if (contentType === 'application/x-www-form-urlencoded')
    return body
      .split('&')
      .map((pair) => pair.replace(/=(.*)$/s, (_all, value: string) => `=${onlyPlaces(value)}`))
      .join('&')
  try {
    return JSON.stringify(hidden(JSON.parse(body)))
  } catch {
    return onlyPlaces(body)
  }
}
