// Drives a release through the town: looks from time to time, asks the boxes of the wave by command, and notes what came of each.
import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import type { DeskCommand } from '../../protocols/desk/commands.ts'
import { rolloutBoxStates, type RolloutPlan, type RolloutProgress } from '../../protocols/desk/updates.ts'
import type { SettingPlan } from '../../protocols/desk/fleet/setting-waves.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Random } from '../../protocols/kit/random.ts'
import { every } from '../../platform/time/every.ts'
import type { RolloutFiles } from './rollout-files.ts'
import { beginRollout, stepRollout, type RolloutFacts } from './rollout.ts'

export const lookMs = 2000
/** The command of a box is among its latest. */
const commandsLooked = 100

/** What goes through the town: its command, and its name in metrics and the log. */
export interface RolloutKind<Plan extends RolloutPlan> {
  name: 'update' | 'setting'
  order: (plan: Plan) => Pick<DeskCommand, 'do' | 'version' | 'set' | 'isPatch' | 'why'>
}

export const releaseRollout: RolloutKind<RolloutPlan> = {
  name: 'update',
  order: ({ version }) => ({ do: 'update', version }),
}

export const settingRollout: RolloutKind<SettingPlan> = {
  name: 'setting',
  order: ({ set, why }) => ({ do: 'config', set, isPatch: true, why }),
}

export interface RolloutClockOptions<Plan extends RolloutPlan = RolloutPlan> {
  kind: RolloutKind<Plan>
  files: RolloutFiles<Plan>
  boxes: () => RolloutFacts['boxes']
  commandsOf: (box: string, limit: number) => Promise<DeskCommand[]>
  /** False when too many are in progress. */
  ask: (command: DeskCommand) => Promise<boolean>
  clock: Clock
  random: Random
  logger: Logger
  registry: Registry
}

export class RolloutClock<Plan extends RolloutPlan = RolloutPlan> {
  readonly #options: RolloutClockOptions<Plan>
  #stop: () => void = () => undefined
  #failure = ''
  #isLooking = false
  #counted: RolloutProgress | undefined

  constructor(options: RolloutClockOptions<Plan>) {
    this.#options = options
    const { registry, kind } = options
    const count = (state: string): number =>
      Object.values(this.#counted?.boxes ?? {}).filter((box) => box.state === state).length
    new Gauge({
      name: `gengfu_centre_${kind.name}_boxes`,
      help: `Boxes of the ${kind.name} that is under way, by what came of it`,
      labelNames: ['state'],
      registers: [registry],
      collect() {
        for (const state of rolloutBoxStates) this.set({ state }, count(state))
      },
    })
    const isStopped = (): boolean => this.#counted?.state === 'stopped'
    new Gauge({
      name: `gengfu_centre_${kind.name}_stopped`,
      help: `1 when the ${kind.name} that was under way stopped by itself`,
      registers: [registry],
      collect() {
        this.set(isStopped() ? 1 : 0)
      },
    })
  }

  start(): void {
    this.#stop = every(this.#options.clock, lookMs, () => void this.look())
  }

  stop(): void {
    this.#stop()
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { logger } = this.#options
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.#look()
      this.#failure = ''
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#failure)
        logger.error({ err: error }, `the ${this.#options.kind.name} under way could not be looked after`)
      this.#failure = message
    } finally {
      this.#isLooking = false
    }
  }

  async #look(): Promise<void> {
    const { files, boxes, commandsOf, clock, logger, kind } = this.#options
    const { plan } = files
    if (!plan) return
    const kept = this.#counted ?? files.progress
    const isOther = kept?.version !== plan.version || kept.waveSinceMs < plan.startedAtMs
    const before = kept && !isOther ? kept : beginRollout(plan, clock.wallMs())
    const commands = new Map<string, DeskCommand>()
    for (const [box, { state, command }] of Object.entries(before.boxes)) {
      if (state !== 'asked') continue
      const found = (await commandsOf(box, commandsLooked)).find(({ id }) => id === command)
      if (found) commands.set(box, found)
    }
    const facts = { nowMs: clock.wallMs(), boxes: boxes(), commands }
    const { progress, ask } = stepRollout(plan, before, facts)
    for (const box of ask) {
      const command = this.#commandFor(plan, box)
      // Noted before it is asked: after a power cut the box is asked at most once, and is missing at worst.
      progress.boxes[box] = { wave: progress.wave, state: 'asked', command: command.id, atMs: facts.nowMs }
      files.progress = progress
      if (await this.#options.ask(command)) continue
      delete progress.boxes[box]
      break
    }
    if (JSON.stringify(progress) !== JSON.stringify(kept)) files.progress = progress
    this.#counted = progress
    if (progress.state === before.state && progress.wave === before.wave) return
    const { version, state, wave, reason } = progress
    logger[state === 'stopped' ? 'error' : 'info'](
      { version, state, wave: wave + 1, ...reason },
      kind.name === 'update' ? 'a release of the town' : 'a setting of the town',
    )
  }

  #commandFor(plan: Plan, box: string): DeskCommand {
    const { clock, random, kind } = this.#options
    const { termHours, by } = plan
    const askedAtMs = Math.round(clock.wallMs())
    return {
      id: `k-${random.hex(10)}`,
      box,
      ...kind.order(plan),
      by,
      state: 'waiting',
      askedAtMs,
      changedAtMs: askedAtMs,
      expiresAtMs: askedAtMs + Math.round(termHours * 3_600_000),
    }
  }
}
