// What dialects need of the rest of the box: to keep what was said, durably, and an answer when it is.
import type { DeviceEvent } from '../../../protocols/domain/event.ts'
import type { StorageAnswer } from '../../journal/port.ts'

/** The answer to a sender, with what it waits for, where it waits for anything. */
export type SenderAnswer = StorageAnswer<Uint8Array | undefined>

export interface Keeper {
  takeReadings(event: DeviceEvent, answer: StorageAnswer): void
  /** Documents that stand under these keys from now on; undefined removes one. */
  keepState(state: readonly (readonly [key: string, value: object | undefined])[]): Promise<void>
  /** Keeps raw what can not be read, and tells people where `device` is one of theirs. */
  keepUnreadable(
    message: { device: string; topic: string; payload: Uint8Array },
    problem: string,
  ): Promise<void>
  keepPresence(device: string, isOnline: boolean): Promise<void>
  wasKept(device: string, messageId: string): boolean
}

/** Tells once when all of several parts are kept, or that one was not. */
export class AllKept {
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

  /** No further part comes. */
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
