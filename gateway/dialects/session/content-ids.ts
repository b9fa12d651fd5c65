// Ids for messages without a counter of their sender: the same bytes on the same topic inside a window are one message.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import { createHash } from 'node:crypto'

/** Contents kept; beyond it the oldest is removed, and a repeat of it counts as new. */
export const contentsMax = 5000
/** How far back a repeat marked by its sender (DUP) is searched, also across a restart. */
export const resentWindowMs = 10 * 60_000
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

  /** `wasKept` is called only for messages marked as repeats: true when the journal has an event of that id. */
  mark(
    message: { topic: string; payload: Uint8Array; isResent?: boolean; atMs: number },
    wasKept: (messageId: string) => boolean,
  ): ContentMark {
    const { topic, payload, isResent, atMs } = message
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
    if (isResent)
      for (let back = 0; back <= resentWindowMs / secondMs; back++) {
        const messageId = `${hash}.${second - back}`
        if (wasKept(messageId)) return { messageId, isRepeat: true, undo: () => undefined }
      }
    const messageId = `${hash}.${second}`
    this.#seen.delete(hash)
    this.#seen.set(hash, { messageId, atMs })
    forgetOldest(this.#seen, contentsMax)
    return {
      messageId,
      isRepeat: false,
      undo: () => {
        if (before) this.#seen.set(hash, before)
        else this.#seen.delete(hash)
      },
    }
  }
}
