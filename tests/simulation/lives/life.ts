// One life of a village in virtual time: devices, box, link and centre under the faults of its seed, then calm until
// everything has arrived. Checkers test the promises throughout; a life that breaks one throws BrokenPromise.
import { isActive } from '../../../centre/alarms/desk-row.ts'
import { parseArrivedReport } from '../../../centre/receiver/parse-arrived.ts'
import { lanes, type Lane } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom, type Random } from '../../../protocols/kit/random.ts'
import { encodeJson, parseHeartbeat, parseReceipt } from '../../../protocols/uplink/codec.ts'
import type { Receipt } from '../../../protocols/uplink/receipt.ts'
import type { Report } from '../../../protocols/uplink/report.ts'
import { LifeBox } from './life-box.ts'
import { commitMs, LifeCentre } from './life-centre.ts'
import { LifeDevices, type DeviceHost, type Message } from './life-devices.ts'
import { Disk } from './life-disk.ts'
import { BrokenPromise, faultsOf, noFaults, provoking, type Canary, type LifeFaults } from './life-faults.ts'
import { LifeLink } from './life-link.ts'

const stormySeconds = 20
const calmSecondsMax = 900
/** A red event may wait for the running commit, its own, and reads between; never for the window of routine. */
const redPubackMsMax = (faults: LifeFaults): number => 2 * faults.commitMsMax + 60
/** For this long after a connection or a step back, the next records come from disk, not from memory. */
const fromDiskMs = 2000

export interface LifeOptions {
  seed: number
  canary?: Canary | undefined
}

export interface LifeFigures {
  events: number
  alarms: number
  boots: number
  restores: number
  virtualSeconds: number
}

