// Which of the six steps are done, which can be taken now, and the level of each lamp. Pure; the centre decides.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { mayFollow, stepRules } from '../../../protocols/domain/case-order.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { CaseAsks, CaseDeadline, CaseSummary } from '../../../protocols/desk/cases.ts'
import { askText, stepReasonWords } from './ask-words.ts'

export const deskSteps = ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'] as const
export type DeskStep = (typeof deskSteps)[number]

export interface StepView {
  step: DeskStep
  isDone: boolean
  /** The step is allowed in the present state, for this person. */
  canTake: boolean
  /** Why it is not, where the state alone would allow it. */
  reasons: BilingualText[]
  /** A supervisor overrules what is open: the reason in words is required. */
  needsReason: boolean
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

/** The person at this desk. */
export interface DeskPerson {
  user: string | undefined
  /** Supervisor or administrator: acts for the holder, and archives with a reason. */
  isLeading: boolean
}

const put = ({ zh, en }: BilingualText, who: string): BilingualText => ({
  zh: zh.replace('{who}', who),
  en: en.replace('{who}', who),
})

/** What keeps this person from a step that the state of the case allows. */
function refusalOf(step: DeskStep, item: Case, { user, isLeading }: DeskPerson): BilingualText[] {
  const { holder, needsAnswer, state, feedback } = item
  if (step === 'accept') {
    const isTaken = state !== 'open' && !needsAnswer && holder !== undefined && holder !== user
    return isTaken ? [put(stepReasonWords.held, holder)] : []
  }
  if (step === 'verify') {
    if (needsAnswer)
      return [askText({ what: 'accept', why: item.returned?.why ?? 'again', ...whoLeft(item) })]
    const isOwn = user !== undefined && (holder === user || feedback?.who === user)
    return isOwn ? [put(stepReasonWords.secondPerson, user)] : []
  }
  const isHolders = (step === 'report' || step === 'dispatch') && stepRules[step].isHolders
  const isOthers = isHolders && holder !== undefined && holder !== user && !isLeading
  return isOthers ? [put(stepReasonWords.held, holder)] : []
}

const whoLeft = ({ returned }: Case): { who?: string[] } =>
  returned?.who === undefined ? {} : { who: [returned.who] }

/** The archive is offered when nothing is missing, or when a supervisor may set aside what is. */
function archiveView(
  item: Case,
  { beforeArchive }: Pick<CaseAsks, 'beforeArchive'>,
  { isLeading }: DeskPerson,
): Pick<StepView, 'canTake' | 'reasons' | 'needsReason'> {
  const missing = item.state === 'open' ? [] : beforeArchive
  const isOverrulable = beforeArchive.every(({ what }) => what === 'actions' || what === 'alarm-end')
  const canTake = beforeArchive.length === 0 || (isOverrulable && isLeading)
  const reasons = missing.map(askText)
  if (isOverrulable && missing.length > 0) reasons.push(stepReasonWords.mayArchive)
  return { canTake, reasons, needsReason: canTake && beforeArchive.length > 0 }
}

export function stepViews(
  item: Case,
  deadlines: readonly CaseDeadline[],
  asks: CaseAsks | undefined,
  person: DeskPerson,
): StepView[] {
  return deskSteps.map((step) => {
    const view = {
      step,
      isDone: isDone[step](item),
      deadline: deadlines.find((one) => one.step === step),
    }
    if (isOver(item)) return { ...view, canTake: false, reasons: [], needsReason: false }
    if (step === 'archive' && asks) return { ...view, ...archiveView(item, asks, person) }
    const isMineAlready = step === 'accept' && item.holder === person.user && !item.needsAnswer
    const isAllowed = !isMineAlready && mayFollow(item.state, step)
    const reasons = isAllowed ? refusalOf(step, item, person) : []
    return { ...view, canTake: isAllowed && reasons.length === 0, reasons, needsReason: false }
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
