// Commands of the town centre, each executed once: the command is a row of the journal together with its changes, so
// that a repeat, a restart or a power cut leads to the same answer and never to a second run. A refusal has its reason.
import { Counter, type Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { BoxTime } from '../../protocols/domain/event.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { CommandResult } from '../../protocols/device-mqtt/messages.ts'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { describeProblems, type Problem } from '../../protocols/kit/result.ts'
import { controlBytesMax, parseCentreCommand } from '../../protocols/uplink/codec.ts'
import {
  commandIdPattern,
  isCommandKind,
  type CentreCommand,
  type CentreCommandResult,
} from '../../protocols/uplink/command.ts'
import type { AlarmInput } from '../alarms/port.ts'
import type { CommandSettings } from '../config/command-settings.ts'
import type { AlarmJudge, CommandDocument } from '../intake/port.ts'
import {
  centreCommandKey,
  documentOf,
  factsOf,
  movedOn,
  resultOf,
  type CentreCommandDocument,
  type CommandOutcome,
} from './centre-command-document.ts'
import { commandReason } from './command-reasons.ts'
import { planCommand, type BoxKnowledge, type Plan } from './plan-command.ts'

/** Commands whose outcome is kept; the oldest finished ones are removed. */
export const rememberedMax = 1000
/** Commands that wait for processing; beyond it a command is dropped, and the centre sends it again. */
export const waitingMax = 50
const lookIntervalMs = 500
/** Commands that the box executes itself; devices answer the others. */
const boxWork: ReadonlySet<string> = new Set(['snapshot', 'config', 'update', 'support', 'console'])
/** After a restart the wiring reports their outcome. */
const ownEnds: ReadonlySet<string> = new Set(['config', 'update'])

/** Long work; it resolves with its outcome and never rejects. */
export interface LongWork {
  pictures(command: CentreCommand, plan: Plan & { type: 'pictures' }): Promise<CommandOutcome>
  /** Resolves with `received` when the outcome is known only after a restart. */
  config(command: CentreCommand, plan: Plan & { type: 'config' }): Promise<CommandOutcome>
  update(command: CentreCommand, plan: Plan & { type: 'update' }): Promise<CommandOutcome>
  /** Sends a support bundle to the centre. */
  support(command: CentreCommand): Promise<CommandOutcome>
  /** Lets the village's network in at the console; people still sign in there. */
  console(command: CentreCommand, plan: Plan & { type: 'console' }): Promise<CommandOutcome>
}

export interface CentreCommandsOptions {
  settings: CommandSettings
  judge: Pick<AlarmJudge, 'judgeTogether'>
  knowledge: () => BoxKnowledge
  now: () => BoxTime & { steadyMs: number }
  /** The age of a time of the centre, by the centre's own clock; undefined until the centre has sent its time. */
  centreAgeMs: (centreMs: number) => number | undefined
  /** Sends a result; false without a connection, and the centre asks again. */
  send: (result: CentreCommandResult) => boolean
  /** Withdraws a command that its device has not answered. */
  giveUp: (device: string, id: string) => Promise<void>
  work: LongWork
  clock: Clock
  logger: Logger
  metrics: Registry
}

export class CentreCommands {
  readonly #options: CentreCommandsOptions
  readonly #documents = new Map<string, CentreCommandDocument>()
  readonly #outcomes: Counter<'do' | 'result'>
  #line: Promise<void> = Promise.resolve()
  #waiting = 0
  #cancelLook: (() => void) | undefined
  #isStopped = false

  constructor(options: CentreCommandsOptions) {
    this.#options = options
    this.#outcomes = new Counter({
      name: 'gengfu_commands_total',
      help: 'Commands of the centre by kind and result',
      labelNames: ['do', 'result'],
      registers: [options.metrics],
    })
  }

  /**
   * Commands in progress when the program ended: pictures are not taken again; device commands are repeated unless
   * power was lost.
   */
  async restore(documents: readonly CentreCommandDocument[]): Promise<void> {
    const inOrder = [...documents].sort((a, b) => a.sinceSteadyMs - b.sinceSteadyMs)
    for (const document of inOrder) this.#documents.set(document.id, document)
    const { boot } = this.#options.now()
    for (const document of inOrder.filter(({ state }) => state === 'received')) {
      if (ownEnds.has(document.do)) continue
      const { waiting = [], reached, missed = [] } = document
      const isDevice = !boxWork.has(document.do)
      if (isDevice && document.boot === boot) continue
      const reason = commandReason(isDevice ? 'power-lost' : 'interrupted', waiting.join(', '))
      await this.#move(document, { state: 'failed', reason, reached, missed: [...missed, ...waiting] })
      if (isDevice) for (const device of waiting) await this.#options.giveUp(device, document.id)
    }
    this.#look()
  }

  /** A command in progress, such as a change of the configuration on trial. */
  find(id: string): CentreCommandDocument | undefined {
    return this.#documents.get(id)
  }

  underWay(): CentreCommandDocument[] {
    return [...this.#documents.values()].filter(({ state }) => state === 'received')
  }

  take(payload: Uint8Array): void {
    const arrivedSteadyMs = this.#options.now().steadyMs
    if (this.#waiting >= waitingMax) return this.#count('other', 'crowded-out')
    this.#inTurn('a command of the centre could not be taken', () => this.#take(payload, arrivedSteadyMs))
  }

  /** A device has answered a command, or the box has handed it over. */
  deviceAnswered(device: string, { id, ok: isOk, error, handedOver }: CommandResult): void {
    if (!this.#documents.get(id)?.waiting?.includes(device)) return
    this.#inTurn('the answer of a device could not be noted', async () => {
      const document = this.#documents.get(id)
      if (!document?.waiting?.includes(device)) return
      const waiting = document.waiting.filter((one) => one !== device)
      const reached = [...(document.reached ?? []), ...(isOk ? [device] : [])]
      const missed = [...(document.missed ?? []), ...(isOk ? [] : [device])]
      const refusal = commandReason('device-refused', `${device}${error === undefined ? '' : ` (${error})`}`)
      const reason = isOk
        ? (document.reason ?? (handedOver ? commandReason('handed-over', device) : undefined))
        : refusal
      await this.#move(document, { ...endOf(reached, missed, waiting), reason, reached, missed, waiting })
    })
  }

  /** The outcome of a command in progress. */
  async finish(id: string, ending: CommandOutcome): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.#inTurn('the outcome of a command could not be noted', async () => {
        const document = this.#documents.get(id)
        try {
          if (document?.state === 'received') await this.#move(document, ending)
          resolve()
        } catch (error) {
          reject(error as Error)
        }
      }),
    )
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelLook?.()
    await this.#line
  }

  /** One after the other: two copies of a command that arrive together must not both count as new. */
  #inTurn(failure: string, run: () => Promise<void>): void {
    this.#waiting++
    this.#line = this.#line
      .then(run)
      .catch((error: Error) => {
        this.#count('other', 'not-kept')
        this.#options.logger.warn({ reason: error.message }, failure)
      })
      .finally(() => this.#waiting--)
  }

  async #take(payload: Uint8Array, arrivedSteadyMs: number): Promise<void> {
    const parsed = parseCentreCommand(payload)
    if (!parsed.ok) return this.#answerUnreadable(payload, parsed.problems)
    const command = parsed.value
    const known = this.#documents.get(command.id)
    if (known) {
      this.#count(command.do, 'repeat')
      this.#options.send(resultOf(known))
      return
    }
    const { settings, now, centreAgeMs, knowledge } = this.#options
    const ageMs = Math.max(0, centreAgeMs(command.sentAtMs) ?? 0)
    const untilSteadyMs = arrivedSteadyMs + command.leftMs - ageMs
    if (now().steadyMs >= untilSteadyMs)
      return this.#begin(command, untilSteadyMs, [], () => ({
        state: 'expired',
        reason: commandReason('expired'),
      }))
    const plan = planCommand(command, settings, knowledge())
    return this.#carryOut(command, plan, untilSteadyMs)
  }

  async #carryOut(command: CentreCommand, plan: Plan, untilSteadyMs: number): Promise<void> {
    switch (plan.type) {
      case 'refused':
        return this.#begin(command, untilSteadyMs, [], () => ({ state: 'refused', reason: plan.reason }))
      case 'judge':
        return this.#begin(command, untilSteadyMs, plan.inputs, (refusal) =>
          refusal === undefined
            ? { state: 'done', reached: plan.reached }
            : { state: 'refused', reason: commandReason('engine-refused', refusal), missed: plan.reached },
        )
      case 'devices': {
        const { steadyMs } = this.#options.now()
        const documents = plan.orders.map(({ device, order }) => ({
          device,
          command: { ...order, id: command.id },
          sinceSteadyMs: steadyMs,
          untilSteadyMs,
        }))
        const ending: CommandOutcome = { state: 'received', waiting: plan.orders.map(({ device }) => device) }
        return this.#begin(command, untilSteadyMs, [], () => ending, documents)
      }
      case 'pictures':
        await this.#begin(command, untilSteadyMs, [], () => ({ state: 'received', waiting: plan.cameras }))
        return this.#goOn(command.id, this.#options.work.pictures(command, plan))
      case 'config':
        await this.#begin(command, untilSteadyMs, [], () => ({ state: 'received' }))
        return this.#goOn(command.id, this.#options.work.config(command, plan))
      case 'update':
        await this.#begin(command, untilSteadyMs, [], () => ({ state: 'received', waiting: [plan.version] }))
        return this.#goOn(command.id, this.#options.work.update(command, plan))
      case 'support':
        await this.#begin(command, untilSteadyMs, [], () => ({ state: 'received' }))
        return this.#goOn(command.id, this.#options.work.support(command))
      case 'console':
        await this.#begin(command, untilSteadyMs, [], () => ({ state: 'received' }))
        return this.#goOn(command.id, this.#options.work.console(command, plan))
    }
  }

  /** Later commands do not wait for long work. */
  #goOn(id: string, work: Promise<CommandOutcome>): void {
    work
      .then((ending) => (ending.state === 'received' ? undefined : this.finish(id, ending)))
      .catch((error: Error) =>
        this.#options.logger.warn(
          { id, reason: error.message },
          'the outcome of a command could not be noted',
        ),
      )
  }

  /** The command, its changes and its outcome are one commit. */
  async #begin(
    command: CentreCommand,
    untilSteadyMs: number,
    inputs: readonly AlarmInput[],
    ending: (refusal: string | undefined) => CommandOutcome,
    documents: readonly CommandDocument[] = [],
  ): Promise<void> {
    let kept: CentreCommandDocument | undefined
    const forgotten = this.#toForget()
    await this.#options.judge.judgeTogether(inputs, (remarks) => {
      const refusal = remarks.find(({ what }) => what.endsWith('-refused'))
      const why = refusal?.facts['why']
      const ended = ending(typeof why === 'string' ? why : refusal?.what)
      kept = documentOf(command, this.#options.now(), untilSteadyMs, ended)
      const state: [string, object | undefined][] = [[centreCommandKey(kept.id), kept]]
      for (const id of forgotten) state.push([centreCommandKey(id), undefined])
      return { logs: [{ what: 'centre-command', facts: factsOf(kept) }], state, documents }
    })
    for (const id of forgotten) this.#documents.delete(id)
    if (kept) this.#keptAs(kept)
  }

  async #move(document: CentreCommandDocument, ending: CommandOutcome): Promise<void> {
    const next = movedOn(document, this.#options.now(), ending)
    const logs = [{ what: 'centre-command', facts: factsOf(next) }]
    await this.#options.judge.judgeTogether([], () => ({
      logs,
      state: [[centreCommandKey(next.id), next]],
      documents: [],
    }))
    this.#keptAs(next)
  }

  #keptAs(document: CentreCommandDocument): void {
    const { id, do: what, by, state, reason } = document
    this.#documents.set(id, document)
    this.#count(what, state)
    const facts = { id, do: what, by, state, ...(reason ? { reason: reason.en } : {}) }
    if (state === 'refused' || state === 'failed' || state === 'expired')
      this.#options.logger.warn(facts, 'a command of the centre was not carried out')
    else this.#options.logger.info(facts, 'a command of the centre')
    this.#options.send(resultOf(document))
    this.#look()
  }

  #toForget(): string[] {
    const excess = this.#documents.size + 1 - rememberedMax
    if (excess <= 0) return []
    const finished = [...this.#documents.values()].filter(({ state }) => state !== 'received')
    return finished.slice(0, excess).map(({ id }) => id)
  }

  /** Answered without being stored: an invalid command can not be executed later either. */
  #answerUnreadable(payload: Uint8Array, problems: readonly Problem[]): void {
    const words = describeProblems(problems)
    this.#count('other', 'unreadable')
    this.#options.logger.warn({ problems: words.slice(0, 500) }, 'the centre sent an unreadable command')
    const json = parseJson(payload, controlBytesMax)
    const id = json.ok && isObject(json.value) ? json.value['id'] : undefined
    if (typeof id !== 'string' || !commandIdPattern.test(id)) return
    const known = this.#documents.get(id)
    const { atMs, clock } = this.#options.now()
    const reason = commandReason('unreadable', words)
    this.#options.send(known ? resultOf(known) : { v: 1, id, state: 'refused', atMs, clock, reason })
  }

  #waitsForDevices(): CentreCommandDocument[] {
    return this.underWay().filter(({ waiting, do: what }) => waiting !== undefined && !boxWork.has(what))
  }

  /** Finds devices that did not answer in time, while any is awaited. */
  #look(): void {
    this.#cancelLook?.()
    this.#cancelLook = undefined
    if (this.#isStopped || this.#waitsForDevices().length === 0) return
    this.#cancelLook = this.#options.clock.after(lookIntervalMs, () => {
      const { steadyMs } = this.#options.now()
      for (const { id } of this.#waitsForDevices().filter(({ untilSteadyMs }) => untilSteadyMs <= steadyMs))
        this.#inTurn('a command without an answer could not be ended', () => this.#giveUp(id))
      this.#look()
    })
  }

  async #giveUp(id: string): Promise<void> {
    const document = this.#documents.get(id)
    if (document?.state !== 'received' || document.waiting === undefined) return
    const { waiting, reached, missed = [] } = document
    for (const device of waiting) await this.#options.giveUp(device, id)
    const { state } = endOf(reached ?? [], [...missed, ...waiting], [])
    const reason = commandReason('no-answer', waiting.join(', '))
    await this.#move(document, { state, reason, reached, missed: [...missed, ...waiting] })
  }

  #count(what: string, result: string): void {
    this.#outcomes.inc({ do: isCommandKind(what) ? what : 'other', result })
  }
}

/** Done when anything was reached: `missed` and the reason name the rest. */
export function endOf(
  reached: readonly string[],
  missed: readonly string[],
  waiting: readonly string[],
): { state: 'received' | 'done' | 'failed' } {
  if (waiting.length > 0) return { state: 'received' }
  return { state: missed.length > 0 && reached.length === 0 ? 'failed' : 'done' }
}
