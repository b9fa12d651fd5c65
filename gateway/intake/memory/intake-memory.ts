// The memory of intake between messages: the engine's documents, stored ids, presence. It is loaded from the journal,
// written back by the checkpoint, and rebuilt when the journal refused an input that was already judged.
import type { Logger } from 'pino'
import type { AlarmEngine } from '../../alarms/port.ts'
import { JournalError, type Journal } from '../../journal/port.ts'
import { AlarmDocuments } from '../alarm-documents.ts'
import { CheckpointDue, writeCheckpoint } from '../checkpoint.ts'
import { PresenceMemory } from './presence-memory.ts'
import { rebuildMemory } from './rebuild-memory.ts'
import { RepeatMemory } from './repeat-memory.ts'
import { machinePause } from '../storage-answer.ts'

/** Most uncounted message ids kept, in memory and in the journal. */
export const uncountedIdsMax = 100_000
/** While the journal refuses, it is tried again this often, not for every message. */
const refusalPauseMs = 250

export interface IntakeMemoryOptions {
  journal: Journal
  engine: AlarmEngine
  steadyMs: () => number
  steadyBaseOf: (boot: number) => number
  monotonicMs: () => number
  logger: Logger
  pause?: ((ms: number) => Promise<void>) | undefined
}

export class IntakeMemory {
  readonly documents = new AlarmDocuments()
  readonly repeats = new RepeatMemory(uncountedIdsMax)
  readonly presence = new PresenceMemory()
  readonly #options: IntakeMemoryOptions
  readonly #checkpointDue: CheckpointDue
  #checkpointing: Promise<void> = Promise.resolve()
  #rebuilding: Promise<void> | undefined
  #isStopping = false
  /** Counts the rebuilds of memory. */
  #generation = 0

  constructor(options: IntakeMemoryOptions) {
    this.#options = options
    this.#checkpointDue = new CheckpointDue(options.monotonicMs)
  }

  /** Set while memory is rebuilt: nothing can be judged until it resolves. */
  get rebuilding(): Promise<void> | undefined {
    return this.#rebuilding
  }

  /** Loads the state of the journal. */
  async start(): Promise<void> {
    this.#options.journal.onRefused(() => {
      this.#rebuilding ??= this.#recover()
    })
    this.#checkpointDue.restart()
    await this.#reload()
  }

  /** Writes the checkpoint. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#rebuilding
    if (!this.#rebuilding) await this.#checkpoint()
  }

  /** After each stored input: writes a checkpoint when it is due. */
  countInput(): void {
    if (!this.#checkpointDue.count()) return
    this.#checkpoint().catch((error: Error) =>
      this.#options.logger.warn(
        { reason: error.message },
        'the checkpoint of tracking waits for the journal',
      ),
    )
  }

  /** Inputs that were judged but not stored must not stay in memory: it is rebuilt from the data on disk. */
  async #recover(): Promise<void> {
    const { pause = machinePause, logger } = this.#options
    for (;;)
      try {
        await pause(refusalPauseMs)
        await this.#reload()
        this.#rebuilding = undefined
        return
      } catch (error) {
        if (!(error instanceof JournalError)) throw error
        // A damaged file can not be read back: it is salvaged at the next start. Until then everything is refused.
        if (this.#isStopping || error.code === 'CLOSED') return
        const { code, message: reason } = error
        logger.warn({ code, reason }, 'the journal can not be read back yet')
      }
  }

  async #checkpoint(): Promise<void> {
    this.#checkpointDue.restart()
    // The caller of that input has already got the error.
    await this.#checkpointing.catch(() => undefined)
    const generation = this.#generation
    this.#checkpointing = writeCheckpoint({
      journal: this.#options.journal,
      documents: this.documents,
      repeats: this.repeats,
      isCurrent: () => !this.#rebuilding && generation === this.#generation,
      isUrgent: this.#isStopping,
    })
    await this.#checkpointing
  }

  async #reload(): Promise<void> {
    const { journal, engine, steadyBaseOf, steadyMs } = this.#options
    this.#generation++
    this.presence.clear()
    await rebuildMemory({
      journal,
      engine,
      steadyBaseOf,
      steadyMs: steadyMs(),
      documents: this.documents,
      repeats: this.repeats,
    })
  }
}
