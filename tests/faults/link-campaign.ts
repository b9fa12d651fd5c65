// Does the town get every acknowledged event exactly once, in order, whatever the links do? Many real boxes and a real
// centre in two network namespaces; a seed decides cuts, losses, resets, reordering and frozen programs.
import { rename } from 'node:fs/promises'
import { createVillage, type Village } from '../../firmware-sim/village/village.ts'
import { AlarmButton } from '../../firmware-sim/devices/alarm-button.ts'
import { createSeededRandom, type Random } from '../../protocols/kit/random.ts'
import { createTownAcross, type BoxAcross, type TownAcross } from '../kits/network/town-across.ts'
import {
  createTwoPlaces,
  type LineFaults,
  type LinkCounts,
  type TwoPlaces,
} from '../kits/network/two-places.ts'
import type { Program } from '../kits/system/programs.ts'
import { compareVillage, type VillageFaults } from './compare-village.ts'

export interface LinkPlan {
  seed: number
  boxes: number
  /** Of all boxes together. */
  flaps: number
  /** Called with the first box before the comparison: a test then plants differences that the comparison must find. */
  afterComparing?: (across: TownAcross, boxId: string, village: Village) => Promise<void>
  progress?: (text: string) => void
}

export interface LinkResult {
  flaps: number
  seconds: number
  /** Connections that the boxes made. */
  connections: number
  frozen: number
  newJournals: number
  link: LinkCounts
  acknowledged: number
  boxes: Map<string, VillageFaults>
}

/** Share of new connections that are reset at once, percent: one third of the flaps each. */
const refusals = [0, 10, 90]
const devicesPerBox = 6
/** Between two flaps of the whole town, shared by its boxes; one box is cut every second or so. */
const flapEachMs = 1500
const eventEachMs = 600
const flapMs = { least: 50, most: 200 }
/** One cut in this many lasts until the box must detect it by itself. */
const longOneIn = 40
const longMs = { least: 1000, most: 8000 }
const freezeOneIn = 150
const freezeMs = { least: 500, most: 4000 }
const newJournalOneIn = 1000
const drainMsMax = 180_000
/** Short time-outs, so that ten thousand cuts are as many new starts as possible. */
const uplinkSettings = {
  retrySecondsMax: 2,
  connectSeconds: 3,
  resendSeconds: 0.5,
  deafSeconds: 4,
  keepAliveSeconds: 3,
}
const calm: LineFaults = {
  delayMs: 5,
  jitterMs: 0,
  isOrdered: true,
  lossPercent: 0,
  duplicatePercent: 0,
  refusePercent: 0,
  cut: 'none',
}

interface Inhabited {
  box: BoxAcross
  village: Village
  program: Program
  connections: number
  /** While its journal is exchanged its link has no faults. */
  isSpared: boolean
}

export async function runLinkCampaign(plan: LinkPlan): Promise<LinkResult> {
  const places = await createTwoPlaces({ seed: plan.seed, lines: plan.boxes })
  const undos: (() => unknown)[] = [() => places.close()]
  try {
    const across = await createTownAcross(places, plan.boxes, {}, uplinkSettings)
    undos.push(() => across.close())
    const centre = await across.startCentre()
    const town: Inhabited[] = []
    for (const box of across.boxes) {
      const village = createVillage({
        seed: plan.seed + box.line,
        devices: devicesPerBox,
        url: `mqtt://127.0.0.1:${box.ports.mqtt}`,
        reportIntervalMs: 0,
        sleepyShare: 0,
        backOff: { firstMs: 50, maxMs: 400 },
      })
      undos.push(() => village.stop())
      town.push({ box, village, program: await box.start(), connections: 0, isSpared: false })
    }
    await across.town.token()
    for (const { village } of town) village.start()
    return await new Campaign(plan, places, across, centre, town).run()
  } finally {
    for (const undo of undos.toReversed()) await undo()
  }
}

class Campaign {
  readonly #plan: LinkPlan
  readonly #places: TwoPlaces
  readonly #across: TownAcross
  readonly #centre: Program
  readonly #town: readonly Inhabited[]
  readonly #random: Random
  readonly #underWay = new Set<Promise<void>>()
  #failure: unknown
  #frozen = 0
  #newJournals = 0
  #isOver = false

  constructor(
    plan: LinkPlan,
    places: TwoPlaces,
    across: TownAcross,
    centre: Program,
    town: readonly Inhabited[],
  ) {
    this.#plan = plan
    this.#places = places
    this.#across = across
    this.#centre = centre
    this.#town = town
    this.#random = createSeededRandom(plan.seed)
  }

