// The cases on this desk: the open ones, and the selected one with its history.
import { shallowRef, type ShallowRef } from 'vue'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { CaseAnswer, CaseMessage, CasesAnswer, CaseSummary } from '../../../protocols/desk/cases.ts'
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
  readonly #api: CaseCalls
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
  }

  clear(): void {
    this.close()
    this.list.value = []
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
