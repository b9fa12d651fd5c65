// The cases on this desk: the open ones, and the selected one with its history.
import { shallowRef, type ShallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import {
  typingTextMax,
  type CaseAnswer,
  type CaseMessage,
  type CasesAnswer,
  type CaseSummary,
  type TypingMessage,
} from '../../../protocols/desk/cases.ts'
import type { NewResponseLink } from '../../../protocols/desk/responder.ts'
import { asProblem } from '../link/api-problem.ts'
import { applyCase } from './case-steps.ts'

/** Cases in the list; the centre sends the most urgent first. */
export const casesMax = 200

export type CaseTarget = { alarm: string } | { case: string }

/** The requests to the centre. */
export interface CaseCalls {
  cases(limit: number): Promise<CasesAnswer>
  caseOf(target: CaseTarget): Promise<CaseAnswer>
  takeStep(id: string, step: string, body: object): Promise<Partial<CaseAnswer>>
}

export class CaseDesk {
  readonly list: ShallowRef<readonly CaseSummary[]> = shallowRef([])
  /** More are open than are listed. */
  readonly hasMore = shallowRef(false)
  readonly shown = shallowRef<CaseAnswer>()
  /** The requested alarm or case has none. */
  readonly isMissing = shallowRef(false)
  readonly problem = shallowRef<BilingualText>()
  readonly isBusy = shallowRef(false)
  /** For the people who were just sent; shown until it is put away. */
  readonly links = shallowRef<readonly NewResponseLink[]>([])
  /** What another person writes about the selected case at this moment. */
  readonly typing: ShallowRef<TypingMessage['typing'] | undefined> = shallowRef()
  readonly #api: CaseCalls
  /** What others were last shown of the text here. */
  #typed = ''
  #target: CaseTarget | undefined
  #reading = 0

  constructor(api: CaseCalls) {
    this.#api = api
  }

  /** Reads the open cases, and the selected one, again. */
  async refresh(): Promise<void> {
    try {
      const { cases, next } = await this.#api.cases(casesMax)
      this.list.value = cases
      this.hasMore.value = next !== undefined
    } catch {
      // Unchanged: the line about the link reports the loss.
    }
    await this.#read()
  }

  open(target: CaseTarget): Promise<void> {
    this.close()
    this.#target = target
    return this.#read()
  }

  close(): void {
    this.#target = undefined
    this.#reading += 1
    this.shown.value = undefined
    this.isMissing.value = false
    this.problem.value = undefined
    this.links.value = []
    this.typing.value = undefined
    this.#typed = ''
  }

  clear(): void {
    this.close()
    this.list.value = []
  }

  hearTyping({ typing }: TypingMessage): void {
    if (typing.case === this.shown.value?.case.id) this.typing.value = typing.text === '' ? undefined : typing
  }

  /** Called each second with the text under way: others see it, and that this person has the case open. */
  async type(text: string): Promise<void> {
    const id = this.shown.value?.case.id
    const shown = text.slice(0, typingTextMax)
    if (id === undefined || shown === this.#typed) return
    const isFirst = this.#typed === ''
    this.#typed = shown
    try {
      await this.#api.takeStep(id, 'typing', { text: shown })
      if (isFirst) await this.#api.takeStep(id, 'claim', {})
    } catch {
      // Writing goes on without it: the line about the link reports the loss.
    }
  }

  hear({ type, case: summary }: CaseMessage): void {
    this.list.value = applyCase(this.list.value, summary, type === 'case.over').slice(0, casesMax)
    const isShown = this.shown.value?.case.id === summary.id
    if (isShown || this.isMissing.value) void this.#read()
  }

  /** True when the centre accepted it; its refusal is in `problem`. */
  async take(step: string, body: object = {}): Promise<boolean> {
    const id = this.shown.value?.case.id
    if (id === undefined || this.isBusy.value) return false
    this.isBusy.value = true
    this.problem.value = undefined
    try {
      const { links } = await this.#api.takeStep(id, step, body)
      if (links) this.links.value = links
      await this.#read()
      return true
    } catch (error) {
      this.problem.value = asProblem(error).text
      await this.#read()
      return false
    } finally {
      this.isBusy.value = false
    }
  }

  async #read(): Promise<void> {
    const target = this.#target
    if (target === undefined) return
    const reading = ++this.#reading
    try {
      const answer = await this.#api.caseOf(target)
      if (reading !== this.#reading) return
      this.shown.value = answer
      this.isMissing.value = false
    } catch (error) {
      if (reading !== this.#reading) return
      const problem = asProblem(error)
      if (problem.status === 404) this.isMissing.value = true
      else this.problem.value = problem.text
    }
  }
}
