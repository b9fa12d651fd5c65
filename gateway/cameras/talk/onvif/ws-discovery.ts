// Finds cameras by WS-Discovery: one probe per network interface and per given address, read tolerantly, all sizes
// bounded.
import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import { messageOf } from '../../../../platform/failure.ts'

const group = '239.255.255.250'
const wsPort = 3702
/** A ProbeMatch is about 1 to 2 KB; most bytes read of one datagram, and most cameras of one search. */
const datagramBytesMax = 16 * 1024
const foundMax = 256
/** Recorders answer for each of their channels in one datagram. */
const matchesMax = 64
/** Datagrams get lost: each probe is sent this often, half a second apart. */
const repeats = 3
const repeatMs = 500

export interface FoundCamera {
  /** The address that answered, where the camera can be reached, whatever address it claims. */
  host: string
  port: number
  isTls: boolean
  path: string
  name: string
  model: string
  /** The endpoint's own id: stays when the address changes. */
  endpoint: string
}

export interface DiscoveryOptions {
  clock: Clock
  random: Random
  waitMs: number
  /** Also asked directly: cameras in another network segment do not receive multicast. */
  hosts?: readonly string[]
  /** Own IPv4 addresses to search from; all interfaces by default. */
  from?: readonly string[]
  /** Called for a failure, such as an interface without multicast; the search continues. */
  onTrouble?: (from: string, error: Error) => void
  signal?: AbortSignal
}

/** IPv4 addresses of all interfaces that are up, loopback last. */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const four = all.filter((one) => one.family === 'IPv4')
  return [...four.filter((one) => !one.internal), ...four.filter((one) => one.internal)].map(
    (one) => one.address,
  )
}

/** Resolves after `waitMs` with the answers, each camera once per address. Never rejects because of the network. */
export async function discoverCameras(options: DiscoveryOptions): Promise<FoundCamera[]> {
  const found = new Map<string, FoundCamera>()
  const trouble = (from: string) => (error: unknown) =>
    options.onTrouble?.(from, error instanceof Error ? error : new Error(messageOf(error)))
  const sockets: Socket[] = []
  const cancels: (() => void)[] = []
  const onMessage = (bytes: Buffer, sender: { address: string }): void => {
    if (bytes.length > datagramBytesMax) return
    for (const camera of parseProbeMatches(bytes.toString('utf8'), sender.address)) {
      // Cheap cameras leave the factory with one and the same id: the address distinguishes them.
      const key = `${camera.endpoint} ${camera.host}:${camera.port}`
      if (found.size < foundMax && !found.has(key)) found.set(key, camera)
    }
  }
  sockets.push(listenToGroup(options.from ?? ownAddresses(), onMessage))
  for (const from of options.from ?? ownAddresses()) {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    sockets.push(socket)
    socket.on('error', trouble(from))
    socket.on('message', onMessage)
    socket.bind({ address: from, port: 0 }, () => {
      try {
        socket.setMulticastInterface(from)
        socket.setMulticastTTL(1)
      } catch (error) {
        trouble(from)(error)
      }
      const send = (): void => {
        for (const to of [group, ...(options.hosts ?? [])]) {
          for (const types of probeTypes) {
            const probe = Buffer.from(probeMessage(options.random, types))
            socket.send(probe, wsPort, to, (error) => {
              // Loopback has no multicast route on many systems: not logged.
              if (error && !(from.startsWith('127.') && to === group)) trouble(from)(error)
            })
          }
        }
      }
      for (let i = 0; i < repeats; i++) {
        if (i * repeatMs < options.waitMs) cancels.push(options.clock.after(i * repeatMs, send))
      }
    })
  }
  await new Promise<void>((resolve) => {
    cancels.push(options.clock.after(options.waitMs, resolve))
    options.signal?.addEventListener('abort', () => resolve(), { once: true })
    if (options.signal?.aborted) resolve()
  })
  for (const cancel of cancels) cancel()
  for (const socket of sockets) socket.close()
  return [...found.values()].sort((a, b) => a.host.localeCompare(b.host, 'en', { numeric: true }))
}

