// The running parts of a program: each is started once and registers how it is stopped. They are stopped in reverse
// order inside one deadline; a part that fails to stop prevents no other from stopping, and a stop during the start
// leaves nothing open.
import type { Clock } from '../protocols/kit/clock.ts'
import { messageOf } from './failure.ts'

export type Undo = () => void | Promise<void>

/** Thrown by `add` and by `start` when a stop came during the start. */
export class StartInterrupted extends Error {
  constructor() {
    super('stopped while starting')
    this.name = 'StartInterrupted'
  }
}

export interface RunningPartsOptions {
  clock: Clock
  /** All parts together stop within this; a part that takes longer is named in the error, and the stop continues. */
  deadlineMs: number
}

interface Part {
  name: string
  undo: Undo
}

export class RunningParts {
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #parts: Part[] = []
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #isStopping = false

  constructor({ clock, deadlineMs }: RunningPartsOptions) {
    this.#clock = clock
    this.#deadlineMs = deadlineMs
  }

  /**
   * Registers how the part that was just started is stopped. If the program is already stopping, it is stopped at once.
   */
  add(name: string, undo: Undo): void {
    if (!this.#isStopping) {
      this.#parts.push({ name, undo })
      return
    }
    // If the stop is already over, this part would otherwise never be stopped.
    if (this.#starting) this.#parts.push({ name, undo })
    else void run({ name, undo }).catch(() => undefined)
    throw new StartInterrupted()
  }

  /** Runs `start`, which adds parts. If it fails, the started parts are stopped again, and its own error is thrown. */
  async start(start: () => Promise<void>): Promise<void> {
    if (this.#isStopping) throw new StartInterrupted()
    const started = start()
    // `stop` waits for the end of the start, successful or not.
    this.#starting = started.then(
      () => undefined,
      () => undefined,
    )
    try {
      await started
    } catch (error) {
      this.#starting = undefined
      if (this.#isStopping) throw error
      await this.stop().catch((failure: unknown) => {
        throw new AggregateError([error, failure], messageOf(error), { cause: error })
      })
      throw error
    }
    this.#starting = undefined
    if (this.#isStopping) throw new StartInterrupted()
  }

  /** Stops every part, the last one first. Rejects with every failure joined, after all parts were asked to stop. */
  stop(): Promise<void> {
    this.#isStopping = true
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    const endMs = this.#clock.monotonicMs() + this.#deadlineMs
    if (this.#starting) await this.#within(this.#starting, endMs, 1)
    this.#starting = undefined
    const failures: Error[] = []
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) {
      try {
        if (!(await this.#within(run(part), endMs, this.#parts.length)))
          failures.push(new Error(`${part.name}: did not stop in time`))
      } catch (error) {
        failures.push(new Error(`${part.name}: ${messageOf(error)}`, { cause: error }))
      }
    }
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1)
      throw new AggregateError(failures, failures.map(({ message }) => message).join('; '))
  }

  /** False when the part did not end: it gets half of the remaining time while others wait behind it. */
  async #within(ended: Promise<void>, endMs: number, behind: number): Promise<boolean> {
    const leftMs = Math.max(0, endMs - this.#clock.monotonicMs())
    let cancel: () => void = () => undefined
    const late = new Promise<false>((resolve) => {
      cancel = this.#clock.after(behind > 0 ? leftMs / 2 : leftMs, () => resolve(false))
    })
    // After the deadline a failure has no receiver any more.
    ended.catch(() => undefined)
    try {
      return await Promise.race([ended.then(() => true as const), late])
    } finally {
      cancel()
    }
  }
}

async function run({ undo }: Part): Promise<void> {
  await undo()
}
