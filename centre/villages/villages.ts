// The list of boxes: when each last sent, and the positions of its lanes; reports a box that became silent.
import type { Logger } from 'pino'
import { type Colour, type Lane, colours } from '../../protocols/domain/colour.ts'
import { guardTimes, isSameGuard, type GuardTimes } from '../../protocols/domain/guard.ts'
import { townOf, villageOf } from '../../protocols/domain/names.ts'
import type { BoxPresence, BoxSummary, LaneProgress, VillagesAnswer } from '../../protocols/desk/api.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { plainText } from '../../protocols/domain/plain-text.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import type { Receipt } from '../../protocols/uplink/receipt.ts'
import type { BoxMessage, KnownBox } from '../storage/port.ts'
import { presenceOf } from './presence.ts'

/** How often presence is judged. */
const tickMs = 1000
/** Most boxes; where strangers may report, further ones are not listed. */
export const boxesMax = 50_000

interface Box {
  id: string
  name: string
  isNameConfigured: boolean
  /** A changed name of the box, or a name that another box has. */
  pendingName: string | undefined
  presence: BoxPresence
  heardMs: number | undefined
  lastHeardAtMs: number | undefined
  heartbeat: Heartbeat | undefined
  guard?: GuardTimes
}

export interface VillagesOptions {
  clock: Clock
  logger: Logger
  /** The stored positions of an epoch. */
  receiptOf: (box: string, epoch: string) => Receipt
  missing: (box: string, epoch: string, lane: Lane) => [from: number, to: number][]
  givenUp: (box: string, epoch: string, lane: Lane) => number
  latestEpoch: (box: string) => string | undefined
  /** False while another centre reports which boxes are silent. */
  isOnDuty?: () => boolean
}

type PresenceListener = (box: KnownBox, presence: BoxPresence, message: BoxMessage) => void

export class Villages {
  readonly #options: VillagesOptions
  readonly #boxes = new Map<string, Box>()
  readonly #ofVillage = new Map<string, Set<string>>()
  /** The names of retired boxes, in case one sends again. */
  readonly #retired = new Map<string, string>()
  readonly #heard = new Set<string>()
  readonly #startedMs: number
  #cancel: (() => void) | undefined
  #presence: PresenceListener = () => undefined

  constructor(options: VillagesOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
  }

  /** A box became present or silent: to be stored and pushed. */
  onPresence(listener: PresenceListener): void {
    this.#presence = listener
  }

