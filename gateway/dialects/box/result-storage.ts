// The part of the box that dialects need: it stores their results durably and answers when they are stored.
import type { DeviceEvent } from '../../../protocols/domain/event.ts'
import type { StorageAnswer } from '../../journal/port.ts'

/** The answer to a sender, with the command that it waits for, if any. */
export type SenderAnswer = StorageAnswer<Uint8Array | undefined>

/** Documents to store under these keys; undefined removes one. */
export type Documents = readonly (readonly [key: string, value: object | undefined])[]

export interface ResultStorage {
  /** Returns true unless it is a plain report or a repeat. `learned` is stored in the same commit, or not at all. */
  takeReadings(event: DeviceEvent, answer: StorageAnswer, learned: Documents): boolean
  keepState(state: Documents): Promise<void>
  /** Stores an undecodable message raw, and raises an alarm if `device` is a listed one. */
  keepUnreadable(
    message: { device: string; topic: string; payload: Uint8Array },
    problem: string,
  ): Promise<void>
  keepPresence(device: string, isOnline: boolean): Promise<void>
  /** A bridge's report about a device: never a proof. */
  keepHint(device: string, isOnline: boolean): Promise<void>
  /** Answers when the event of this id is on disk: at once, or with its commit. */
  joinStored(device: string, messageId: string, answer: StorageAnswer): void
  wasKept(device: string, messageId: string): boolean
  /** It was stored, and nothing of this device after it. */
  isNewest(device: string, messageId: string): boolean
}

/** Answers once when all of several parts are stored, or one was not. */
export class AllStored {
  readonly #answer: StorageAnswer
  #left = 1
  #isOver = false

  constructor(answer: StorageAnswer) {
    this.#answer = answer
  }

  part(): StorageAnswer {
    this.#left++
    return {
      kept: () => this.#count(),
      refused: (error) => {
        if (this.#isOver) return
        this.#isOver = true
        this.#answer.refused(error)
      },
    }
  }

  wait(kept: Promise<void>): void {
    const part = this.part()
    kept.then(
      () => part.kept(),
      (error: Error) => part.refused(error),
    )
  }

  /** No further part follows. */
  complete(): void {
    this.#count()
  }

  #count(): void {
    this.#left--
    if (this.#left > 0 || this.#isOver) return
    this.#isOver = true
    this.#answer.kept()
  }
}