  async run(): Promise<LinkResult> {
    const startMs = performance.now()
    const { flaps, progress } = this.#plan
    const load = this.#publish()
    for (let flap = 0; flap < flaps; flap++) {
      const refusePercent = refusals[Math.floor((flap * refusals.length) / flaps)] ?? 0
      const one = this.#random.pick(this.#town)
      if (!one.isSpared) this.#begin(this.#flap(one, refusePercent))
      if (this.#isOneIn(freezeOneIn)) this.#begin(this.#freeze())
      if (this.#isOneIn(newJournalOneIn)) this.#begin(this.#exchangeJournal(this.#random.pick(this.#town)))
      if ((flap + 1) % 1000 === 0) progress?.(`${flap + 1} flaps, ${refusePercent} % of connections refused`)
      await pause(flapEachMs / this.#town.length)
      this.#checkAlive()
      if (this.#failure !== undefined) throw this.#failure
    }
    await Promise.all(this.#underWay)
    this.#isOver = true
    await load
    if (this.#failure !== undefined) throw this.#failure
    const link = await this.#places.set(calm)
    for (const one of this.#town) await this.#drained(one)
    const boxes = new Map<string, VillageFaults>()
    for (const { box, village } of this.#town)
      boxes.set(box.id, await compareVillage(this.#across.town, box.id, village))
    for (const one of this.#town) await this.#countConnections(one)
    const [first] = this.#town
    if (first) await this.#plan.afterComparing?.(this.#across, first.box.id, first.village)
    return {
      flaps,
      seconds: Math.round((performance.now() - startMs) / 1000),
      connections: this.#town.reduce((sum, { connections }) => sum + connections, 0),
      frozen: this.#frozen,
      newJournals: this.#newJournals,
      link,
      acknowledged: [...boxes.values()].reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      boxes,
    }
  }

  /** Cuts one link for a moment; after that it has other losses and another order. */
  async #flap({ box }: Inhabited, refusePercent: number): Promise<void> {
    const random = this.#random
    const { least, most } = this.#isOneIn(longOneIn) ? longMs : flapMs
    const lastsMs = random.between(least, most)
    const after: LineFaults = {
      delayMs: random.between(1, 40),
      jitterMs: random.pick([0, 0, 20, 60]),
      isOrdered: random.next() < 0.5,
      lossPercent: random.pick([0, 0, 1, 5, 10, 30]),
      duplicatePercent: random.pick([0, 0, 5, 20]),
      refusePercent,
      cut: 'none',
    }
    await this.#places.set({ cut: random.pick(['both', 'both', 'up', 'down', 'reset']) }, [box.line])
    await pause(lastsMs)
    await this.#places.set(after, [box.line])
  }

  /** Either end stands still, its sockets open. */
  async #freeze(): Promise<void> {
    const victim = this.#random.next() < 0.2 ? this.#centre : this.#random.pick(this.#town).program
    const lastsMs = this.#random.between(freezeMs.least, freezeMs.most)
    if (!victim.isRunning) return
    this.#frozen++
    process.kill(victim.pid, 'SIGSTOP')
    await pause(lastsMs)
    if (victim.isRunning) process.kill(victim.pid, 'SIGCONT')
  }

  /** The box gets an empty journal, once the town has all of the old one: a new epoch begins. */
  async #exchangeJournal(one: Inhabited): Promise<void> {
    if (one.isSpared) return
    one.isSpared = true
    await this.#places.set(calm, [one.box.line])
    await this.#drained(one)
    await this.#countConnections(one)
    await one.program.end()
    await rename(one.box.dataDir, `${one.box.dataDir}-${++this.#newJournals}`)
    one.program = await one.box.start()
    one.isSpared = false
  }

  async #publish(): Promise<void> {
    while (!this.#isOver) {
      for (const { village, isSpared } of this.#town) {
        if (isSpared || this.#random.next() > 0.8) continue
        const member = this.#random.pick(village.members)
        if (member instanceof AlarmButton && this.#random.next() < 0.5) member.press()
        else member.device.report()
      }
      await pause(eventEachMs)
    }
  }

  /** Every event has left its device, and every record has its Receipt. */
  async #drained({ box, village }: Inhabited): Promise<void> {
    const endMs = performance.now() + drainMsMax
    for (;;) {
      this.#checkAlive()
      const lanes = await box.lanes()
      const isReceipted = Object.values(lanes).every(({ last, receipted }) => last === receipted)
      if (isReceipted && village.statistics().waiting === 0) return
      if (performance.now() > endMs)
        throw new Error(`${box.id} does not drain: ${JSON.stringify({ lanes, ...village.statistics() })}`)
      await pause(200)
    }
  }

  /** No link, however bad, may end a program. */
  #checkAlive(): void {
    for (const { box, program, isSpared } of this.#town)
      if (!isSpared && !program.isRunning) throw new Error(`${box.id} ended by itself:\n${program.tail()}`)
    if (!this.#centre.isRunning) throw new Error(`the centre ended by itself:\n${this.#centre.tail()}`)
  }

  async #countConnections(one: Inhabited): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${one.box.ports.console}/metrics`)
    const [, count] = /^gengfu_uplink_connections_total (\d+)/m.exec(await answer.text()) ?? []
    one.connections += Number(count ?? 0)
  }

  #begin(work: Promise<void>): void {
    const finish = async (): Promise<void> => {
      try {
        await work
      } catch (error) {
        this.#failure ??= error
      }
      this.#underWay.delete(done)
    }
    const done = finish()
    this.#underWay.add(done)
  }

  #isOneIn(count: number): boolean {
    return this.#random.between(1, count) === 1
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
