// The session of one sender in one dialect: decodes, updates the learned facts, detects repeats and presses that arrive
// as several messages, and lets no retained or repeated momentary reading pass as an event. The same for the box and
// for `gengfu decode`.
import type { Decoded, DeviceResult, Dialect, DialectMessage, DialectSettings } from '../port.ts'
import { ContentIds, type ContentMark } from './content-ids.ts'
import { LearnedDocuments } from './knowledge.ts'
import { Presses } from './presses.ts'
import { vanishedFields } from './vanished.ts'

export interface SessionOptions {
  dialect: Dialect
  settings?: DialectSettings
  known?: LearnedDocuments
  /** True when an event of this id is in the journal; called only for messages marked as repeats. */
  wasKept?: (device: string, messageId: string) => boolean
  /** True when it is in the journal, and no event of this device after it. */
  isNewest?: (device: string, messageId: string) => boolean
}

type Counted = DeviceResult & { messageId: string }

export interface Heard extends Decoded {
  /** Each with an id. */
  results: readonly Counted[]
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
  take(message: DialectMessage): Heard | Promise<Heard> {
    const decoded = this.#decode(message)
    return decoded instanceof Promise
      ? decoded.then(
          (later) => this.#heard(later, message),
          (error: Error) => this.#heard(this.#failed(error), message),
        )
      : this.#heard(decoded, message)
  }

  #heard(decoded: Decoded, message: DialectMessage): Heard {
    const undos: (() => void)[] = []
    const results: Counted[] = []
    const mark = decoded.results.some(({ messageId }) => messageId === undefined)
      ? this.#contents.mark(message, (id, isNewest) => {
          const wasKept = isNewest ? this.#options.isNewest : this.#options.wasKept
          return decoded.results.some(({ device }) => wasKept?.(device, id) === true)
        })
      : undefined
    if (mark) undos.push(mark.undo)
    let repeats = 0
    for (const found of decoded.results) {
      const judged = this.#judge(found, message, mark, undos)
      if (judged) results.push(judged)
      else repeats++
    }
    const learned = [...(decoded.learned ?? [])]
    for (const [index, result] of results.entries()) {
      const vanished = vanishedFields(result, this.known)
      learned.push(...vanished.learned)
      if (vanished.faults)
        results[index] = { ...result, faults: [...(result.faults ?? []), ...vanished.faults] }
    }
    // A press that could not be stored is new when it comes again.
    if (results.some(({ momentary }) => momentary)) undos.push(this.known.take(learned))
    else this.known.take(learned)
    const isAllRepeated = repeats > 0 && results.length === 0
    return {
      ...decoded,
      results,
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

  /** The result without parts that are repeats; undefined if nothing is left. */
  #judge(
    found: DeviceResult,
    message: DialectMessage,
    mark: ContentMark | undefined,
    undos: (() => void)[],
  ): Counted | undefined {
    const { topic, atMs, isRetained } = message
    const result = { ...found, messageId: found.messageId ?? mark?.messageId ?? '' }
    if (!found.momentary) return result
    const isCounted = found.messageId !== undefined
    if (isRetained && message.isDirect && found.momentary.button !== undefined)
      // The press may be of this moment or of last week; people learn that this button can not be trusted.
      return withoutMoments({ ...result, faults: [...(result.faults ?? []), 'press-sent-retained'] })
    // Its event is kept or on its way. Without its press it would have other content, and count as a new event.
    if (!isCounted && mark?.isRepeat) return undefined
    if (isRetained) return withoutMoments(result)
    const { button } = found.momentary
    if (isCounted || button === undefined) return result
    const press = this.#presses.take({ device: found.device, value: button, topic, atMs })
    undos.push(press.undo)
    return press.isNew ? result : withoutMoments(result)
  }
}

/** The part of it that is a state; undefined if there is none. */
function withoutMoments(result: Counted): Counted | undefined {
  if (!result.momentary) return result
  const { momentary, ...rest } = result
  const readings = { ...result.readings }
  for (const name of Object.keys(momentary)) delete readings[name]
  const isEmpty = Object.keys(readings).length === 0 && !rest.faults && !rest.presence && !rest.answer
  return isEmpty ? undefined : { ...rest, readings }
}