  remember(known: readonly KnownBox[], configured: readonly { id: string }[]): void {
    const ids = new Set(configured.map(({ id }) => id))
    for (const { id, name, isRetired } of known) if (isRetired) this.#retired.set(id, name)
    for (const { id, name, lastHeardAtMs } of known.filter((one) => !one.isRetired))
      this.#put({
        id,
        name,
        isNameConfigured: ids.has(id),
        pendingName: undefined,
        presence: 'unknown',
        heardMs: undefined,
        lastHeardAtMs,
        heartbeat: undefined,
      })
  }

  start(): void {
    this.#cancel ??= this.#options.clock.after(tickMs, () => {
      this.#cancel = undefined
      this.judge()
      this.start()
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Boxes heard since the last call. */
  takeHeard(): string[] {
    const heard = [...this.#heard]
    this.#heard.clear()
    return heard
  }

  /** Another centre has heard the box, and reports it. */
  heardElsewhere(id: string): void {
    const box = this.#boxes.get(id) ?? this.#add(id)
    if (!box) return
    box.heardMs = this.#options.clock.monotonicMs()
    box.lastHeardAtMs = this.#options.clock.wallMs()
    box.presence = 'present'
  }

  /** From now on this centre reports which boxes are silent: those that are so already too. */
  takeDuty(): void {
    for (const box of this.#boxes.values()) if (box.presence === 'silent') box.presence = 'late'
  }

  /** Any message of the box. */
  heard(id: string): void {
    this.#heard.add(id)
    const box = this.#boxes.get(id) ?? this.#add(id)
    if (!box) return
    box.heardMs = this.#options.clock.monotonicMs()
    box.lastHeardAtMs = this.#options.clock.wallMs()
    if (box.presence !== 'present') this.#change(box, 'present')
  }

  heartbeat(id: string, heartbeat: Heartbeat): void {
    this.heard(id)
    const box = this.#boxes.get(id)
    if (!box) return
    const { guard: reported, vitals: _vitals, ...kept } = heartbeat
    box.heartbeat = kept
    const guard = reported && guardTimes(reported, this.#options.clock.wallMs(), plainText)
    const isNews = guard !== undefined && !isSameGuard(box.guard, guard)
    if (isNews) box.guard = guard
    if (this.#takeName(box, kept.name) || isNews) this.#change(box, box.presence)
  }

  /** Evaluates every box's presence by the clock; `start` calls it once a second. */
  judge(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const box of this.#boxes.values()) {
      const wasEverHeard = box.lastHeardAtMs !== undefined
      const presence = presenceOf(nowMs, this.#startedMs, box.heardMs, wasEverHeard)
      if (presence === box.presence) continue
      if (this.#options.isOnDuty?.() ?? true) this.#change(box, presence)
      else box.presence = presence
    }
  }

  /** The box is removed for good; if it sends again, it is listed again. */
  retire(id: string): void {
    this.#retired.set(id, this.nameOf(id))
    this.#boxes.delete(id)
    const village = villageOf(id)
    const left = this.#ofVillage.get(village)
    left?.delete(id)
    if (left?.size === 0) this.#ofVillage.delete(village)
  }

  presenceOf(id: string): BoxPresence | undefined {
    return this.#boxes.get(id)?.presence
  }

  /** Of a listed box. */
  summaryOf(id: string): Pick<BoxSummary, 'name' | 'presence' | 'lastHeardAtMs' | 'clock'> {
    const box = this.#boxes.get(id)
    const { name = id, presence = 'unknown', lastHeardAtMs, heartbeat } = box ?? {}
    return {
      name,
      presence,
      ...(lastHeardAtMs === undefined ? {} : { lastHeardAtMs }),
      ...(heartbeat ? { clock: heartbeat.clock } : {}),
    }
  }

  ids(): string[] {
    return [...this.#boxes.keys()]
  }

  knows(id: string): boolean {
    return this.#boxes.has(id)
  }

  nameOf(id: string): string {
    return this.#boxes.get(id)?.name ?? id
  }

  villageIds(): string[] {
    return [...this.#ofVillage.keys()].sort()
  }

  boxesOf(villages: readonly string[]): string[] {
    return villages.flatMap((village) => [...(this.#ofVillage.get(village) ?? [])])
  }

  /** Every village, or only some. */
  answer(
    counts: readonly { box: string; colourRank: number; count: number }[],
    only?: readonly string[],
  ): VillagesAnswer {
    const villages = new Map<string, VillagesAnswer['villages'][number]>()
    const boxes = only ? this.boxesOf(only).flatMap((id) => this.#boxes.get(id) ?? []) : this.#boxes.values()
    for (const box of boxes) {
      const id = villageOf(box.id)
      const town = townOf(id)
      const village = villages.get(id) ?? {
        id,
        ...(town === undefined ? {} : { town }),
        boxes: [],
        openAlarms: { red: 0, orange: 0, yellow: 0, blue: 0 } satisfies Record<Colour, number>,
      }
      village.boxes.push(this.#summary(box))
      villages.set(id, village)
    }
    for (const { box, colourRank, count } of counts) {
      const colour = colours[colourRank]
      const village = villages.get(villageOf(box))
      if (village && colour) village.openAlarms[colour] += count
    }
    return { villages: [...villages.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) }
  }

  /** True when its own name changes the desk's text. */
  #takeName(box: Box, given: string | undefined): boolean {
    const name = plainText(given ?? '').trim()
    if (name === '' || name === box.name || name === box.pendingName || box.isNameConfigured) return false
    // The first name is used, unless another box has it; later changes wait for the centre's configuration.
    const isFirst = box.name === box.id && box.pendingName === undefined
    if (isFirst && ![...this.#boxes.values()].some((other) => isSameName(other.name, name))) box.name = name
    else {
      box.pendingName = name
      const facts = { box: box.id, name: box.name, pending: name }
      this.#options.logger.warn(
        facts,
        'a box gives itself another name: not taken; set it in the configuration',
      )
    }
    return true
  }

  #add(id: string): Box | undefined {
    if (this.#boxes.size >= boxesMax) return undefined
    const unheard = { heardMs: undefined, lastHeardAtMs: undefined, heartbeat: undefined }
    const name = this.#retired.get(id) ?? id
    this.#retired.delete(id)
    const box: Box = {
      id,
      name,
      isNameConfigured: false,
      pendingName: undefined,
      presence: 'unknown',
      ...unheard,
    }
    this.#put(box)
    return box
  }

  #put(box: Box): void {
    this.#boxes.set(box.id, box)
    const village = villageOf(box.id)
    const boxes = this.#ofVillage.get(village)
    if (boxes) boxes.add(box.id)
    else this.#ofVillage.set(village, new Set([box.id]))
  }

  #change(box: Box, presence: BoxPresence): void {
    if (presence !== box.presence) {
      const facts = { box: box.id, before: box.presence, presence }
      if (presence === 'silent') this.#options.logger.warn(facts, 'a box fell silent')
      else this.#options.logger.info(facts, 'the presence of a box changed')
    }
    box.presence = presence
    const { id, name, lastHeardAtMs } = box
    const known = { id, name, ...(lastHeardAtMs === undefined ? {} : { lastHeardAtMs }) }
    const message = { type: 'box.presence' as const, box: this.#summary(box), village: villageOf(id) }
    this.#presence(known, presence, message)
  }

  #summary({ id, name, pendingName, presence, lastHeardAtMs, heartbeat, guard }: Box): BoxSummary {
    const epoch = heartbeat?.epoch ?? this.#options.latestEpoch(id)
    return {
      id,
      name,
      ...(pendingName === undefined ? {} : { pendingName }),
      presence,
      ...(lastHeardAtMs === undefined ? {} : { lastHeardAtMs }),
      ...(epoch === undefined ? {} : { epoch }),
      ...(heartbeat ? { clock: heartbeat.clock } : {}),
      lanes: epoch === undefined ? {} : this.#progress(id, epoch, heartbeat),
      ...(heartbeat?.devices ? { devices: heartbeat.devices } : {}),
      ...(guard ? { guard } : {}),
    }
  }

  #progress(
    id: string,
    epoch: string,
    heartbeat: Heartbeat | undefined,
  ): Partial<Record<Lane, LaneProgress>> {
    const stored = this.#options.receiptOf(id, epoch).lanes
    const announced = heartbeat?.lanes ?? {}
    const progress: Partial<Record<Lane, LaneProgress>> = {}
    for (const lane of [...Object.keys(stored), ...Object.keys(announced)] as Lane[]) {
      const storedTo = stored[lane]?.storedTo ?? 0
      const missing = this.#options.missing(id, epoch, lane)
      const givenUp = this.#options.givenUp(id, epoch, lane)
      const last = Math.max(storedTo, announced[lane]?.last ?? 0)
      progress[lane] = { storedTo, announced: last, missing, ...(givenUp > 0 ? { givenUp } : {}) }
    }
    return progress
  }
}

const isSameName = (a: string, b: string): boolean =>
  a.normalize('NFKC').toLowerCase() === b.normalize('NFKC').toLowerCase()
