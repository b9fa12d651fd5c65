// A simulated box of the campaign: keeps each record until its Receipt, goes to another centre when its connection ends or no Receipt
// comes, and notes every Receipt that can not be true.
import { connect, type Socket } from 'node:net'
import { generate, parser } from 'mqtt-packet'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../../protocols/domain/record.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { encodeJson, parseReceipt } from '../../../protocols/uplink/codec.ts'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'

export const epoch = 'abcd1234'
const perReport = 50
/** Without a Receipt for this long the box tries another centre. */
const receiptMsMax = 10_000
const lookEveryMs = 500
const kept = ['red', 'routine'] as const
type KeptLane = (typeof kept)[number]

interface LaneState {
  records: JournalRecord[]
  receipted: number
  /** The last number of the Report that has no Receipt yet. */
  sentTo: number
}

export interface CountyBoxOptions {
  id: string
  /** Ports of the centres. */
  ports: readonly number[]
  random: Random
}

export class CountyBox {
  readonly id: string
  readonly lanes: Record<KeptLane, LaneState> = {
    red: { records: [], receipted: 0, sentTo: 0 },
    routine: { records: [], receipted: 0, sentTo: 0 },
  }
  readonly violations: string[] = []
  /** Receipts on connections that this box has left. */
  lateReceipts = 0
  moves = 0
  /** When it last got a Receipt with news, ms of performance.now(). */
  progressMs = 0
  #ports: readonly number[]
  #at: number
  #socket: Socket | undefined
  #isReady = false
  #sequence = 0
  #waitingSinceMs = 0
  #messageId = 0
  #isOver = false
  readonly #random: Random
  readonly #left = new Set<Socket>()
  readonly #timer: NodeJS.Timeout

  constructor({ id, ports, random }: CountyBoxOptions) {
    this.id = id
    this.#ports = ports
    this.#random = random
    this.#at = random.between(0, ports.length - 1)
    this.#timer = setInterval(() => this.#look(), lookEveryMs)
    this.#connect()
  }

  get port(): number {
    return this.#ports[this.#at % this.#ports.length] ?? 0
  }

  get isConnected(): boolean {
    return this.#isReady
  }

  /** Records without a Receipt. */
  waiting(lane: KeptLane): number {
    return this.lanes[lane].records.length - this.lanes[lane].receipted
  }

  /** Answers the id of the alarm at the centre. */
  press(): string {
    const sequence = ++this.#sequence
    const id = `sos-${sequence}`
    this.lanes.red.records.push(makeAlarm(sequence, 'raised', { id, device: `button-${sequence}` }))
    this.#pump('red')
    return `${this.id}.${id}`
  }

  note(count: number): void {
    for (let i = 0; i < count; i++) this.lanes.routine.records.push(makeEvent(++this.#sequence))
    this.#pump('routine')
  }

  /** Sends a record in a lane that it never uses, and leaves the connection open: the centre behind it does not run. */
  leaveBehind(): void {
    const socket = this.#socket
    if (!socket) return
    this.#publish(socket, 'yellow', 1, [makeEvent(9_000_000)])
    this.#left.add(socket)
    this.#socket = undefined
    this.#isReady = false
    this.#move()
  }

  end(): void {
    this.#isOver = true
    clearInterval(this.#timer)
    this.#socket?.destroy()
    for (const socket of this.#left) socket.destroy()
  }

  #look(): void {
    const isLate = performance.now() - this.#waitingSinceMs > receiptMsMax
    const isWaiting = !this.#isReady || kept.some((lane) => this.waiting(lane) > 0)
    if (!isLate || !isWaiting || this.#isOver || !this.#socket) return
    this.#socket.destroy()
  }

  #move(): void {
    this.#at += 1
    this.moves += 1
    if (!this.#isOver) setTimeout(() => this.#connect(), this.#random.between(100, 500))
  }

  #connect(): void {
    if (this.#isOver) return
    this.#waitingSinceMs = performance.now()
    const socket = connect(this.port, '127.0.0.1')
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#isReady = false
      this.#move()
    })
    const read = parser()
    read.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => read.parse(bytes))
    read.on('packet', (packet) => {
      if (packet.cmd === 'connack' && packet.returnCode === 0)
        socket.write(
          generate({
            cmd: 'subscribe',
            messageId: this.#next(),
            subscriptions: [{ topic: `down/${this.id}/receipt`, qos: 1 }],
          }),
        )
      else if (packet.cmd === 'suback') this.#ready(socket)
      else if (packet.cmd === 'publish') this.#hear(socket, packet.payload as Buffer)
    })
    const client = {
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId: this.id,
      clean: true,
      keepalive: 60,
    } as const
    socket.once('connect', () => socket.write(generate({ cmd: 'connect', ...client })))
  }

  #ready(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#isReady = true
    this.#waitingSinceMs = performance.now()
    for (const lane of kept) {
      this.lanes[lane].sentTo = this.lanes[lane].receipted
      this.#pump(lane)
    }
  }

  #hear(socket: Socket, payload: Buffer): void {
    const parsed = parseReceipt(payload)
    if (!parsed.ok || parsed.value.epoch !== epoch) return
    if (this.#left.has(socket)) this.lateReceipts += 1
    if (this.#left.has(socket) && parsed.value.lanes.yellow)
      this.violations.push(`${this.id}: a Receipt by a centre that had lost the box`)
    if (this.#socket !== socket) return
    for (const lane of kept) {
      const state = this.lanes[lane]
      const storedTo = parsed.value.lanes[lane]?.storedTo
      if (storedTo === undefined) continue
      if (storedTo > state.records.length)
        this.violations.push(
          `${this.id} ${lane}: a Receipt for ${storedTo}, made are ${state.records.length}`,
        )
      if (storedTo < state.receipted)
        this.violations.push(`${this.id} ${lane}: a Receipt for ${storedTo} after ${state.receipted}`)
      if (storedTo <= state.receipted) continue
      state.receipted = storedTo
      this.progressMs = this.#waitingSinceMs = performance.now()
      if (state.receipted >= state.sentTo) this.#pump(lane)
    }
  }

  #pump(lane: KeptLane): void {
    const state = this.lanes[lane]
    if (!this.#isReady || !this.#socket || state.sentTo > state.receipted) return
    const records = state.records.slice(state.receipted, state.receipted + perReport)
    if (records.length === 0) return
    if (kept.every((one) => this.lanes[one].sentTo <= this.lanes[one].receipted))
      this.#waitingSinceMs = performance.now()
    state.sentTo = state.receipted + records.length
    this.#publish(this.#socket, lane, state.receipted + 1, records)
  }

  #publish(socket: Socket, lane: Lane, first: number, records: readonly JournalRecord[]): void {
    const payload = Buffer.from(encodeJson({ v: 1, epoch, lane, first, records }))
    const topic = `up/${this.id}/${lane}`
    socket.write(
      generate({
        cmd: 'publish',
        topic,
        payload,
        qos: 1,
        messageId: this.#next(),
        dup: false,
        retain: false,
      }),
    )
  }

  #next(): number {
    return (this.#messageId = (this.#messageId % 65_000) + 1)
  }
}
