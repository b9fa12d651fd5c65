// A foreign broker that answers the box with anything: whole messages whose content is mutated node by node, and frames whose
// bytes are. Real sockets, a real journal. Used small in the tests and large in the campaign.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { generate, parser, type Packet } from 'mqtt-packet'
import { pino } from 'pino'
import { bridgeSchema } from '../../../gateway/config/bridge-settings.ts'
import { ForeignBroker } from '../../../gateway/dialects/box/foreign-broker.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { DialectStructureTarget } from './structure-dialects.ts'
import type { Mutation } from './structural-mutations.ts'

/** Largest message that the box reads from this broker. */
const payloadBytesMax = 64 * 1024
/** A broker that neither closes nor acknowledges for this long is stuck. */
const answerMsMax = 20_000

const connack = Buffer.from([0x20, 2, 0, 0])
const publishOf = (topic: string, payload: string | Buffer, messageId: number): Buffer =>
  generate({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false })

/** Frames of a server, valid each. */
const frames: readonly Buffer[] = [
  connack,
  Buffer.from([0x90, 3, 0, 1, 1]),
  Buffer.from([0xb0, 2, 0, 1]),
  Buffer.from([0xd0, 0]),
  Buffer.from([0x40, 2, 0, 1]),
  Buffer.from([0x62, 2, 0, 1]),
  publishOf('zigbee2mqtt/button', '{"action":"single"}', 7),
  generate({ cmd: 'publish', topic: 'zigbee2mqtt/door', payload: '{}', qos: 0, dup: false, retain: true }),
]

/** Bytes of one frame changed: its type, its length, a byte anywhere, its end, or what follows it. */
export function* frameMutations(seed: number): Generator<Buffer> {
  const random = createSeededRandom(seed)
  for (;;) {
    const frame = Buffer.from(random.pick(frames))
    const at = random.between(0, frame.length - 1)
    switch (random.between(0, 5)) {
      case 0:
        frame[0] = random.between(0, 255)
        yield frame
        break
      case 1:
        frame[at] = random.between(0, 255)
        yield frame
        break
      case 2:
        yield frame.subarray(0, at)
        break
      // A length of 256 MB, and one that never ends.
      case 3:
        yield Buffer.concat([
          frame.subarray(0, 1),
          Buffer.from([0xff, 0xff, 0xff, 0x7f]),
          Buffer.alloc(70_000),
        ])
        break
      case 4:
        yield Buffer.concat([frame.subarray(0, 1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])])
        break
      default:
        yield Buffer.concat([frame, random.pick(frames), frame.subarray(at)])
    }
  }
}

export class ForeignBrokerTarget {
  readonly dialects = new DialectStructureTarget()
  readonly #uncaught: string[] = []
  readonly #noteUncaught = (error: unknown): void =>
    void this.#uncaught.push(error instanceof Error ? (error.stack ?? error.message) : 'thrown')
  #server: Server | undefined
  #converse: (socket: Socket) => void = () => undefined
  readonly #acknowledged = new Set<number>()
  #onAnswer: () => void = () => undefined

  async start(): Promise<void> {
    await this.dialects.start()
    process.on('uncaughtException', this.#noteUncaught).on('unhandledRejection', this.#noteUncaught)
    this.#server = createServer((socket) => this.#accept(socket))
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve))
  }

  /** Whole messages: each is acknowledged, one that is too large too. */
  async messages(batch: readonly Mutation[]): Promise<string[]> {
    const topics = ['zigbee2mqtt/button', 'zigbee2mqtt/bridge/devices', 'zigbee2mqtt/bridge/state', 'x']
    this.#converse = (socket) => {
      for (const [at, { text }] of batch.entries())
        socket.write(publishOf(topics[at % topics.length] ?? '', text, at + 1))
    }
    const answers = await this.#connect(() => this.#acknowledged.size >= batch.length)
    const missing = batch.filter((_one, at) => !answers.has(at + 1))
    const faults = missing.map(({ what }) => `a message of the foreign broker has no answer: ${what}`)
    return [...faults.slice(0, 3), ...this.#uncaught.splice(0)]
  }

  /** Frames with wrong bytes, each on a connection of its own; a message on a later connection is heard. */
  async frames(batch: readonly Buffer[]): Promise<string[]> {
    for (const frame of batch) {
      this.#converse = (socket) => void socket.end(frame)
      await this.#connect(() => false)
    }
    const after = await this.messages([{ text: '{"action":"single"}', what: 'after wrong frames' }])
    return [...this.#uncaught.splice(0), ...after]
  }

  /** Starts the box again; what is wrong in its journal. */
  async faultsAtEnd(): Promise<string[]> {
    return [...(await this.dialects.restart()), ...this.#uncaught]
  }

  async end(): Promise<void> {
    process.off('uncaughtException', this.#noteUncaught).off('unhandledRejection', this.#noteUncaught)
    await new Promise((resolve) => this.#server?.close(resolve))
    await this.dialects.end()
  }

  #accept(socket: Socket): void {
    const parse = parser()
    let hasAnswered = false
    parse.on('packet', (packet: Packet) => {
      if (packet.cmd === 'connect') socket.write(connack)
      else if (packet.cmd === 'subscribe') {
        const granted = packet.subscriptions.map(() => 1)
        socket.write(generate({ cmd: 'suback', messageId: packet.messageId ?? 1, granted }))
        if (!hasAnswered) this.#converse(socket)
        hasAnswered = true
      } else if (packet.cmd === 'puback') this.#acknowledged.add(packet.messageId ?? 0)
      this.#onAnswer()
    })
    socket.on('data', (bytes: Buffer) => parse.parse(bytes))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#onAnswer())
  }

  #addressOf(): AddressInfo {
    const address = this.#server?.address()
    if (typeof address !== 'object' || address === null) throw new Error('start it first')
    return address
  }

  /** One connection of the box until all is answered, or it is closed; the packet ids that it acknowledged. */
  async #connect(isDone: () => boolean): Promise<Set<number>> {
    this.#acknowledged.clear()
    const { port } = this.#addressOf()
    const bridge = bridgeSchema.parse({
      id: this.dialects.senderOf('zigbee2mqtt'),
      dialect: 'zigbee2mqtt',
      url: `mqtt://127.0.0.1:${port}`,
      payloadBytes: payloadBytesMax,
    })
    const { intake, keeper } = this.dialects.parts
    const logger = pino({ level: 'silent' })
    const broker = new ForeignBroker({ bridge, dialects: intake, keeper, logger, boxId: 'fuzz' })
    let isClosed = false
    let timer: NodeJS.Timeout | undefined
    const ended = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, answerMsMax)
      this.#server?.once('connection', (socket: Socket) => {
        socket.once('close', () => {
          isClosed = true
          resolve()
        })
      })
      this.#onAnswer = () => {
        if (isDone() || isClosed) resolve()
      }
    })
    broker.start()
    await ended
    clearTimeout(timer)
    await broker.stop()
    return new Set(this.#acknowledged)
  }
}
