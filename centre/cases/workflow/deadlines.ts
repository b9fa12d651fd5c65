// The deadline clocks of a case: which steps are running, since when, and the level of each lamp. Pure; driven by the
// centre's clock.
import type { Case, CaseEvent, StepClock } from '../../../protocols/domain/case.ts'
import type { CaseStep } from '../../../protocols/domain/step-limits.ts'
import type { CasePolicy } from '../case-policy.ts'
import { isOver } from '../../../protocols/domain/case-order.ts'

/** The steps whose clocks run in this state of the case. */
function runningSteps(item: Case, policy: CasePolicy): CaseStep[] {
  if (isOver(item.state)) return []
  const steps: CaseStep[] = []
  if (item.state === 'open' || item.needsAnswer) steps.push('accept')
  if (item.state !== 'open' && item.reports.length === 0 && policy.mustReport(item.colour))
    steps.push('report')
  if (item.state === 'accepted') steps.push('dispatch')
  if (item.state === 'dispatched') steps.push('feedback')
  if (item.state === 'accepted' || item.state === 'dispatched') steps.push('progress')
  if (item.state === 'feedback') steps.push('verify')
  if (item.state === 'verified') steps.push('archive')
  return steps
}

/** Starts the clocks of steps that begin now, removes those that ended; `restart` begins again at `nowMs`. */
export function withClocks(
  item: Case,
  policy: CasePolicy,
  nowMs: number,
  restart: readonly CaseStep[] = [],
): Case {
  const clocks: Partial<Record<CaseStep, StepClock>> = {}
  for (const step of runningSteps(item, policy)) {
    const running = item.clocks[step]
    clocks[step] = running && !restart.includes(step) ? running : { sinceMs: nowMs, level: 0 }
  }
  return { ...item, clocks }
}

const levelEvents = ['deadline-amber', 'deadline-red', 'supervisor-called'] as const
const levelTexts = ['75 %', '100 %', '150 %']

function levelAt(share: number, policy: CasePolicy): StepClock['level'] {
  if (share >= policy.supervisorAt) return 3
  if (share >= policy.redAt) return 2
  return share >= policy.amberAt ? 1 : 0
}

const shareOf = (policy: CasePolicy, level: number): number =>
  [policy.amberAt, policy.redAt, policy.supervisorAt][level] ?? Infinity

/** When an accepted case without progress is opened again; undefined if it is not. */
function reopensAtMs(item: Case, policy: CasePolicy): number | undefined {
  const limitMs = policy.limitMs('dispatch', item.colour)
  const clock = item.clocks.dispatch
  if (item.state !== 'accepted' || !clock || limitMs === undefined) return undefined
  return Math.max(clock.sinceMs, item.clocks.progress?.sinceMs ?? 0) + limitMs * policy.reopenAt
}

/** The next moment at which `passTime` changes something; undefined when time alone changes nothing. */
export function nextDueMs(item: Case, policy: CasePolicy): number | undefined {
  let next = reopensAtMs(item, policy) ?? Infinity
  for (const [step, clock] of Object.entries(item.clocks) as [CaseStep, StepClock][]) {
    const limitMs = policy.limitMs(step, item.colour)
    if (limitMs === undefined || clock.level === 3) continue
    next = Math.min(next, clock.sinceMs + limitMs * shareOf(policy, clock.level))
  }
  return next === Infinity ? undefined : Math.ceil(next)
}

/** Lamps that came on since the last check, each reported once, and a case without progress that is opened again. */
export function passTime(item: Case, policy: CasePolicy, nowMs: number): { item: Case; events: CaseEvent[] } {
  const events: CaseEvent[] = []
  const clocks = { ...item.clocks }
  for (const [step, clock] of Object.entries(item.clocks) as [CaseStep, StepClock][]) {
    const limitMs = policy.limitMs(step, item.colour)
    if (limitMs === undefined) continue
    const level = levelAt((nowMs - clock.sinceMs) / limitMs, policy)
    for (let reached: number = clock.level; reached < level; reached++)
      events.push({
        what: levelEvents[reached] ?? 'deadline-amber',
        who: 'centre',
        atMs: nowMs,
        text: levelTexts[reached] ?? '',
        subject: step,
      })
    if (level > clock.level) clocks[step] = { ...clock, level }
  }
  const passed: Case = events.length > 0 ? { ...item, clocks, changedAtMs: nowMs } : item
  const reopensMs = reopensAtMs(passed, policy)
  if (reopensMs === undefined || nowMs < reopensMs) return { item: passed, events }
  const { holder, claimedBy: _closed, ...rest } = passed
  events.push({ what: 'reopened', who: 'centre', atMs: nowMs, text: holder ?? '' })
  const open: Case = {
    ...rest,
    state: 'open',
    acceptances: [],
    returned: { why: 'reopened', atMs: nowMs, ...(holder === undefined ? {} : { who: holder }) },
    reopened: passed.reopened + 1,
    changedAtMs: nowMs,
  }
  return { item: withClocks(open, policy, nowMs, ['accept']), events }
}
