// Knows which device messages were heard before. Ids that count (`boot-counter`, as our firmware makes them) are kept
// as runs, so that a month of a device is a few numbers; odd ids are kept one by one up to a bound.

/** Runs of counted ids kept per device; beyond it the oldest are forgotten. One run holds any number of ids in a row. */
export const runsPerDeviceMax = 2000
/** Boots of a device remembered. */
export const bootsPerDeviceMax = 200

/** Runs of one boot as a flat list: from, to, from, to ... ascending, both ends included. */
type Runs = number[]
interface DeviceMemory {
  boots: Map<number, Runs>
  runs: number
}

/** Where the journal keeps it, by device. */
export const repeatPrefix = 'repeat:'

/** What is written to the journal for one device. */
export type RepeatDocument = { boots: [boot: number, runs: Runs][] }

/** Digits that a number holds exactly. */
const bootDigitsMax = 10
const counterDigitsMax = 15
const [zero, nine, dash] = [48, 57, 45]

/** The place of the dash in `boot-counter`, -1 when the id is not made so: leading zeros would make two ids one. */
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
  readonly #odd = new Set<string>()
  readonly #oddMax: number
  readonly #dirty = new Set<string>()

  constructor(oddMax: number) {
    this.#oddMax = oddMax
  }

  /** Remembers the id, and says what it was: heard before, or an odd one that the journal has to keep by itself. */
  take(device: string, messageId: string): 'repeat' | 'counted' | 'odd' {
    const at = dashOf(messageId)
    if (at < 0) {
      const key = oddKey(device, messageId)
      if (this.#odd.has(key)) return 'repeat'
      this.#odd.add(key)
      if (this.#odd.size > this.#oddMax) this.#forgetOldestOdd()
      return 'odd'
    }
    if (!this.#addCounted(device, Number(messageId.slice(0, at)), Number(messageId.slice(at + 1))))
      return 'repeat'
    this.#dirty.add(device)
    return 'counted'
  }

  #forgetOldestOdd(): void {
    for (const oldest of this.#odd) {
      this.#odd.delete(oldest)
      return
    }
  }

  /** False when it was there already. */
  #addCounted(device: string, boot: number, counter: number): boolean {
    let memory = this.#devices.get(device)
    if (!memory) this.#devices.set(device, (memory = { boots: new Map(), runs: 0 }))
    let runs = memory.boots.get(boot)
    if (!runs) {
      memory.boots.set(boot, (runs = []))
      if (memory.boots.size > bootsPerDeviceMax) this.#forgetOldestBoot(memory)
    }
    if (contains(runs, counter)) return false
    memory.runs += insert(runs, counter)
    if (memory.runs > runsPerDeviceMax) {
      const oldest = memory.boots.get(Math.min(...memory.boots.keys()))
      oldest?.splice(0, 2)
      memory.runs--
      if (oldest?.length === 0) memory.boots.delete(Math.min(...memory.boots.keys()))
    }
    return true
  }

  #forgetOldestBoot(memory: DeviceMemory): void {
    const oldest = Math.min(...memory.boots.keys())
    memory.runs -= (memory.boots.get(oldest)?.length ?? 0) / 2
    memory.boots.delete(oldest)
  }

  /** Devices heard since the last call. */
  takeTouched(): string[] {
    const taken = [...this.#dirty]
    this.#dirty.clear()
    return taken
  }

  /** Undefined for a device with nothing but odd ids, which the journal keeps one by one. */
  documentOf(device: string): RepeatDocument | undefined {
    const memory = this.#devices.get(device)
    return memory && { boots: [...memory.boots].map(([boot, runs]) => [boot, [...runs]]) }
  }

  restore(device: string, document: RepeatDocument): void {
    const boots = new Map(document.boots.map(([boot, runs]) => [boot, [...runs]]))
    const runs = [...boots.values()].reduce((sum, list) => sum + list.length / 2, 0)
    this.#devices.set(device, { boots, runs })
  }

  clear(): void {
    this.#devices.clear()
    this.#odd.clear()
    this.#dirty.clear()
  }
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

function contains(runs: Runs, value: number): boolean {
  const at = findRun(runs, value)
  return at < runs.length && (runs[at] as number) <= value
}

/** Adds `value`; returns by how much the number of runs changed. */
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
