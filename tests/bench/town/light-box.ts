// A box as small as it can be: one TCP connection, MQTT packets written by hand, no queue. Two thousand fit one process.
import { connect, type Socket } from 'node:net'
import { generate, parser } from 'mqtt-packet'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import { encodeJson } from '../../../protocols/uplink/codec.ts'

export const epoch = 'bench123'

export class LightBox {
  readonly id: string
  readonly #socket: Socket
  readonly #waiting = new Map<number, () => void>()
  #messageId = 0
  #failed: ((error: Error) => void) | undefined

  private constructor(id: string, socket: Socket) {
    this.id = id
    this.#socket = socket
    const read = parser()
    socket.on('data', (bytes: Buffer) => read.parse(bytes))
    socket.on('error', (error) => this.#failed?.(error))
    read.on('packet', (packet) => {
      if (packet.cmd === 'connack') this.#settle(0)
      else if (packet.cmd === 'puback' || packet.cmd === 'suback') this.#settle(packet.messageId ?? -1)
      else if (packet.cmd === 'publish' && packet.qos === 1 && packet.messageId !== undefined)
        socket.write(generate({ cmd: 'puback', messageId: packet.messageId }))
    })
  }

  static async open(port: number, id: string): Promise<LightBox> {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    const box = new LightBox(id, socket)
    await new Promise<void>((resolve, reject) => {
      box.#failed = reject
      socket.once('close', () => reject(new Error(`${id} was closed`)))
      socket.once('connect', () => {
        socket.write(
          generate({
            cmd: 'connect',
            protocolId: 'MQTT',
            protocolVersion: 4,
            clientId: id,
            clean: true,
            keepalive: 120,
          }),
        )
        box.#waiting.set(0, resolve)
      })
    })
    box.#failed = undefined
    const done = box.#next()
    socket.write(
      generate({
        cmd: 'subscribe',
        messageId: done.id,
        subscriptions: ['receipt', 'stage', 'command'].map((name) => ({
          topic: `down/${id}/${name}`,
          qos: 1,
        })),
      }),
    )
    await done.settled
    return box
  }

  #settle(id: number): void {
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
  }

  #next(): { id: number; settled: Promise<void> } {
    const id = (this.#messageId = (this.#messageId % 65_000) + 1)
    return { id, settled: new Promise((resolve) => this.#waiting.set(id, resolve)) }
  }

  /** Resolves with the PUBACK. */
  report(lane: Lane, first: number, records: readonly JournalRecord[]): Promise<void> {
    const done = this.#next()
    const payload = Buffer.from(encodeJson({ v: 1, epoch, lane, first, records }))
    this.#socket.write(
      generate({
        cmd: 'publish',
        topic: `up/${this.id}/${lane}`,
        payload,
        qos: 1,
        messageId: done.id,
        dup: false,
        retain: false,
      }),
    )
    return done.settled
  }

  heartbeat(uptimeMs: number): void {
    const time = { boot: 1, sinceBootMs: uptimeMs, atMs: Date.now(), clock: 'synced', uptimeMs }
    const payload = Buffer.from(
      encodeJson({ v: 1, epoch, lanes: {}, ...time, devices: { known: 20, present: 20 } }),
    )
    this.#socket.write(
      generate({
        cmd: 'publish',
        topic: `up/${this.id}/heartbeat`,
        payload,
        qos: 0,
        dup: false,
        retain: false,
      }),
    )
  }

  end(): void {
    this.#socket.destroy()
  }
}
