// True when two notations of a host mean the same: without case, IPv6 in its short form, IPv4 inside IPv6 as IPv4.

/** The normal form of a host: `FD77:0::2`, `[fd77::2]` and `fd77::2` are `fd77::2`. */
export function plainHost(host: string): string {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/(.)\.$/, '$1')
  const url = `http://${bare.includes(':') ? `[${bare}]` : bare}/`
  if (!URL.canParse(url)) return bare
  const plain = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain)
  if (!mapped) return plain
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

export const isSameHost = (a: string, b: string): boolean => plainHost(a) === plainHost(b)
