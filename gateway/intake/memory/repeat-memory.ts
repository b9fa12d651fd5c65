// Remembers which device messages were stored, to detect repeats. Ids that count (`boot-counter`, as our firmware makes
// them) are stored as runs, so that a month of a device is a few numbers; uncounted ids are stored one by one, up to a limit.
// The ids of a device end with it: for the newest ids a hash of the content is stored too, and the same id with other
// content, or much later, is a new event of a device that started to count again, never a silent repeat.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import { emptyRecent, isRecentDocument, RecentIds, type RecentDocument } from './recent-ids.ts'

/**
 * Most runs of counted ids per device; beyond it the oldest are removed. One run holds any number of consecutive ids.
 */
export const runsPerDeviceMax = 2000
/** Most boots per device. */
export const bootsPerDeviceMax = 200
/** Most devices; beyond it the one that sent longest ago is removed, and a repeat of it is stored twice. */
export const devicesMax = 10_000

/** Runs of one boot as a flat list: from, to, from, to ... ascending, both ends included. */
type Runs = number[]
interface DeviceMemory {
  /** In the order of their first message. */
  boots: Map<number, Runs>
  runs: number
  recent: RecentIds
  /**
   * The last proof of the device's identity, by kind of proof: another password or certificate means another device.
   */
  marks: Map<string, string>
}

/** Prefix in the journal's state, one document per device. */
export const repeatPrefix = 'repeat:'

/** The document of one device in the journal. */
export interface RepeatDocument {
  boots: [boot: number, runs: Runs][]
  recent?: RecentDocument
  marks?: [kind: string, mark: string][]
}

/**
 * `repeat`: stored before. `counted`, `odd`: new; the journal must store an uncounted id. `... again`: the id was used before
 * for other content, or too long ago for a repeat: the device counts anew, and the message is a new event.
 */
export type IdVerdict = 'repeat' | 'counted' | 'odd' | 'counted again' | 'odd again'

/** The facts about one id. `content`: the hash of the message's content; `steadyMs`: when it arrived. */
export interface ReceivedId {
  device: string
  messageId: string
  content: number
  steadyMs: number
}

const hourMs = 3_600_000
/** Hour and content hash of an uncounted id in one number, which a double holds exactly. */
const contentValues = 2 ** 32
const oddHeard = ({ content, steadyMs }: ReceivedId): number =>
  Math.max(0, Math.floor(steadyMs / hourMs)) * contentValues + content
/** For an id whose record is deleted: the content hash without the time. */
const contentOnly = (heard: number): number | undefined => (heard < 0 ? -1 - heard : undefined)
/** An uncounted id with the same content is a repeat within its hour and the next one. */
const isOddRepeat = (before: number, now: number): boolean =>
  (contentOnly(before) ?? before % contentValues) === now % contentValues &&
  (before < 0 || Math.floor(now / contentValues) - Math.floor(before / contentValues) <= 1)

/** Digits that a number holds exactly. */
const bootDigitsMax = 10
const counterDigitsMax = 15
const [zero, nine, dash] = [48, 57, 45]

/** The position of the dash in `boot-counter`, -1 for any other form: leading zeros would make two ids one. */
function dashOf(messageId: string): number {
  let at = -1
  for (let i = 0; i < messageId.length; i++) {
    const code = messageId.charCodeAt(i)
    if (code === dash && at < 0 && i > 0) at = i
    else if (code < zero || code > nine) return -1
  }
  const counterDigits = messageId.length - at - 1
  if (at < 1 || at > bootDigitsMax || counterDigits < 1 || counterDigits > counterDigitsMax) return -1
  if (at > 1 && messageId.charCodeAt(0) === zero) return -1
  return counterDigits > 1 && messageId.charCodeAt(at + 1) === zero ? -1 : at
}

export class RepeatMemory {
  readonly #devices = new Map<string, DeviceMemory>()
  readonly #odd = new Map<string, number>()
  /** The newest uncounted id of each device. */
  readonly #newestOdd = new Map<string, string>()
  readonly #oddMax: number
  readonly #dirty = new Set<string>()

  constructor(oddMax: number) {
    this.#oddMax = oddMax
  }

  /** Stores the id, and returns its verdict. */
  take(heard: ReceivedId): IdVerdict {
    const { device, messageId } = heard
    const at = dashOf(messageId)
    if (at < 0) return this.#takeOdd(heard)
    const boot = Number(messageId.slice(0, at))
    const counter = Number(messageId.slice(at + 1))
    const memory = this.#of(device)
    const isKnown = contains(memory.boots.get(boot), counter)
    if (isKnown && memory.recent.find(boot, counter, heard.steadyMs) === heard.content) return 'repeat'
    if (isKnown) forgetIds(memory)
    this.#add(device, memory, boot, counter, heard)
    return isKnown ? 'counted again' : 'counted'
  }

