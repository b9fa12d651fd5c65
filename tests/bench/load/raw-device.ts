// The smallest possible MQTT 3.1.1 device: CONNECT, PUBLISH at QoS 1, PUBACKs counted. It stores nothing, so that a
// benchmark measures the broker and not the load.
import { connect, type Socket } from 'node:net'

const connackType = 2
const pubackType = 4
const publishType = 3

function withLength(first: number, body: Buffer): Buffer {
  const length: number[] = []
  let left = body.length
  do {
    const digit = left & 0x7f
    left >>= 7
    length.push(left > 0 ? digit | 0x80 : digit)
  } while (left > 0)
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

export interface RawDeviceHooks {
  onAck?: (device: RawDevice) => void
  onEnd?: (device: RawDevice, error: Error | undefined) => void
}

export class RawDevice {
  readonly id: string
  readonly #topic: Buffer
  readonly #hooks: RawDeviceHooks
  #socket: Socket | undefined
  #rest: Buffer | undefined
  #packetId = 0
  #onReady: (() => void) | undefined

  constructor(id: string, hooks: RawDeviceHooks = {}) {
    this.id = id
    this.#topic = text(`gengfu/v1/${id}/event`)
    this.#hooks = hooks
  }

  /** Resolves with the CONNACK; rejects when the broker is not there or refuses. */
  connect(port: number, keepaliveSeconds = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      this.#socket = socket
      this.#onReady = resolve
      let failure: Error | undefined
      socket.on('error', (error) => {
        failure = error
      })
      socket.on('close', () => {
        reject(failure ?? new Error(`${this.id}: the broker closed the connection`))
        this.#hooks.onEnd?.(this, failure)
      })
      socket.on('data', (data) => this.#hear(data))
      const head = Buffer.from([
        0,
        4,
        0x4d,
        0x51,
        0x54,
        0x54,
        4,
        2,
        keepaliveSeconds >> 8,
        keepaliveSeconds & 0xff,
      ])
      socket.write(withLength(0x10, Buffer.concat([head, text(this.id)])))
    })
  }

  publish(payload: string): void {
    this.#packetId = (this.#packetId % 0xffff) + 1
    const id = Buffer.from([this.#packetId >> 8, this.#packetId & 0xff])
    this.#socket?.write(withLength(0x32, Buffer.concat([this.#topic, id, Buffer.from(payload)])))
  }

  end(): void {
    this.#socket?.destroy()
  }

  #hear(data: Buffer): void {
    let chunk = this.#rest ? Buffer.concat([this.#rest, data]) : data
    this.#rest = undefined
    while (chunk.length >= 2) {
      const length = chunk[1] ?? 0
      if (length > 127) throw new Error('a longer packet than this load ever asks for')
      if (chunk.length < 2 + length) break
      this.#packet((chunk[0] ?? 0) >> 4, chunk.subarray(2, 2 + length))
      chunk = chunk.subarray(2 + length)
    }
    if (chunk.length > 0) this.#rest = chunk
  }

  #packet(type: number, body: Buffer): void {
    if (type === pubackType) this.#hooks.onAck?.(this)
    else if (type === connackType && body[1] === 0) this.#onReady?.()
    else if (type !== publishType) throw new Error(`${this.id}: unexpected packet ${type}/${body[1]}`)
  }
}
