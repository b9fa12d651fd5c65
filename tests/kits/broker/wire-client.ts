// An MQTT client under full control of the test: no acknowledgement, ping or retry of its own.
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { generate, parser, type Packet } from 'mqtt-packet'

const waitMsMax = 5000

export interface ConnectChoice {
  clientId?: string
  clean?: boolean
  keepalive?: number
  username?: string
  password?: string
  will?: { topic: string; payload: Buffer; qos?: 0 | 1 | 2; retain?: boolean }
}

export class WireClient {
  readonly stream: Duplex
  readonly received: Packet[] = []
  isClosed = false
  readonly #waiting = new Set<() => void>()
  #nextId = 1

  constructor(stream: Duplex) {
    this.stream = stream
    const parse = parser()
    parse.on('packet', (packet: Packet) => {
      this.received.push(packet)
      this.#wake()
    })
    stream.on('data', (bytes: Buffer) => parse.parse(bytes))
    stream.on('error', () => stream.destroy())
    // Otherwise a WebSocket stream waits for its own end.
    stream.on('end', () => stream.destroy())
    stream.on('close', () => {
      this.isClosed = true
      this.#wake()
    })
  }

  static async open(port: number, host = '127.0.0.1'): Promise<WireClient> {
    const socket: Socket = connectTcp(port, host)
    await once(socket, 'connect')
    socket.setNoDelay(true)
    return new WireClient(socket)
  }

  /** Opens, sends CONNECT and waits for the answer. */
  static async connect(port: number, choice: ConnectChoice = {}): Promise<WireClient> {
    const client = await WireClient.open(port)
    await client.connect(choice)
    return client
  }

  /** Sends CONNECT; resolves to the return code, or -1 when the connection closes without one. */
  async connect(choice: ConnectChoice = {}): Promise<number> {
    this.send(connectPacket(choice))
    const answer = await this.next('connack')
    return answer?.cmd === 'connack' ? (answer.returnCode ?? -1) : -1
  }

  send(packet: Packet): void {
    this.stream.write(generate(packet))
  }

  /** A new packet id. */
  id(): number {
    return this.#nextId++
  }

  publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1, retain = false): number {
    const messageId = this.id()
    this.send({ cmd: 'publish', topic, payload, qos, retain, dup: false, ...(qos > 0 ? { messageId } : {}) })
    return messageId
  }

  /** Publishes at QoS 1; true when the PUBACK came, false when the connection closed instead. */
  async publishKept(topic: string, payload: string | Buffer): Promise<boolean> {
    const messageId = this.publish(topic, payload)
    return (await this.next('puback', (packet) => packet.messageId === messageId)) !== undefined
  }

  /** Subscribes and returns the granted codes; undefined when the connection closed instead. */
  async subscribe(...filters: [filter: string, qos: 0 | 1 | 2][]): Promise<number[] | undefined> {
    const messageId = this.id()
    const subscriptions = filters.map(([topic, qos]) => ({ topic, qos }))
    this.send({ cmd: 'subscribe', messageId, subscriptions } as Packet)
    const answer = await this.next('suback', (packet) => packet.messageId === messageId)
    return answer?.cmd === 'suback' ? (answer.granted as number[]) : undefined
  }

  /** The next packet of that kind (removed); undefined when the connection closes first. Throws when none comes. */
  async next(
    cmd: Packet['cmd'],
    fits: (packet: Packet) => boolean = () => true,
  ): Promise<Packet | undefined> {
    for (;;) {
      const at = this.received.findIndex((packet) => packet.cmd === cmd && fits(packet))
      if (at >= 0) return this.received.splice(at, 1)[0]
      if (this.isClosed) return undefined
      await this.#change(`no ${cmd} came`)
    }
  }

  /** The next message; its payload as text. */
  async message(): Promise<{
    topic: string
    text: string
    qos: number
    retain: boolean
    dup: boolean
    messageId: number | undefined
  }> {
    const packet = await this.next('publish')
    if (packet?.cmd !== 'publish') throw new Error('closed before a message came')
    const { topic, qos, retain, dup, messageId } = packet
    return { topic, text: packet.payload.toString(), qos, retain, dup, messageId }
  }

  /** Sends a ping and waits for its answer: by then all earlier packets of the broker have arrived. */
  async settle(): Promise<void> {
    this.send({ cmd: 'pingreq' })
    await this.next('pingresp')
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change('the connection stayed open')
  }

  /** Closes the socket without DISCONNECT. */
  cut(): void {
    this.stream.destroy()
  }

  async disconnect(): Promise<void> {
    this.send({ cmd: 'disconnect' })
    await this.closed()
  }

  #change(complaint: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(wake)
        reject(new Error(complaint))
      }, waitMsMax)
      this.#waiting.add(wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }
}

export function connectPacket(choice: ConnectChoice = {}): Packet {
  const { clientId = 'device-1', clean = true, keepalive = 0, username, password, will } = choice
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId,
    clean,
    keepalive,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will ? { will: { qos: 0, retain: false, ...will } } : {}),
  }
}
