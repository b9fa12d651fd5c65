// The session of one sender in one dialect: decodes, updates the learned facts, detects repeats and presses that arrive
// as several messages, and lets no retained or repeated momentary reading pass as an event. The same for the box and
// for `gengfu decode`.
import type { Decoded, DeviceResult, Dialect, DialectMessage, DialectSettings } from '../port.ts'
import { ContentIds, type ContentMark } from './content-ids.ts'
import { plainAddress } from '../../config/plain-address.ts'
import { eventOf } from './event-of.ts'
import { LearnedDocuments } from './knowledge.ts'
import { Presses } from './presses.ts'
import { vanishedFields } from './vanished.ts'
import { withLevel } from './water-level.ts'

export interface SessionOptions {
  dialect: Dialect
  settings?: DialectSettings
  known?: LearnedDocuments
  /** The id under which the event of a result is stored; absent: the hardware's address. */
  deviceOf?: (result: DeviceResult) => string
  /** False: nothing is learned about this device. Absent: about each. */
  mayLearn?: (result: DeviceResult) => boolean
  /** True when an event of this id is in the journal; called only for messages marked as repeats. */
  wasKept?: (device: string, messageId: string) => boolean
  /** True when it is in the journal, and no event of this device after it. */
  isNewest?: (device: string, messageId: string) => boolean
}

type Counted = DeviceResult & { messageId: string }

export interface SessionResult extends Decoded {
  /** Each with an id. */
  results: readonly Counted[]
  /** Parts without an event of their own: a stored event, or one that waits for its commit, has the same content. */
  repeated: readonly Counted[]
  /** Call it when it could not be stored: all of it counts as not received. */
  undo: () => void
}

export class DialectSession {
  readonly known: LearnedDocuments
  readonly #options: SessionOptions
  readonly #contents: ContentIds
  readonly #presses = new Presses()

  constructor(options: SessionOptions) {
    this.#options = options
    this.known = options.known ?? new LearnedDocuments()
    const { repeats } = options.dialect
    this.#contents = new ContentIds(repeats.by === 'content' ? repeats.windowMs : 0)
  }

  get dialect(): Dialect {
    return this.#options.dialect
  }

  get settings(): DialectSettings {
    return this.#options.settings ?? {}
  }

  /** A promise only where the dialect needs one. */
  take(message: DialectMessage): SessionResult | Promise<SessionResult> {
    const decoded = this.#decode(message)
    return decoded instanceof Promise
      ? decoded.then(
          (later) => this.#heard(later, message),
          (error: Error) => this.#heard(this.#failed(error), message),
        )
      : this.#heard(decoded, message)
  }

  #heard(given: Decoded, message: DialectMessage): SessionResult {
    const hasDistance = given.results.some(({ readings }) => readings['distanceMm'] !== undefined)
    const decoded = hasDistance
      ? { ...given, results: given.results.map((result) => this.#withLevel(result)) }
      : given
    const undos: (() => void)[] = []
    const results: Counted[] = []
    const repeated: Counted[] = []
    const places = this.#placesOf(decoded.results)
    const mark = decoded.results.some(({ messageId }) => messageId === undefined)
      ? this.#contents.mark(message, (id, isNewest) => this.#isStored(id, decoded.results, places, isNewest))
      : undefined
    if (mark) undos.push(mark.undo)
    for (const [at, found] of decoded.results.entries()) {
      const messageId = found.messageId ?? numbered(mark?.messageId ?? '', places[at] ?? 0)
      const judged = this.#judge({ ...found, messageId }, found, message, mark, undos)
      if (judged.result) results.push(judged.result)
      if (judged.repeats !== undefined) repeated.push({ ...found, messageId: judged.repeats })
    }
    const learned = [...(decoded.learned ?? [])]
    for (const [index, result] of results.entries()) {
      if (this.#options.mayLearn?.(result) === false) continue
      const vanished = vanishedFields(result, this.known)
      learned.push(...vanished.learned)
      if (vanished.faults)
        results[index] = { ...result, faults: [...(result.faults ?? []), ...vanished.faults] }
    }
    // A press or the end of a fault that could not be stored is new when it comes again.
    if (results.some(({ momentary, faults }) => momentary ?? faults)) undos.push(this.known.take(learned))
    else this.known.take(learned)
    const isAllRepeated = decoded.results.length > 0 && results.length === 0
    return {
      ...decoded,
      results,
      repeated,
      learned,
      ...(isAllRepeated
        ? {
            ignored: message.isRetained
              ? 'a retained press is no event'
              : 'the same press or message once more',
          }
        : {}),
      undo: () => undos.forEach((undo) => undo()),
    }
  }

  /** By the hardware's address, or by the device's id if its sender is the device itself. */
  #withLevel(result: DeviceResult): DeviceResult {
    const { devices = {} } = this.settings
    const own = devices[plainAddress(result.device)] ?? devices[this.#deviceOf(result)]
    return { ...result, readings: withLevel(result.readings, own?.mountingHeightMm) }
  }

  /** A dialect throws nothing; if one does, the message is stored raw and no other sender is affected. */
  #decode(message: DialectMessage): Decoded | Promise<Decoded> {
    try {
      return this.dialect.decode(message, this.known, this.settings)
    } catch (error) {
      return this.#failed(error as Error)
    }
  }

  #failed(error: Error): Decoded {
    return { results: [], quarantined: `the dialect ${this.dialect.name} failed: ${error.message}` }
  }

