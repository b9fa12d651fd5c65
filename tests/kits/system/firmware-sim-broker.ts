// A broker for tests of simulated devices: it can hold PUBACKs back, refuse connections, and close without DISCONNECT.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Aedes, type PublishPacket } from 'aedes'
import { parseDeviceTopic } from '../../../protocols/device-mqtt/topics.ts'

export interface Arrival {
  device: string
  channel: string
  text: string
  isRepeat: boolean
}

export class TestBroker {
  readonly arrivals: Arrival[] = []
  readonly retained = new Map<string, string>()
  /** PUBACKs of events are held back while true. */
  isHolding = false
  isRefusing = false
  port = 0
  #aedes: Aedes | undefined
  #server: Server | undefined
  #sockets = new Set<Socket>()

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`
  }

  /** Events as they arrived, re-sends included. */
  events(device: string): { id: string; text: string; isRepeat: boolean }[] {
    return this.arrivals
      .filter((arrival) => arrival.device === device && arrival.channel === 'event')
      .map(({ text, isRepeat }) => ({ id: (JSON.parse(text) as { id: string }).id, text, isRepeat }))
  }

  async start(): Promise<void> {
    const aedes = await Aedes.createBroker()
    aedes.authenticate = (_client, _user, _password, done) => done(null, !this.isRefusing)
    aedes.authorizePublish = (_client, packet, done) => {
      this.#hear(packet)
      if (this.isHolding && packet.topic.endsWith('/event')) return
      done(null)
    }
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      aedes.handle(socket)
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
    this.#aedes = aedes
    this.#server = server
  }

  /** As after kill -9: sockets reset, nothing stored. */
  async kill(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    const isClosed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await isClosed
    await new Promise<void>((resolve) => this.#aedes?.close(resolve))
  }

  async tell(topic: string, message: object): Promise<void> {
    const packet = {
      topic,
      payload: Buffer.from(JSON.stringify(message)),
      qos: 1,
      retain: false,
      dup: false,
    } as const
    await new Promise<void>((resolve, reject) =>
      this.#aedes?.publish({ cmd: 'publish', ...packet }, (error) => (error ? reject(error) : resolve())),
    )
  }

  #hear({ topic, payload, dup, retain }: PublishPacket): void {
    const text = payload.toString()
    const named = parseDeviceTopic(topic)
    if (named) this.arrivals.push({ ...named, text, isRepeat: dup })
    if (retain) this.retained.set(topic, text)
  }
}

/** Waits for data from sockets; fails with the sentence when none comes. */
export async function until(sentence: string, isTrue: () => boolean, withinMs = 8000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`not in time: ${sentence}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
