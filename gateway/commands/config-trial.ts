// A configuration that the centre changed, on trial: accepted once the centre was reached with it, reverted if it was
// not reached in time. The answer to the command is sent after the restart that the change needs.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { describeProblems } from '../../protocols/kit/result.ts'
import type { CentreChanges } from '../config/centre-changes.ts'
import type { CommandOutcome } from './centre-command-document.ts'
import type { CentreCommands } from './centre-commands.ts'
import { commandReason } from './command-reasons.ts'

/** Time for the answer `received` to be sent. */
const restartAfterMs = 300

export interface ConfigTrialOptions {
  /** Absent if the program has no configuration file. */
  centreConfig: CentreChanges | undefined
  trialSeconds: number
  clock: Clock
  logger: Logger
  /** Restarts the gateway with the configuration as it is then. */
  restart: (why: string) => void
}

export class ConfigTrial {
  readonly #options: ConfigTrialOptions
  #isRestarting = false
  #cancel: (() => void) | undefined

  constructor(options: ConfigTrialOptions) {
    this.#options = options
  }

  propose(command: string, set: Readonly<Record<string, unknown>>, isPatch = false): CommandOutcome {
    const { centreConfig } = this.#options
    if (!centreConfig) return { state: 'refused', reason: commandReason('config-failed') }
    if (this.#isRestarting || centreConfig.onTrial !== undefined)
      return { state: 'refused', reason: commandReason('config-busy', centreConfig.onTrial) }
    const proposed = centreConfig.propose(command, set, isPatch)
    if (!proposed.ok) {
      const isDisk = proposed.problems[0]?.path === 'file'
      const words = describeProblems(proposed.problems)
      return { state: 'refused', reason: commandReason(isDisk ? 'config-failed' : 'config-wrong', words) }
    }
    this.#restart('the centre changed the configuration')
    return { state: 'received', waiting: Object.keys(set) }
  }

  /** The outcome of changes of earlier runs, and the state of this one. */
  async resume(commands: CentreCommands): Promise<void> {
    const { centreConfig, trialSeconds, clock, logger } = this.#options
    if (!centreConfig) return
    for (const { id, do: what } of commands.underWay()) {
      if (what !== 'config' || id === centreConfig.onTrial) continue
      if (id === centreConfig.kept) await commands.finish(id, { state: 'done' })
      else {
        const isTakenBack = id === centreConfig.takenBack
        const reason = commandReason(isTakenBack ? 'config-taken-back' : 'interrupted')
        await commands.finish(id, { state: 'failed', reason })
      }
    }
    if (centreConfig.onTrial === undefined) return
    logger.warn({ command: centreConfig.onTrial, trialSeconds }, 'a changed configuration is on trial')
    this.#cancel = clock.after(trialSeconds * 1000, () => {
      centreConfig.takeBack()
      this.#restart('the centre was not reached with the changed configuration')
    })
  }

  /** A Receipt arrived: the centre is reached. */
  async reached(commands: CentreCommands): Promise<void> {
    const { centreConfig, logger } = this.#options
    const command = centreConfig?.onTrial
    if (centreConfig === undefined || command === undefined) return
    this.#cancel?.()
    centreConfig.keep()
    logger.info({ command }, 'the changed configuration is kept')
    await commands.finish(command, { state: 'done' })
  }

  stop(): void {
    this.#cancel?.()
  }

  #restart(why: string): void {
    this.#isRestarting = true
    this.#cancel = this.#options.clock.after(restartAfterMs, () => this.#options.restart(why))
  }
}
