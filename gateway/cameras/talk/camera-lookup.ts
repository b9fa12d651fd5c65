// Resolves the name of a camera. A name that resolves to this box itself is refused: a DNS server, or a neighbour by
// mDNS, could otherwise make the box connect to its own services.
import { lookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { CameraProblem } from './camera-problem.ts'

const ownAddresses = new BlockList()
ownAddresses.addSubnet('127.0.0.0', 8, 'ipv4')
ownAddresses.addSubnet('0.0.0.0', 8, 'ipv4')
ownAddresses.addAddress('::1', 'ipv6')
ownAddresses.addAddress('::', 'ipv6')
// A camera is one host: group and broadcast addresses are refused.
ownAddresses.addSubnet('224.0.0.0', 3, 'ipv4')
ownAddresses.addSubnet('ff00::', 8, 'ipv6')

/** True when a name may resolve to this address. `::ffff:127.0.0.1` is checked as the IPv4 address that it contains. */
export function isForeign(address: string): boolean {
  const four = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  return !ownAddresses.check(four, isIP(four) === 6 ? 'ipv6' : 'ipv4')
}

/** For `connect`: as the system resolves names, without addresses that a camera can not have. */
export const lookupCamera: LookupFunction = (name, options, done) => {
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return done(error, '', 0)
    // A configured `localhost` is intended.
    const usable = name === 'localhost' ? addresses : addresses.filter(({ address }) => isForeign(address))
    const [first] = usable
    if (!first) return done(new CameraProblem('own-address', { detail: name }), '', 0)
    if (options.all) done(null, usable)
    else done(null, first.address, first.family)
  })
}
