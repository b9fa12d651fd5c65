// The commands to boxes on this desk: loaded from the list, updated by the stream, added by a press.
import { shallowRef, type ShallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeskAlarm, Role } from '../../../protocols/desk/api.ts'
import { commandRoles, type CommandMessage, type DeskCommand } from '../../../protocols/desk/commands.ts'
import { asProblem, type NewCommand, type DeskApi } from '../link/desk-api.ts'

/** Commands kept by one desk; the oldest are removed. */
export const commandsMax = 400
export class DeskCommands {
  /** Newest first. */
  readonly list: ShallowRef<readonly DeskCommand[]> = shallowRef([])
  /** The requests in progress, by `{box or alarm} {kind}`. */
  readonly asking: ShallowRef<ReadonlySet<string>> = shallowRef(new Set())
  /** Why the centre refused a press, by box or alarm. */
  readonly problems: ShallowRef<ReadonlyMap<string, BilingualText>> = shallowRef(new Map())
  readonly #api: Pick<DeskApi, 'ask'>

  constructor(api: Pick<DeskApi, 'ask'>) {
    this.#api = api
  }

  /** The centre's present list; messages of the stream that arrived in the meantime are applied after it. */
  fill(commands: readonly DeskCommand[]): void {
    this.list.value = commands.slice(0, commandsMax)
  }

  hear({ command }: CommandMessage): void {
    this.#put(command)
  }

  clear(): void {
    this.list.value = []
    this.problems.value = new Map()
  }

  ofAlarm(alarm: string, max: number): DeskCommand[] {
    return this.list.value.filter((command) => command.alarm === alarm).slice(0, max)
  }

  /** Those about the box itself. */
  ofBox(box: string, max: number): DeskCommand[] {
    return this.list.value
      .filter((command) => command.box === box && command.alarm === undefined)
      .slice(0, max)
  }

  isAsking(about: string, kind: DeskCommand['do']): boolean {
    return this.asking.value.has(`${about} ${kind}`)
  }

  /** Sends one request: a second press while the first is in progress changes nothing. */
  async ask(box: string, wanted: NewCommand): Promise<void> {
    const about = wanted.alarm ?? box
    const key = `${about} ${wanted.do}`
    if (this.asking.value.has(key)) return
    this.asking.value = new Set([...this.asking.value, key])
    this.#say(about, undefined)
    try {
      const { command } = await this.#api.ask(box, wanted)
      // The stream may have brought it already, in a later state.
      if (!this.list.value.some(({ id }) => id === command.id)) this.#put(command)
    } catch (error) {
      this.#say(about, asProblem(error).text)
    } finally {
      const left = new Set(this.asking.value)
      left.delete(key)
      this.asking.value = left
    }
  }

  #put(command: DeskCommand): void {
    const isKnown = this.list.value.some(({ id }) => id === command.id)
    this.list.value = isKnown
      ? this.list.value.map((one) => (one.id === command.id ? command : one))
      : [command, ...this.list.value].slice(0, commandsMax)
  }

  #say(about: string, text: BilingualText | undefined): void {
    const problems = new Map(this.problems.value)
    if (text === undefined) problems.delete(about)
    else problems.set(about, text)
    this.problems.value = problems
  }
}

export const mayAsk = (role: Role | undefined, kind: DeskCommand['do']): boolean =>
  role !== undefined && commandRoles[kind].includes(role)

/** The cameras of the alarm's zone: an alarm without a zone has none. */
export const canHavePicture = ({ zone }: DeskAlarm): boolean => zone !== undefined