  /** Several events of one device in one message: the place of each, so that each has an id of its own. */
  #placesOf(results: readonly DeviceResult[]): number[] {
    if (results.length < 2) return []
    const counts = new Map<string, number>()
    return results.map((result) => {
      if (!eventOf({ ...result, messageId: '' })) return 0
      const device = this.#deviceOf(result)
      const place = counts.get(device) ?? 0
      counts.set(device, place + 1)
      return place
    })
  }

  #deviceOf(result: DeviceResult): string {
    return this.#options.deviceOf?.(result) ?? result.device
  }

  /** Every event of the message is stored; a kill may have come between two of them. The newest: nothing came after the last one. */
  #isStored(
    id: string,
    results: readonly DeviceResult[],
    places: readonly number[],
    isNewest: boolean,
  ): boolean {
    const stored = isNewest ? this.#options.isNewest : this.#options.wasKept
    const last = new Map<string, string>()
    for (const [at, result] of results.entries())
      if (result.messageId === undefined && eventOf({ ...result, messageId: '' }))
        last.set(this.#deviceOf(result), numbered(id, places[at] ?? 0))
    return last.size > 0 && [...last].every(([device, messageId]) => stored?.(device, messageId) === true)
  }

  /** The result without parts that are repeats, if anything is left, and the id of the event that they repeat, if there is one. */
  #judge(
    result: Counted,
    found: DeviceResult,
    message: DialectMessage,
    mark: ContentMark | undefined,
    undos: (() => void)[],
  ): Judged {
    const { topic, atMs, isRetained } = message
    if (!found.momentary) return { result }
    const isCounted = found.messageId !== undefined
    if (isRetained && message.isDirect && found.momentary.button !== undefined)
      // The press may be of this moment or of last week; people learn that this button can not be trusted.
      return {
        result: withoutMoments({ ...result, faults: [...(result.faults ?? []), 'press-sent-retained'] }),
      }
    // Its event is stored or waits for its commit. Without its press it would have other content, and count as a new event.
    if (!isCounted && mark?.isRepeat) return { repeats: result.messageId }
    if (isRetained) return { result: withoutMoments(result) }
    const { button } = found.momentary
    if (isCounted || button === undefined) return { result }
    const { device } = found
    const press = this.#presses.take({ device, value: button, topic, atMs, messageId: result.messageId })
    undos.push(press.undo)
    return press.isNew ? { result } : { result: withoutMoments(result), repeats: press.messageId }
  }
}

interface Judged {
  result?: Counted | undefined
  repeats?: string | undefined
}

const numbered = (messageId: string, place: number): string =>
  place === 0 ? messageId : `${messageId}.${place + 1}`

/** The part of it that is a state; undefined if there is none. */
function withoutMoments(result: Counted): Counted | undefined {
  if (!result.momentary) return result
  const { momentary, ...rest } = result
  const readings = { ...result.readings }
  for (const name of Object.keys(momentary)) delete readings[name]
  const isEmpty = Object.keys(readings).length === 0 && !rest.faults && !rest.presence && !rest.answer
  return isEmpty ? undefined : { ...rest, readings }
}
