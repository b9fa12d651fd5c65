// How the box stands in its network: addresses, router and name servers, for a person who has only a phone.
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import type { NetworkAnswer } from '../../../protocols/console/installing.ts'

/** The address in a line of /proc/net/route, which has it as hexadecimal in the machine's order. */
export function readGateway(route: string): string | undefined {
  for (const line of route.split('\n').slice(1)) {
    const [, target, gateway = ''] = line.split('\t')
    if (target === '00000000' && /^[0-9A-F]{8}$/.test(gateway) && gateway !== '00000000')
      return [6, 4, 2, 0].map((at) => parseInt(gateway.slice(at, at + 2), 16)).join('.')
  }
  return undefined
}

export const readNameServers = (resolv: string): string[] =>
  [...resolv.matchAll(/^nameserver\s+(\S+)/gm)].map(([, server = '']) => server).slice(0, 8)

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

export function networkFacts(port: number, wireless: (name: string) => boolean = isWireless): NetworkAnswer {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address, mac }) => ({ name, address, mac, isWireless: wireless(name) })),
  )
  const gateway = readGateway(textOf('/proc/net/route'))
  return {
    v: 1,
    hostName: hostname(),
    addresses,
    ...(gateway === undefined ? {} : { gateway }),
    dnsServers: readNameServers(textOf('/etc/resolv.conf')),
    urls: ['gengfu.local', ...addresses.map(({ address }) => address)].map(
      (host) => `http://${host}:${port}/`,
    ),
  }
}

const isWireless = (name: string): boolean => textOf('/proc/net/wireless').includes(`${name}:`)
