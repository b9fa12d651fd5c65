// Ids for messages without a counter of their sender: the same bytes on the same topic inside a window are one message.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { createHash } from 'node:crypto'
import type { DialectMessage } from '../port.ts'

/** Contents kept; beyond it the oldest is removed, and a repeat of it counts as new. */
export const contentsMax = 5000
/** How far back a repeat marked by its sender (DUP) is searched, also across a restart. */
export const resentWindowMs = 10 * 60_000
/**
 * A sender that marks no repeats (HTTP, SIA DC-09, GB/T 28181) sends again what was stored just before a kill took its answer:
 * for this long after the start, the same content from this long before the start is a repeat, if nothing of its device came
 * after it. Its alarm stands.
 */
export const lostAnswerWindowMs = 60_000
const secondMs = 1000

export interface ContentMark {
  messageId: string
  /** The same message arrived inside the window. */
  isRepeat: boolean
  /** Call it when the message was not stored: its repeat must count as new. */
  undo: () => void
}

export class ContentIds {
  readonly #windowMs: number
  readonly #seen = new Map<string, { messageId: string; atMs: number }>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** `wasKept` is called only for messages that may be repeats of before the start: true when the journal has an event of that id. */
  mark(
    message: Pick<DialectMessage, 'topic' | 'payload' | 'isResent' | 'lostBeforeMs' | 'atMs'>,
    wasKept: (messageId: string, isNewest: boolean) => boolean,
  ): ContentMark {
    const { topic, payload, isResent, lostBeforeMs, atMs } = message
    const hash = createHash('sha256')
      .update(topic)
      .update('\0')
      .update(payload)
      .digest('base64url')
      .slice(0, 20)
    const before = this.#seen.get(hash)
    const windowMs = isResent ? resentWindowMs : this.#windowMs
    if (before && atMs - before.atMs < windowMs)
      return { messageId: before.messageId, isRepeat: true, undo: () => undefined }
    const second = Math.floor(atMs / secondMs)
    const [newestMs, searchedMs] = isResent
      ? [atMs, resentWindowMs]
      : // After the first one since the start, the same content is a new message.
        !before && lostBeforeMs !== undefined && atMs - lostBeforeMs < lostAnswerWindowMs
        ? [lostBeforeMs, lostAnswerWindowMs]
        : [atMs, -1]
    for (let back = 0; back <= searchedMs / secondMs; back++) {
      const messageId = `${hash}.${Math.floor(newestMs / secondMs) - back}`
      if (!wasKept(messageId, !isResent)) continue
      this.#note(hash, messageId, atMs)
      return { messageId, isRepeat: true, undo: () => undefined }
    }
    const messageId = `${hash}.${second}`
    this.#note(hash, messageId, atMs)
    return {
      messageId,
      isRepeat: false,
      undo: () => {
        if (before) this.#seen.set(hash, before)
        else this.#seen.delete(hash)
      },
    }
  }

  #note(hash: string, messageId: string, atMs: number): void {
    this.#seen.delete(hash)
    this.#seen.set(hash, { messageId, atMs })
    forgetOldest(this.#seen, contentsMax)
  }
}