  /**
   * Adds the id of a record in the journal; the record itself shows whether its id was used again. False when the id is
   * known.
   */
  replay(heard: ReceivedId, isUsedAgain: boolean): boolean {
    const { device, messageId } = heard
    const at = dashOf(messageId)
    if (at < 0) return this.#takeOdd(heard) !== 'repeat'
    const boot = Number(messageId.slice(0, at))
    const counter = Number(messageId.slice(at + 1))
    const memory = this.#of(device)
    const isKnown = contains(memory.boots.get(boot), counter)
    if (isKnown && (!isUsedAgain || memory.recent.find(boot, counter, heard.steadyMs) === heard.content))
      return false
    if (isUsedAgain) forgetIds(memory)
    this.#add(device, memory, boot, counter, heard)
    return true
  }

  #takeOdd(heard: ReceivedId): IdVerdict {
    const key = oddKey(heard.device, heard.messageId)
    const before = this.#odd.get(key)
    const now = oddHeard(heard)
    if (before !== undefined && isOddRepeat(before, now)) return 'repeat'
    this.#noteOdd(heard.device, heard.messageId, now)
    return before === undefined ? 'odd' : 'odd again'
  }

  #noteOdd(device: string, messageId: string, heard: number): void {
    const key = oddKey(device, messageId)
    this.#odd.delete(key)
    this.#odd.set(key, heard)
    forgetOldest(this.#odd, this.#oddMax)
    this.#newestOdd.delete(device)
    this.#newestOdd.set(device, messageId)
    forgetOldest(this.#newestOdd, devicesMax)
  }

  /** True when this uncounted id is the newest one of the device. */
  isNewestOdd(device: string, messageId: string): boolean {
    return this.#newestOdd.get(device) === messageId
  }

  /** True when the id was stored before; stores nothing. */
  has(device: string, messageId: string): boolean {
    const at = dashOf(messageId)
    if (at < 0) return this.#odd.has(oddKey(device, messageId))
    const runs = this.#devices.get(device)?.boots.get(Number(messageId.slice(0, at)))
    return runs !== undefined && contains(runs, Number(messageId.slice(at + 1)))
  }

  #of(device: string): DeviceMemory {
    let memory = this.#devices.get(device)
    if (memory) {
      // In the order of their last message, because the device that sent longest ago is removed first.
      if (this.#devices.size > devicesMax / 2) {
        this.#devices.delete(device)
        this.#devices.set(device, memory)
      }
      return memory
    }
    memory = { boots: new Map(), runs: 0, recent: new RecentIds(), marks: new Map() }
    this.#devices.set(device, memory)
    this.#forgetSurplus()
    return memory
  }

  #forgetSurplus(): void {
    // Its document is written with the next checkpoint.
    forgetOldest(this.#devices, devicesMax, (device) => this.#dirty.add(device))
  }

  #add(
    device: string,
    memory: DeviceMemory,
    boot: number,
    counter: number,
    { content, steadyMs }: { content: number | undefined; steadyMs: number },
  ): void {
    this.#dirty.add(device)
    if (content !== undefined) memory.recent.add(boot, counter, content, steadyMs)
    let runs = memory.boots.get(boot)
    if (!runs) {
      memory.boots.set(boot, (runs = []))
      if (memory.boots.size > bootsPerDeviceMax) forgetFirstBoot(memory)
    }
    memory.runs += insert(runs, counter)
    if (memory.runs <= runsPerDeviceMax) return
    // Removes the boot that sent first; a boot that sent just now is the last of them.
    for (const [first, oldest] of memory.boots) {
      oldest.splice(0, 2)
      memory.runs--
      if (oldest.length === 0) memory.boots.delete(first)
      return
    }
  }

  /** The name belongs to another device from now on: its stored ids are removed. False when there were none. */
  forget(device: string): boolean {
    const memory = this.#devices.get(device)
    let isKnown = false
    if (memory && memory.boots.size > 0) {
      isKnown = true
      forgetIds(memory)
      this.#dirty.add(device)
    }
    this.#newestOdd.delete(device)
    const prefix = oddKey(device, '')
    for (const key of this.#odd.keys()) if (key.startsWith(prefix)) isKnown = this.#odd.delete(key)
    return isKnown
  }

  /** Stores the proof of the device's identity; true when the same kind of proof was different before. */
  prove(device: string, kind: string, mark: string): boolean {
    const { marks } = this.#of(device)
    const before = marks.get(kind)
    if (before === mark) return false
    marks.set(kind, mark)
    this.#dirty.add(device)
    return before !== undefined
  }

  /** Devices that sent since the last call. */
  takeTouched(): string[] {
    const taken = [...this.#dirty]
    this.#dirty.clear()
    return taken
  }

  /** Undefined for a device with uncounted ids only, which the journal stores one by one. */
  documentOf(device: string): RepeatDocument | undefined {
    const memory = this.#devices.get(device)
    if (!memory) return undefined
    const { boots, recent, marks } = memory
    const document: RepeatDocument = { boots: [...boots].map(([boot, runs]) => [boot, [...runs]]) }
    if (!recent.isEmpty) document.recent = recent.document()
    if (marks.size > 0) document.marks = [...marks]
    return document
  }

  /** Adds a document from the journal; an invalid one is ignored, and its ids count as new. */
  restore(device: string, stored: unknown): boolean {
    const document = readRepeatDocument(stored)
    if (!document) return false
    const boots = new Map(document.boots.map(([boot, runs]) => [boot, [...runs]]))
    const runs = [...boots.values()].reduce((sum, list) => sum + list.length / 2, 0)
    const recent = new RecentIds(document.recent ?? emptyRecent)
    this.#devices.set(device, { boots, runs, recent, marks: new Map(document.marks) })
    this.#forgetSurplus()
    return true
  }

  /** An uncounted id as stored in the journal: `heard` is undefined where an older version wrote it. */
  restoreOdd(device: string, messageId: string, heard: number | undefined, nowMs: number): void {
    const at = dashOf(messageId)
    if (at < 0) {
      this.#noteOdd(device, messageId, heard ?? Number.NaN)
      return
    }
    const boot = Number(messageId.slice(0, at))
    const counter = Number(messageId.slice(at + 1))
    const memory = this.#of(device)
    if (contains(memory.boots.get(boot), counter)) return
    const content = contentOnly(heard ?? Number.NaN)
    this.#add(device, memory, boot, counter, { content, steadyMs: nowMs })
  }

  /** The number that the journal stores with an uncounted id. */
  heardOf(device: string, messageId: string): number {
    return this.#odd.get(oddKey(device, messageId)) ?? Number.NaN
  }

  clear(): void {
    this.#devices.clear()
    this.#odd.clear()
    this.#newestOdd.clear()
    this.#dirty.clear()
  }
}

function forgetIds(memory: DeviceMemory): void {
  memory.boots.clear()
  memory.runs = 0
  memory.recent = new RecentIds()
}

/**
 * The boot that sent first. A late message with a lower boot number is not removed for that: it would count as new
 * for ever.
 */
function forgetFirstBoot(memory: DeviceMemory): void {
  for (const [first, runs] of memory.boots) {
    memory.runs -= runs.length / 2
    memory.boots.delete(first)
    return
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isRuns = (runs: unknown): runs is Runs =>
  Array.isArray(runs) &&
  runs.length % 2 === 0 &&
  runs.length > 0 &&
  runs.length <= 2 * (runsPerDeviceMax + 1) &&
  runs.every((value, at) => isCount(value) && (at === 0 || value >= (runs[at - 1] as number)))

/** A document of the journal; the flash may have damaged its bytes. */
function readRepeatDocument(stored: unknown): RepeatDocument | undefined {
  if (!isObject(stored)) return undefined
  const { boots, recent, marks } = stored
  if (!Array.isArray(boots) || boots.length > bootsPerDeviceMax) return undefined
  const areBoots = boots.every(
    (pair: unknown) => Array.isArray(pair) && pair.length === 2 && isCount(pair[0]) && isRuns(pair[1]),
  )
  if (!areBoots) return undefined
  const document: RepeatDocument = { boots: boots as RepeatDocument['boots'] }
  if (isRecentDocument(recent)) document.recent = recent
  const areMarks = (list: unknown): list is [string, string][] =>
    Array.isArray(list) &&
    list.length <= 8 &&
    list.every((pair: unknown) => Array.isArray(pair) && pair.every((word) => typeof word === 'string'))
  if (areMarks(marks)) document.marks = marks
  return document
}

const oddKey = (device: string, messageId: string): string => `${device} ${messageId}`

/** Index of the first run whose end is at or above `value`, counted in numbers (always even). */
function findRun(runs: Runs, value: number): number {
  const last = runs.length
  if (last === 0 || value > (runs[last - 1] as number)) return last
  let low = 0
  let high = last / 2
  while (low < high) {
    const middle = (low + high) >> 1
    if ((runs[middle * 2 + 1] as number) < value) low = middle + 1
    else high = middle
  }
  return low * 2
}

function contains(runs: Runs | undefined, value: number): boolean {
  if (!runs) return false
  const at = findRun(runs, value)
  return at < runs.length && (runs[at] as number) <= value
}

/** Adds `value`; returns the change in the number of runs. */
function insert(runs: Runs, value: number): number {
  const at = findRun(runs, value)
  if (at < runs.length && (runs[at] as number) <= value) return 0
  const joinsLeft = at > 0 && runs[at - 1] === value - 1
  const joinsRight = at < runs.length && runs[at] === value + 1
  if (joinsLeft && joinsRight) {
    runs.splice(at - 1, 2)
    return -1
  }
  if (joinsLeft) runs[at - 1] = value
  else if (joinsRight) runs[at] = value
  else {
    runs.splice(at, 0, value, value)
    return 1
  }
  return 0
}
