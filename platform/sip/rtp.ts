// Speech of one call as RTP with G.711 µ-law (RFC 3550 and 3551), and keys that the other side presses (RFC 4733). Bounded; never throws.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'

export const speechRate = 8000
const frameMs = 20
const frameBytes = (speechRate * frameMs) / 1000
const silence = 0xff
const eventTypeDefault = 101
/** Frames that are sent at once after the program was held up. */
const catchUpMax = 10
const keys = '0123456789*#ABCD'

export interface Media {
  host: string
  port: number
  /** Payload type of its key events. */
  eventType: number
}

/** Our offer: µ-law and key events. */
export function offerOf(host: string, port: number, id: string): string {
  const family = isIPv6(host) ? 'IP6' : 'IP4'
  return [
    'v=0',
    `o=gengfu ${id} 1 IN ${family} ${host}`,
    's=alarm',
    `c=IN ${family} ${host}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 ${eventTypeDefault}`,
    'a=rtpmap:0 PCMU/8000',
    `a=rtpmap:${eventTypeDefault} telephone-event/8000`,
    `a=fmtp:${eventTypeDefault} 0-15`,
    `a=ptime:${frameMs}`,
    'a=sendrecv',
    '',
  ].join('\r\n')
}

/** Where the other side hears; undefined when it takes no µ-law. */
export function mediaOf(body: Uint8Array): Media | undefined {
  const lines = Buffer.from(body.subarray(0, 8192)).toString('latin1').split(/\r?\n/)
  const at = lines.findIndex((line) => line.startsWith('m=audio '))
  if (at < 0) return undefined
  const end = lines.findIndex((line, i) => i > at && line.startsWith('m='))
  const own = lines.slice(at, end < 0 ? undefined : end)
  const [, digits = '', formats = ''] =
    /^m=audio (\d{1,5})(?:\/\d+)? RTP\/AVP ([\d ]{1,100})$/.exec(own[0] ?? '') ?? []
  const port = Number.parseInt(digits, 10)
  const address = (some: readonly string[]): string | undefined =>
    some.flatMap((line) => /^c=IN IP[46] ([0-9a-fA-F.:]{2,45})$/.exec(line)?.[1] ?? [])[0]
  const host = address(own) ?? address(lines.slice(0, at))
  if (!formats.split(' ').includes('0') || !(port >= 1 && port <= 65_535) || host === undefined)
    return undefined
  const named = own.flatMap((line) => /^a=rtpmap:(\d{1,3}) telephone-event\/8000/i.exec(line)?.[1] ?? [])[0]
  return { host, port, eventType: named === undefined ? eventTypeDefault : Number.parseInt(named, 10) }
}

/** The key at the end of its event; `at`: its RTP time, the same in every repeat. */
export function keyIn(packet: Uint8Array, eventType: number): { key: string; at: number } | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
  if (bytes.length < 16 || (bytes[0] ?? 0) >> 6 !== 2 || ((bytes[1] ?? 0) & 0x7f) !== eventType)
    return undefined
  const start = 12 + ((bytes[0] ?? 0) & 0x0f) * 4
  if (bytes.length < start + 4) return undefined
  const isEnd = ((bytes[start + 1] ?? 0) & 0x80) !== 0
  const key = keys[bytes[start] ?? 255]
  return isEnd && key !== undefined ? { key, at: bytes.readUInt32BE(4) } : undefined
}

export interface RtpOptions {
  /** The exchange: behind some of them speech comes from another address than they name. */
  server: string
  clock: Clock
  random: Pick<Random, 'between'>
  onKey: (key: string) => void
}

export class RtpSpeech {
  readonly #options: RtpOptions
  #socket: Socket | undefined
  #cancel: () => void = () => undefined
  #sequence: number
  #time: number
  readonly #source: number
  #media: Media | undefined
  #lastKeyAt: number | undefined

  constructor(options: RtpOptions) {
    this.#options = options
    const { random } = options
    this.#sequence = random.between(0, 65_535)
    this.#time = random.between(0, 2 ** 31)
    this.#source = random.between(1, 2 ** 32 - 1)
  }

  /** Resolves with the port that our offer names. */
  async open(host: string): Promise<number> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    this.#socket = socket
    socket.on('message', (packet, from) => this.#take(packet, from.address))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, host, () => {
        socket.off('error', reject)
        socket.on('error', () => undefined)
        resolve()
      })
    })
    return socket.address().port
  }

  /** Resolves when all of it was sent, or when `signal` aborts. */
  play(media: Media, speech: Uint8Array, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    this.#media = media
    const startedMs = clock.monotonicMs()
    let sent = 0
    return new Promise((resolve) => {
      const turn = (): void => {
        const due = Math.floor((clock.monotonicMs() - startedMs) / frameMs) + 1
        for (let burst = 0; sent < due && burst < catchUpMax; burst++, sent++) {
          if (sent * frameBytes >= speech.length || signal.aborted) return resolve()
          this.#send(media, speech.subarray(sent * frameBytes, (sent + 1) * frameBytes), sent === 0)
        }
        this.#cancel = clock.after(frameMs, turn)
      }
      signal.addEventListener('abort', () => resolve(), { once: true })
      turn()
    })
  }

  close(): void {
    this.#cancel()
    this.#socket?.close()
    this.#socket = undefined
  }

  #send({ host, port }: Media, part: Uint8Array, isFirst: boolean): void {
    const packet = Buffer.alloc(12 + frameBytes, silence)
    packet[0] = 0x80
    packet[1] = isFirst ? 0x80 : 0
    packet.writeUInt16BE(this.#sequence, 2)
    packet.writeUInt32BE(this.#time % 2 ** 32, 4)
    packet.writeUInt32BE(this.#source, 8)
    packet.set(part, 12)
    this.#sequence = (this.#sequence + 1) % 65_536
    this.#time = (this.#time + frameBytes) % 2 ** 32
    this.#socket?.send(packet, port, host, () => undefined)
  }

  /** Each key once, and only from the machine that the call is with, or its exchange. */
  #take(packet: Buffer, from: string): void {
    const media = this.#media
    if (!media || (from !== media.host && from !== this.#options.server)) return
    const found = keyIn(packet, media.eventType)
    if (!found || found.at === this.#lastKeyAt) return
    this.#lastKeyAt = found.at
    this.#options.onKey(found.key)
  }
}
