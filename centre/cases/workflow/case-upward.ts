// A case and the next centre up: reported by a rule; the answers are stages. Pure.
import { reportStages, type Case, type CaseReport } from '../../../protocols/domain/case.ts'
import { done, same, type Outcome, type Step } from './case-change.ts'
import { reportsMax } from './case-handover.ts'
import { refuse, type CentreInput } from './case-input.ts'

/** Under this name another centre holds a case. */
export const centreHolder = (to: string): string => `centre:${to}`

/** Once for a case: a second report is a person's to make. */
export function reportUp(step: Step, { to, text }: { to: string; text: string }): Outcome {
  const { item, actor, nowMs } = step
  if (item.isDrill || item.reports.some((report) => report.to === to)) return same(item)
  if (item.reports.length >= reportsMax) return refuse('too-many')
  const reports = [...item.reports, { who: actor.who, atMs: nowMs, to, text }]
  return done(step, { reports }, 'reported', text, to)
}

/** A stage never steps back, and a repeated one changes nothing; each instruction is new. */
export function takeUpwardStage(step: Step, input: Extract<CentreInput, { do: 'report-answer' }>): Outcome {
  const { item, nowMs } = step
  const { to, stage, text, who } = input
  const index = item.reports.findLastIndex((report) => report.to === to)
  const asked = item.reports[index]
  if (!asked) return refuse('no-such-entry', to)
  const isInstruction = stage === 'instruction'
  const before = asked.answer?.stage
  const isLater = before === undefined || reportStages.indexOf(stage) > reportStages.indexOf(before)
  if (!isInstruction && !isLater) return same(item)
  const answer: CaseReport['answer'] = {
    atMs: nowMs,
    who,
    stage: isLater ? stage : (before ?? stage),
    text: isInstruction ? text : (asked.answer?.text ?? text),
  }
  const reports = item.reports.with(index, { ...asked, answer })
  const taken = acceptedThere(item, to, stage, nowMs)
  const change: Partial<Case> = { reports, ...taken }
  const { returned, ...rest } = item
  const isStill = returned && taken.needsAnswer === undefined
  const byCentre = {
    ...step,
    item: isStill ? { ...rest, returned } : rest,
    actor: { who: centreHolder(to), isSupervisor: false },
  }
  return done(
    byCentre,
    change,
    'report-answered',
    [stage, who, text].filter((part) => part !== '').join(' '),
    to,
  )
}

/** The centre that has the queue for the night has accepted it: a person is responsible for the case. */
function acceptedThere(item: Case, to: string, stage: string, nowMs: number): Partial<Case> {
  const isTaken = stage === 'accepted' || stage === 'dispatched'
  if (item.handedTo !== to || !isTaken || (item.state !== 'open' && !item.needsAnswer)) return {}
  const who = centreHolder(to)
  return {
    holder: who,
    needsAnswer: false,
    ...(item.state === 'open' ? { state: 'accepted', acceptances: [{ who, atMs: nowMs }] } : {}),
  }
}
