// One MQTT 3.1.1 connection as in a small firmware: CONNECT, then publishes whose PUBACKs it reports, nothing stored.
// It does no redelivery and never reconnects: each connection is a new object, so late calls of an old one are
// harmless.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet'
import type { Clock } from '../../protocols/kit/clock.ts'

/** The receive buffer of the simulated firmware: a larger packet from the broker ends the connection. */
export const receiveBytesMax = 16 * 1024
/** From dialling to CONNACK. */
export const connectTimeoutMs = 10_000

const protocol = { protocolVersion: 4 }

export interface TlsIdentity {
  ca?: string | Buffer | undefined
  cert?: string | Buffer | undefined
  key?: string | Buffer | undefined
}

export interface SessionOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  url: string
  clientId: string
  isClean: boolean
  keepaliveSeconds: number
  will: { topic: string; payload: string }
  username?: string | undefined
  password?: string | undefined
  tls?: TlsIdentity | undefined
  clock: Clock
  onReady(): void
  onAck(packetId: number): void
  onMessage(topic: string, payload: Uint8Array): void
  /** Called once, whatever ended it; `isRefused` when the broker refused it. */
  onClosed(reason: string, isRefused: boolean): void
}

function dial(options: SessionOptions): Socket {
  const { protocol, hostname, port } = new URL(options.url)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'mqtts:') {
    const { ca, cert, key } = options.tls ?? {}
    return connectTls({
      host,
      port: Number(port || 8883),
      // A name for SNI must not be an address (RFC 6066, 3).
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
    })
  }
  return connectTcp({ host, port: Number(port || 1883) })
}

export class MqttSession {
  #options: SessionOptions
  #socket: Socket
  #parser = parser(protocol)
  #outgoing: Buffer[] = []
  #isReady = false
  #isClosed = false
  #lastPacketId = 0
  #heardAtMs: number
  #sentAtMs: number
  #cancelTimer: () => void = () => {}

  constructor(options: SessionOptions) {
    this.#options = options
    this.#heardAtMs = this.#sentAtMs = options.clock.monotonicMs()
    this.#socket = dial(options)
  }

  open(): void {
    const socket = this.#socket
    socket.setNoDelay(true)
    socket.on('error', (error) => this.#close(error.message))
    socket.on('close', () => this.#close('connection closed'))
    socket.on('data', (chunk) => {
      this.#heardAtMs = this.#options.clock.monotonicMs()
      if (this.#parser.parse(chunk) > receiveBytesMax) this.#close('packet too large for the receive buffer')
    })
    this.#parser.on('packet', (packet) => this.#receive(packet))
    this.#parser.on('error', (error: Error) => this.#close(error.message))
    this.#cancelTimer = this.#options.clock.after(connectTimeoutMs, () => this.#close('no CONNACK'))
    const { clientId, isClean, keepaliveSeconds, will, username, password } = this.#options
    const connect: IConnectPacket = {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: isClean,
      keepalive: keepaliveSeconds,
      will: { topic: will.topic, payload: will.payload, qos: 1, retain: true },
    }
    if (username !== undefined) connect.username = username
    if (password !== undefined) connect.password = Buffer.from(password)
    this.#send(connect)
  }

  /** Sends at QoS 1 and returns the packet id that `onAck` will name. */
  publish(
    topic: string,
    payload: Uint8Array,
    flags: { isRetained?: boolean; isRepeat?: boolean } = {},
  ): number {
    const messageId = this.#nextPacketId()
    this.#send({
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
      qos: 1,
      retain: flags.isRetained ?? false,
      dup: flags.isRepeat ?? false,
      messageId,
    })
    return messageId
  }

  subscribe(topics: readonly string[]): void {
    const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }))
    this.#send({ cmd: 'subscribe', messageId: this.#nextPacketId(), subscriptions })
  }

  /** Closes with DISCONNECT: the broker drops the will. */
  end(): void {
    if (this.#isClosed) return
    if (this.#isReady) this.#send({ cmd: 'disconnect' })
    this.#close('left', false, true)
  }

  /** Closes the socket without DISCONNECT, as in a power cut: the broker sends the will. */
  drop(reason: string): void {
    this.#close(reason)
  }

  #nextPacketId(): number {
    this.#lastPacketId = (this.#lastPacketId % 65_535) + 1
    return this.#lastPacketId
  }

  #send(packet: Packet): void {
    if (this.#isClosed) return
    this.#sentAtMs = this.#options.clock.monotonicMs()
    // One write for all packets of a turn: at thousands of events per second the system calls cost most.
    this.#outgoing.push(generate(packet, protocol))
    if (this.#outgoing.length === 1) process.nextTick(() => this.#flush())
  }

  #flush(): void {
    const [first, ...more] = this.#outgoing
    if (!first || this.#socket.destroyed) return
    this.#outgoing = []
    this.#socket.write(more.length === 0 ? first : Buffer.concat([first, ...more]))
  }

  #receive(packet: Packet): void {
    if (this.#isClosed) return
    if (packet.cmd === 'puback') {
      this.#options.onAck(packet.messageId ?? 0)
    } else if (packet.cmd === 'publish') {
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      this.#options.onMessage(packet.topic, payload)
      // After the firmware has processed it: a message that crashes it comes again.
      if (packet.qos === 1) this.#send({ cmd: 'puback', messageId: packet.messageId ?? 0 })
    } else if (packet.cmd === 'connack') {
      if (packet.returnCode !== 0) return this.#close(`refused with code ${packet.returnCode}`, true)
      this.#isReady = true
      this.#cancelTimer()
      this.#watchKeepalive()
      this.#options.onReady()
    }
  }

  #watchKeepalive(): void {
    const { clock, keepaliveSeconds } = this.#options
    const intervalMs = keepaliveSeconds * 1000
    if (intervalMs === 0 || this.#isClosed) return
    this.#cancelTimer = clock.after(intervalMs / 2, () => {
      const nowMs = clock.monotonicMs()
      if (nowMs - this.#heardAtMs >= intervalMs * 1.5) return this.#close('broker silent')
      // Also when only the broker is quiet: a half-open socket accepts our bytes without an error.
      if (nowMs - Math.min(this.#sentAtMs, this.#heardAtMs) >= intervalMs / 2) this.#send({ cmd: 'pingreq' })
      this.#watchKeepalive()
    })
  }

  #close(reason: string, isRefused = false, isPolite = false): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer()
    this.#parser.removeAllListeners()
    if (isPolite) {
      this.#flush()
      this.#socket.destroySoon()
    } else this.#socket.destroy()
    this.#options.onClosed(reason, isRefused)
  }
}
