// Keeps the rules for cases in force: those of the configuration file, and before them those that were set at the desk, here or at an
// equal centre over the same database.
import type { Logger } from 'pino'
import { RepeatedWork } from '../../platform/time/repeated-work.ts'
import type { CaseRules, StoredCaseRules } from '../../protocols/desk/leading/case-rules.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import { createLivePolicy, type CasePolicy, type PolicySettings } from '../cases/case-policy.ts'
import { rulesInForce } from '../cases/case-rules.ts'

/** An equal centre has what was set at another one after this. */
export const lookMs = 5000

export interface CaseRuleWatchOptions {
  storage: {
    caseRules(): Promise<StoredCaseRules>
    putCaseRules(
      before: number,
      rules: CaseRules,
      settings: PolicySettings,
      who: string,
      atMs: number,
    ): Promise<number | undefined>
    setCasePolicy(settings: PolicySettings): Promise<void>
    setReaderCasePolicy(settings: PolicySettings): Promise<void>
  }
  /** Of the configuration file. */
  file: PolicySettings
  clock: Clock
  logger: Logger
}

export class CaseRuleWatch {
  readonly #options: CaseRuleWatchOptions
  readonly #live = createLivePolicy()
  readonly #work: RepeatedWork
  #stored: StoredCaseRules = { version: 0, rules: {} }
  #inForce: PolicySettings = {}

  constructor(options: CaseRuleWatchOptions) {
    this.#options = options
    this.#work = new RepeatedWork({ clock: options.clock, pauseMs: lookMs, run: () => this.#look() })
  }

  get policy(): CasePolicy {
    return this.#live.policy
  }

  /** What was set at the desk. */
  get stored(): StoredCaseRules {
    return this.#stored
  }

  get inForce(): PolicySettings {
    return this.#inForce
  }

  async start(): Promise<void> {
    await this.#use(await this.#options.storage.caseRules())
    this.#work.start()
  }

  stop(): Promise<void> {
    return this.#work.stop()
  }

  /** Undefined when another version than `version` is in force: a person has changed the rules meanwhile. */
  async put(version: number, rules: CaseRules, who: string): Promise<StoredCaseRules | undefined> {
    const { storage, file, clock } = this.#options
    const settings = rulesInForce(file, rules)
    const made = await storage.putCaseRules(version, rules, settings, who, clock.wallMs())
    if (made === undefined) return undefined
    const stored = await storage.caseRules()
    await this.#use(stored)
    return stored
  }

  async #look(): Promise<void> {
    const { storage, logger } = this.#options
    try {
      const newest = await storage.caseRules()
      if (newest.version !== this.#stored.version) await this.#use(newest)
    } catch (error) {
      logger.error({ err: error }, 'the rules for cases can not be read; they are read again')
    }
  }

  async #use(stored: StoredCaseRules): Promise<void> {
    const { storage, file } = this.#options
    const settings = rulesInForce(file, stored.rules)
    await storage.setCasePolicy(settings)
    await storage.setReaderCasePolicy(settings)
    this.#live.use(settings)
    this.#stored = stored
    this.#inForce = settings
  }
}