/** Runs the life; throws BrokenPromise. */
export async function live(options: LifeOptions): Promise<LifeFigures> {
  return new Life(options).run()
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class Life {
  readonly #clock = new VirtualClock()
  readonly #random: Random
  readonly #canary: Canary | undefined
  /** Compression takes most of the time of a life: only some lives have it. */
  readonly #isPacked: boolean
  readonly #disk = new Disk()
  readonly #link: LifeLink
  readonly #centre: LifeCentre
  readonly #devices: LifeDevices
  readonly #steadyBases = new Map<number, number>()
  readonly #sentTo = Object.fromEntries(lanes.map((lane) => [lane, 0])) as Record<Lane, number>
  readonly #committedMs = new Map<string, number>()
  #faults: LifeFaults
  #box: LifeBox
  #orderFromMs = 0
  #refusedMs = Number.NEGATIVE_INFINITY
  #failure: unknown

  constructor({ seed, canary }: LifeOptions) {
    this.#random = createSeededRandom(seed)
    this.#faults = { ...faultsOf(seed), ...(canary && provoking[canary]) }
    this.#canary = canary
    this.#isPacked = seed % 8 === 0
    const faults = (): LifeFaults => this.#faults
    this.#link = new LifeLink(this.#clock, this.#random, faults)
    this.#centre = new LifeCentre(this.#clock, canary, () => {
      if (this.#random.next() >= this.#faults.dieInCommit) return
      this.#clock.after(this.#random.next() * commitMs, () => this.#killCentre(false))
    })
    this.#devices = new LifeDevices({
      clock: this.#clock,
      random: this.#random,
      host: (): DeviceHost => this.#box,
      losePuback: () => this.#faults.losePuback,
      onPuback: (message, tookMs, isFirst) => this.#guard(() => this.#checkPuback(message, tookMs, isFirst)),
    })
    this.#box = this.#openBox()
  }

  async run(): Promise<LifeFigures> {
    this.#startBox()
    for (let second = 0; second < stormySeconds; second++) {
      for (let i = this.#random.between(0, 3); i > 0; i--) this.#devices.say()
      if (this.#random.next() < 0.1) for (let i = 0; i < 30; i++) this.#devices.say()
      if (this.#random.next() < 0.3) this.#operate()
      this.#strike()
      await this.#pass(1000)
    }
    this.#faults = noFaults
    for (let second = 0; second < calmSecondsMax && !this.#isDone; second++) await this.#pass(1000)
    this.#checkEnd()
    return {
      events: this.#disk.events.size,
      alarms: this.#disk.alarms.size,
      boots: this.#disk.boot,
      restores: this.#centre.restores,
      virtualSeconds: this.#clock.monotonicMs() / 1000,
    }
  }

  get #isDone(): boolean {
    if (!this.#devices.isDone || !this.#box.isUp) return false
    const positions = this.#box.journal.positions()
    return (
      this.#centre.isWhole(this.#disk.last) &&
      lanes.every((lane) => positions[lane].receipted === positions[lane].last)
    )
  }

  /** Runs due entries one by one, and checks the promises after each. */
  async #pass(ms: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + ms
    for (;;) {
      // Twice: work settled in the first turn may need a turn of its own.
      await turn()
      await turn()
      if (this.#failure !== undefined) throw this.#failure
      const dueMs = this.#clock.nextDueMs()
      if (dueMs > endMs) break
      this.#clock.advance(Math.max(0, dueMs - this.#clock.monotonicMs()))
    }
    this.#clock.advance(endMs - this.#clock.monotonicMs())
  }

  /** Keeps the error that a checker threw inside a callback. */
  #guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#failure ??= error
    }
  }

  #strike(): void {
    const { cutPerSecond, boxDiesPerSecond, centreDiesPerSecond, restorePerSecond } = this.#faults
    const random = this.#random
    if (random.next() < cutPerSecond) this.#cut()
    if (random.next() < boxDiesPerSecond && this.#box.isUp) this.#killBox()
    if (random.next() < 0.1) this.#centre.takeBackup()
    if (random.next() < restorePerSecond) this.#killCentre(true)
    else if (random.next() < centreDiesPerSecond) this.#killCentre(false)
  }

  #killBox(): void {
    this.#cut()
    this.#box.die()
    this.#guard(() => this.#disk.check())
    this.#clock.after(this.#random.between(100, 5000), () => {
      this.#box = this.#openBox()
      this.#startBox()
    })
  }

  #killCentre(isRestored: boolean): void {
    if (isRestored) this.#centre.restore()
    else this.#centre.die()
    this.#cut()
  }

  /** An operator answers a standing alarm on the desk. */
  #operate(): void {
    const rows = this.#centre.rows().filter(isActive)
    if (rows.length === 0 || !this.#link.isUp || !this.#box.isUp) return
    this.#box.stage(this.#random.pick(rows).alarm.id, this.#random.pick(['seen', 'accepted'] as const))
  }

  #openBox(): LifeBox {
    return new LifeBox({
      disk: this.#disk,
      clock: this.#clock,
      random: this.#random,
      faults: () => this.#faults,
      canary: this.#canary,
      isPacked: this.#isPacked,
      steadyBases: this.#steadyBases,
      events: {
        sent: (lane) => {
          if (this.#canary === 'settles-when-sent' && this.#sentTo[lane] > 0) this.#settleEarly(lane)
        },
        receipted: () => undefined,
        pictureSent: () => undefined,
        steppedBack: (lane) => {
          this.#rewound(lane)
          if (this.#centre.restores === 0)
            this.#guard(() => {
              throw new BrokenPromise(`${lane} stepped back though the centre lost nothing`)
            })
        },
        receiptRefused: (reason) =>
          this.#guard(() => {
            throw new BrokenPromise(`an honest Receipt was refused: ${reason}`)
          }),
        skipped: (lane, { from, to }) => this.#guard(() => this.#checkSkipped(lane, from, to)),
        readFailed: () => undefined,
      },
      onSettled: (lane, storedTo) => this.#guard(() => this.#checkSettled(lane, storedTo)),
      onDeaf: () => this.#cut(),
      onPowerCut: () => this.#killBox(),
      onFailed: (error) => (this.#failure ??= error),
    })
  }

  #startBox(): void {
    const box = this.#box
    box.journal.onCommitted((records) => {
      for (const { lane, number } of records)
        this.#committedMs.set(`${lane}/${number}`, this.#clock.monotonicMs())
    })
    box.journal.onRefused(() => (this.#refusedMs = this.#clock.monotonicMs()))
    box.start().then(
      () => this.#connectSoon(),
      (error: unknown) => (this.#failure ??= error),
    )
    this.#beat(box)
  }

  #beat(box: LifeBox): void {
    this.#clock.after(10_000, () => {
      if (box !== this.#box || !box.isUp) return
      this.#sendHeartbeat()
      this.#beat(box)
    })
  }

  #cut(): void {
    if (!this.#link.isUp) return
    this.#link.close()
    this.#box.session?.linkDown()
    this.#connectSoon()
  }

  #connectSoon(): void {
    this.#clock.after(this.#random.between(50, 3000), () => {
      if (this.#link.isUp || !this.#box.session) return
      this.#link.open()
      for (const lane of lanes) this.#rewound(lane)
      this.#box.session.linkUp({
        queuedBytes: () => this.#link.queuedBytes(),
        send: (channel, payload) => this.#send(channel as Lane, payload),
      })
      this.#sendHeartbeat()
    })
  }

  #sendHeartbeat(): void {
    if (!this.#link.isUp || !this.#box.isUp) return
    const bytes = encodeJson(this.#box.heartbeat())
    this.#link.up(bytes.length, () => {
      const heartbeat = parseHeartbeat(bytes)
      if (!heartbeat.ok) throw new BrokenPromise('a heartbeat does not parse')
      this.#centre.hear(heartbeat.value, (receipt) => this.#answer(receipt))
    })
  }

  #send(lane: Lane, payload: Uint8Array): number {
    const parsed = parseArrivedReport('box', lane, payload)
    if (!parsed.ok) throw new BrokenPromise(`a Report does not parse: ${JSON.stringify(parsed.problems)}`)
    if (parsed.value.faulty)
      throw new BrokenPromise(`a record does not parse: ${parsed.value.faulty[0]?.problem}`)
    const arrived = parsed.value
    this.#guard(() => this.#checkOrder(lane, arrived.report))
    if (this.#canary === 'hides-gaps') delete arrived.report.skipped
    return this.#link.up(payload.length, () => {
      this.#guard(() => this.#centre.take(arrived, (receipt) => this.#answer(receipt)))
    })
  }

  #answer(receipt: Receipt): void {
    const bytes = encodeJson(receipt)
    this.#link.down(bytes.length, () => {
      const parsed = parseReceipt(bytes)
      if (!parsed.ok) throw new BrokenPromise('a Receipt does not parse')
      if (this.#canary === 'never-steps-back')
        for (const lane of Object.values(parsed.value.lanes)) delete lane.lostTo
      this.#box.session?.receipt(parsed.value)
    })
  }

  #settleEarly(lane: Lane): void {
    this.#guard(() => this.#checkSettled(lane, this.#sentTo[lane]))
    this.#box.journal.settle(lane, this.#sentTo[lane])
  }

  #rewound(lane: Lane): void {
    this.#sentTo[lane] = this.#box.journal.positions()[lane].receipted
    this.#orderFromMs = this.#clock.monotonicMs() + fromDiskMs
  }

  /** Promise 1: acknowledged means stored; and red waits for nothing less urgent. */
  #checkPuback({ device, id, isRed }: Message, tookMs: number, isFirst: boolean): void {
    if (!this.#disk.events.has(`${device} ${id}`))
      throw new BrokenPromise(`${device} ${id} has a PUBACK and is not kept`)
    const isSmooth = this.#clock.monotonicMs() - this.#refusedMs > 5000
    if (isRed && isFirst && isSmooth && tookMs > redPubackMsMax(this.#faults))
      throw new BrokenPromise(`${device} ${id} is red and waited ${Math.round(tookMs)} ms for its PUBACK`)
  }

  /** Promise 4: an entry is deleted only when the centre has it. */
  #checkSettled(lane: Lane, storedTo: number): void {
    // A Receipt in flight while an older backup was restored is no longer true: the next heartbeat detects it.
    if (this.#centre.restores > 0) return
    if (storedTo > this.#centre.storedTo(lane))
      throw new BrokenPromise(
        `${lane} is settled to ${storedTo}, the centre has ${this.#centre.storedTo(lane)}`,
      )
  }

  #checkSkipped(lane: Lane, from: number, to: number): void {
    for (let number = from; number <= to; number++)
      if (!this.#disk.evicted.has(`${lane}/${number}`))
        throw new BrokenPromise(`${lane} ${number} was given up though the journal has it`)
  }

  /** Promise 3: no Report is sent while a more urgent lane has a new record that was not sent. */
  #checkOrder(lane: Lane, report: Report): void {
    const last = report.first + report.records.length - 1
    this.#sentTo[lane] = Math.max(this.#sentTo[lane], last, ...(report.skipped ?? []).map(({ to }) => to))
    if (this.#clock.monotonicMs() < this.#orderFromMs) return
    for (const urgent of lanes.slice(0, lanes.indexOf(lane))) {
      const next = Math.max(this.#sentTo[urgent], this.#box.journal.positions()[urgent].receipted) + 1
      const committedMs = this.#committedMs.get(`${urgent}/${next}`)
      const isFresh = committedMs !== undefined && this.#disk.last[urgent] - next < 200
      if (isFresh && next <= this.#disk.last[urgent] && this.#clock.monotonicMs() > committedMs)
        throw new BrokenPromise(`${lane} left before ${urgent} ${next}`)
    }
  }

  #checkEnd(): void {
    if (!this.#isDone)
      throw new BrokenPromise('not all is at the centre and receipted, long after the last fault')
    this.#disk.check()
    for (const { device, id } of this.#devices.acknowledged) {
      const place = this.#disk.events.get(`${device} ${id}`)
      if (!place) throw new BrokenPromise(`${device} ${id} is lost`)
      const there = this.#centre.record(place.lane, place.number)
      if (there?.type === 'event' && there.device === device && there.messageId === id) continue
      const key = `${place.lane}/${place.number}`
      if (!this.#disk.evicted.has(key) || !this.#centre.isDeclaredGone(place.lane, place.number))
        throw new BrokenPromise(`${device} ${id} (${key}) is not at the centre`)
    }
    const rows = new Map(this.#centre.rows().map((row) => [row.alarm.id, row]))
    // If the end of an alarm was deleted on a full disk and also lost by the centre, its row stands until a person
    // answers.
    const isWhole = this.#disk.evicted.size === 0 || this.#centre.restores === 0
    if (isWhole) this.#centre.checkRows()
    for (const [id, record] of this.#disk.alarms) {
      const row = rows.get(id)
      if (!row && isWhole) throw new BrokenPromise(`the alarm ${id} is not on the desk`)
      if (row && isWhole && row.alarm.state !== record.alarm.state)
        throw new BrokenPromise(
          `${id} is ${row.alarm.state} on the desk and ${record.alarm.state} at the box`,
        )
    }
  }
}
