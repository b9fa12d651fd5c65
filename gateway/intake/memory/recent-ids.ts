// The newest counted ids of one device with a hash of each message's content: distinguishes a repeat from an id that is used
// again.
import { isObject } from '../../../protocols/kit/parse-json.ts'

/** Ids of one generation; there are two. A device has fewer unanswered messages than that at a time. */
export const recentIdsMax = 256
/**
 * A generation ends after this much uptime. A device sends unacknowledged messages as soon as it reaches the box: the
 * same id after two generations, or after more than `recentIdsMax` others, is not a repeat.
 */
export const recentMs = 3_600_000

/** One generation as a flat list: boot, counter, content, boot, counter, content ... */
type Generation = number[]
const width = 3

/** The form in the journal: consecutive ids share a part; `contents` are four bytes each, in base64. */
export interface RecentDocument {
  sinceMs: number
  earlier: RecentPart[]
  latest: RecentPart[]
}
type RecentPart = [boot: number, counter: number, contents: string]

export const emptyRecent: RecentDocument = { sinceMs: 0, earlier: [], latest: [] }

export class RecentIds {
  #sinceMs: number
  #earlier: Generation
  #latest: Generation

  constructor({ sinceMs, earlier, latest }: RecentDocument = emptyRecent) {
    this.#sinceMs = sinceMs
    this.#earlier = earlier.flatMap(unpack)
    this.#latest = latest.flatMap(unpack)
  }

  get isEmpty(): boolean {
    return this.#latest.length === 0 && this.#earlier.length === 0
  }

  add(boot: number, counter: number, content: number, steadyMs: number): void {
    this.#age(steadyMs)
    if (this.#latest.length >= recentIdsMax * width) this.#turn(steadyMs)
    if (this.#latest.length === 0) this.#sinceMs = steadyMs
    this.#latest.push(boot, counter, content)
  }

  /** Hash of the message with this id, while it is kept. */
  find(boot: number, counter: number, steadyMs: number): number | undefined {
    this.#age(steadyMs)
    return findIn(this.#latest, boot, counter) ?? findIn(this.#earlier, boot, counter)
  }

  document(): RecentDocument {
    return { sinceMs: this.#sinceMs, earlier: pack(this.#earlier), latest: pack(this.#latest) }
  }

  #age(steadyMs: number): void {
    const age = steadyMs - this.#sinceMs
    if (age < recentMs || this.isEmpty) return
    this.#turn(steadyMs)
    if (age >= 2 * recentMs) this.#earlier = []
  }

  #turn(steadyMs: number): void {
    this.#earlier = this.#latest
    this.#latest = []
    this.#sinceMs = steadyMs
  }
}

function findIn(generation: Generation, boot: number, counter: number): number | undefined {
  for (let at = generation.length - width; at >= 0; at -= width)
    if (generation[at + 1] === counter && generation[at] === boot) return generation[at + 2]
  return undefined
}

function pack(generation: Generation): RecentPart[] {
  const parts: RecentPart[] = []
  let from = 0
  for (let at = width; at <= generation.length; at += width) {
    const follows =
      at < generation.length &&
      generation[at] === generation[at - width] &&
      generation[at + 1] === (generation[at - width + 1] ?? 0) + 1
    if (follows) continue
    const contents = Buffer.alloc(((at - from) / width) * 4)
    for (let i = 0; i * width < at - from; i++)
      contents.writeUInt32LE(generation[from + i * width + 2] ?? 0, i * 4)
    parts.push([generation[from] ?? 0, generation[from + 1] ?? 0, contents.toString('base64')])
    from = at
  }
  return parts
}

function unpack([boot, counter, text]: RecentPart): number[] {
  const contents = Buffer.from(text, 'base64')
  const ids: number[] = []
  for (let i = 0; i * 4 + 4 <= contents.length; i++) ids.push(boot, counter + i, contents.readUInt32LE(i * 4))
  return ids
}

/** A document of the journal; the flash may have damaged its bytes. */
export function isRecentDocument(value: unknown): value is RecentDocument {
  return (
    isObject(value) &&
    Number.isFinite(value['sinceMs']) &&
    isParts(value['earlier']) &&
    isParts(value['latest'])
  )
}

const isParts = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= recentIdsMax &&
  value.every(
    (part: unknown) =>
      Array.isArray(part) &&
      Number.isSafeInteger(part[0]) &&
      Number.isSafeInteger(part[1]) &&
      typeof part[2] === 'string' &&
      part[2].length <= recentIdsMax * 6,
  )
