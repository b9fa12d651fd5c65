// Which of the six steps are done, which can be taken now, and the level of each lamp. Pure; the centre decides.
import { mayFollow } from '../../../protocols/domain/case-order.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { CaseDeadline, CaseSummary } from '../../../protocols/desk/cases.ts'

export const deskSteps = ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'] as const
export type DeskStep = (typeof deskSteps)[number]

export interface StepView {
  step: DeskStep
  isDone: boolean
  /** The step is allowed in the present state. */
  canTake: boolean
  deadline: CaseDeadline | undefined
}

const isOver = ({ state }: Case): boolean => state === 'archived' || state === 'merged'

const isDone: Record<DeskStep, (item: Case) => boolean> = {
  accept: ({ holder, needsAnswer }) => holder !== undefined && !needsAnswer,
  report: ({ reports }) => reports.length > 0,
  dispatch: ({ dispatches }) => dispatches.some(({ cannot }) => cannot === undefined),
  feedback: ({ feedback }) => feedback !== undefined,
  verify: ({ verified }) => verified !== undefined,
  archive: ({ archived }) => archived !== undefined,
}

export function stepViews(
  item: Case,
  deadlines: readonly CaseDeadline[],
  me: string | undefined,
): StepView[] {
  return deskSteps.map((step) => {
    const isMineAlready = step === 'accept' && item.holder === me && !item.needsAnswer
    // A case without verification is archived from its present state: the centre decides which.
    const isEarly = step === 'archive' && item.state !== 'open'
    return {
      step,
      isDone: isDone[step](item),
      canTake: !isOver(item) && !isMineAlready && (mayFollow(item.state, step) || isEarly),
      deadline: deadlines.find((one) => one.step === step),
    }
  })
}

/** Held by a person, and not past the point of no return. */
export const canRelease = (item: Case): boolean =>
  item.holder !== undefined && mayFollow(item.state, 'release')

/** `Dr Li, Zhao` and `李医生，赵` are two people. */
export const namesIn = (text: string): string[] =>
  text
    .split(/[,，、;；]/)
    .map((name) => name.trim())
    .filter(Boolean)
    .slice(0, 20)

/** The queue of cases after one message: closed ones are removed, the others stay most urgent first. */
export function applyCase(
  list: readonly CaseSummary[],
  summary: CaseSummary,
  isGone: boolean,
): CaseSummary[] {
  if (isGone) return list.filter(({ id }) => id !== summary.id)
  const isKnown = list.some(({ id }) => id === summary.id)
  return isKnown ? list.map((one) => (one.id === summary.id ? summary : one)) : [summary, ...list]
}
