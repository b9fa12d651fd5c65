// The village's devices in virtual time: each keeps a message until its PUBACK and sends it again under the same id.
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'

/** The box as a connected device needs it. */
export interface DeviceHost {
  /** Resolves when the box has stored it; rejects when it refuses; stays open when the box ends. */
  accept(message: { device: string; topic: string; payload: Uint8Array }): Promise<void>
  /** Changes with each start of the box. */
  readonly boot: number
  readonly isUp: boolean
}

export interface Message {
  device: string
  id: string
  isRed: boolean
}

export interface LifeDevicesOptions {
  clock: Clock
  random: Random
  host: () => DeviceHost
  losePuback: () => number
  /** The device got its PUBACK after `tookMs`; `isFirst` when it had not sent it before. */
  onPuback: (message: Message, tookMs: number, isFirst: boolean) => void
}

const inFlightMax = 3
const again = { fromMs: 300, toMs: 3000 }
const ids = ['button-1', 'button-2', 'door-1', 'door-2', 'gauge', 'smoke-1', 'stranger']

export class LifeDevices {
  readonly #options: LifeDevicesOptions
  readonly acknowledged: Message[] = []
  #counter = 0
  #waiting = 0
  readonly #queues = new Map<string, { message: Message; payload: Uint8Array }[]>(ids.map((id) => [id, []]))
  readonly #inFlight = new Map<string, number>(ids.map((id) => [id, 0]))

  constructor(options: LifeDevicesOptions) {
    this.#options = options
  }

  get isDone(): boolean {
    return this.#waiting === 0
  }

  /** Some device has a message to send. */
  say(): void {
    const { random } = this.#options
    const device = random.pick(ids)
    const id = random.next() < 0.9 ? `1-${++this.#counter}` : `x${random.hex(5)}`
    const readings = readingsOf(device, random)
    const isRed = 'button' in readings && device.startsWith('button')
    const payload = new TextEncoder().encode(JSON.stringify({ id, ...readings }))
    this.#waiting++
    this.#queues.get(device)?.push({ message: { device, id, isRed }, payload })
    this.#next(device)
  }

  #next(device: string): void {
    const queue = this.#queues.get(device) ?? []
    while ((this.#inFlight.get(device) ?? 0) < inFlightMax) {
      const next = queue.shift()
      if (!next) return
      this.#inFlight.set(device, (this.#inFlight.get(device) ?? 0) + 1)
      this.#send(next, true)
    }
  }

  #send(entry: { message: Message; payload: Uint8Array }, isFirst: boolean): void {
    const { clock, random, host, losePuback, onPuback } = this.#options
    const { message, payload } = entry
    const retry = (): void =>
      void clock.after(random.between(again.fromMs, again.toMs), () => this.#send(entry, false))
    const box = host()
    if (!box.isUp) return retry()
    const { boot } = box
    const sentMs = clock.monotonicMs()
    let isOpen = true
    // A device whose box ended gets nothing and sends again.
    const cancel = clock.after(20_000, () => {
      isOpen = false
      retry()
    })
    const answered = (isKept: boolean): void => {
      if (!isOpen || host().boot !== boot || !host().isUp) return
      isOpen = false
      cancel()
      if (!isKept) return retry()
      onPuback(message, clock.monotonicMs() - sentMs, isFirst)
      if (random.next() < losePuback()) return retry()
      this.acknowledged.push(message)
      this.#waiting--
      this.#inFlight.set(message.device, (this.#inFlight.get(message.device) ?? 0) - 1)
      this.#next(message.device)
    }
    const topic = `gengfu/v1/${message.device}/event`
    box.accept({ device: message.device, topic, payload }).then(
      () => answered(true),
      () => answered(false),
    )
  }
}

function readingsOf(device: string, random: Random): Record<string, unknown> {
  if (device.startsWith('button')) return { button: random.pick(['pressed', 'held', 'duress']) }
  if (device.startsWith('door'))
    return { contact: random.pick(['open', 'closed']), batteryPercent: random.between(1, 100) }
  if (device === 'gauge') return { waterLevelMm: random.between(0, 1000) }
  if (device === 'smoke-1') return { smoke: random.next() < 0.3 }
  return random.pick([
    { temperatureC: random.between(-5, 30) },
    { leak: random.next() < 0.5 },
    { motion: true },
  ])
}
