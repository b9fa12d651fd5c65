// Network addresses of clients: which of them count as one, and which belong to a list of networks.
import { BlockList, isIP, isIPv6 } from 'node:net'

/** An IPv4 address on an IPv6 socket counts as that IPv4 address. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  return mapped ?? address.replace(/%.*$/, '')
}

/** The addresses of one person or site: an IPv4 address, or the /64 of an IPv6 address, as providers assign them. */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  // An IPv4 part at the end stands for two groups.
  const rightLength = right.length + (right.at(-1)?.includes('..') ? 1 : 0)
  const groups =
    tail === undefined ? left : [...left, ...Array<string>(8 - left.length - rightLength).fill('0')]
  const all = [...groups, ...right].slice(0, 4)
  return `${all.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}

/** `10.0.0.0/8`, `fd00::/8` or a single address. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** Answers whether an address belongs to one of `networks`. */
export function createNetworkList(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const text of networks) {
    const [address = '', bits] = text.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => {
    const plain = plainAddress(address)
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}

/** An entry of X-Forwarded-For: some proxies add the port. */
function forwardedAddress(entry: string): string {
  const text = entry.trim()
  const address =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(text)?.[1] ?? text
  return plainAddress(address)
}

/**
 * The sender of a request that came from `peer`: X-Forwarded-For is read from the right, as far as trusted proxies
 * wrote its entries; entries further left are the sender's own claim.
 */
export function senderAddress(
  peer: string,
  forwardedFor: string | undefined,
  isTrusted: (address: string) => boolean,
): string {
  let address = plainAddress(peer)
  for (const entry of (forwardedFor ?? '').split(',').toReversed()) {
    if (!isTrusted(address)) break
    const next = forwardedAddress(entry)
    if (isIP(next) === 0) break
    address = next
  }
  return address
}