/**
 * Some cameras answer to the whole group. Bound to the group's address, this socket takes no datagram that was sent to
 * this host.
 */
function listenToGroup(
  interfaces: readonly string[],
  onMessage: (bytes: Buffer, sender: { address: string }) => void,
): Socket {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  // Without it, only cameras that answer to the group are missed: not logged.
  socket.on('error', () => undefined)
  socket.on('message', onMessage)
  socket.bind({ address: group, port: wsPort }, () => {
    for (const own of interfaces) {
      try {
        socket.addMembership(group, own)
      } catch {
        // An interface without multicast: the search from it reports the failure.
      }
    }
  })
  return socket
}

/**
 * Older cameras answer only to their own type, some only to that of any ONVIF device, some only to a probe without a
 * type.
 */
const probeTypes = [
  '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>',
  '<d:Types xmlns:tds="http://www.onvif.org/ver10/device/wsdl">tds:Device</d:Types>',
  '',
]

function probeMessage(random: Random, types: string): string {
  const id = random.hex(16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>' +
    `<w:MessageID>uuid:${id}</w:MessageID>` +
    '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>' +
    '<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>' +
    `</e:Header><e:Body><d:Probe>${types}</d:Probe></e:Body></e:Envelope>`
  )
}

/** Parses an answer; empty for input without a camera's ProbeMatch (or Hello, with which some answer). Never throws. */
export function parseProbeMatches(xml: string, sender: string): FoundCamera[] {
  const plain = xml.replace(/<!\[CDATA\[([^<\]]{0,4000})\]\]>/g, '$1')
  // Only from there on: the header has an Address too, the reply address of the sender, which is the same for all
  // cameras.
  const starts = [...plain.matchAll(/<(?:[\w.-]+:)?(?:ProbeMatch|Hello)[\s>]/g)].map(({ index }) => index)
  return starts
    .slice(0, matchesMax)
    .map((start, i) => parseMatch(plain.slice(start, starts[i + 1]), plain, sender))
    .filter((one) => one !== undefined)
}

function parseMatch(match: string, xml: string, sender: string): FoundCamera | undefined {
  const text = (name: string): string =>
    new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^>]*)?>([^<]{0,4000})<`).exec(match)?.[1]?.trim() ?? ''
  // If the answer names no address, the usual path at the sender's address is taken.
  const addresses = text('XAddrs') || `http://${sender}/onvif/device_service`
  const urls = addresses.split(/\s+/).filter((url) => /^https?:\/\//i.test(url) && URL.canParse(url))
  const scopes = text('Scopes').split(/\s+/)
  const isCamera =
    scopes.some((scope) => /onvif:\/\//i.test(scope)) ||
    text('Types')
      .split(/\s+/)
      .some((type) => isCameraType(type, xml))
  if (urls.length === 0 || !isCamera) return undefined
  const parsed = urls.map((url) => new URL(url))
  // The camera's own address is used only if it equals the one that answered; else path and port are used, the host is
  // not.
  const url = parsed.find((one) => one.hostname === sender) ?? parsed[0]
  if (!url) return undefined
  const isTls = url.protocol === 'https:'
  const scope = (name: string): string => {
    const value = scopes.find((one) => one.toLowerCase().includes(`/${name}/`)) ?? ''
    return decode(value.slice(value.toLowerCase().indexOf(`/${name}/`) + name.length + 2))
  }
  return {
    host: sender,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    isTls,
    path: url.pathname,
    name: scope('name'),
    model: scope('hardware'),
    endpoint: text('Address').replace(/^urn:uuid:|^uuid:/i, ''),
  }
}

/** Computers and printers are a `Device` as well, of another name space. */
function isCameraType(type: string, xml: string): boolean {
  if (/NetworkVideo/.test(type)) return true
  const prefix = /^([\w-]+):Device$/.exec(type)?.[1]
  if (prefix === undefined) return false
  const declared = new RegExp(`xmlns:${prefix}\\s*=\\s*["']([^"']*)`).exec(xml)?.[1]
  return declared === undefined ? prefix === 'tds' : declared.includes('onvif.org')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text).slice(0, 100)
  } catch {
    return text.slice(0, 100)
  }
}
