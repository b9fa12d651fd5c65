// The order of the steps, as data: the workflow uses it, and the handbook's state diagram is generated from it.
import type { CaseState } from './case.ts'

export interface StepRule {
  from: readonly CaseState[]
  /** Absent: the state does not change. */
  to?: CaseState
  /** States in which it is allowed and changes nothing: a person who is on the way stays on the way. */
  stays?: readonly CaseState[]
  /** Only the holder, or a supervisor in the holder's place. */
  isHolders: boolean
}

export const stepRules = {
  accept: {
    from: ['open'],
    to: 'accepted',
    stays: ['accepted', 'dispatched', 'feedback'],
    isHolders: false,
  },
  release: { from: ['accepted'], to: 'open', stays: ['dispatched', 'feedback'], isHolders: true },
  report: { from: ['accepted', 'dispatched', 'feedback', 'verified'], isHolders: true },
  dispatch: { from: ['accepted', 'dispatched', 'feedback'], to: 'dispatched', isHolders: true },
  arrive: { from: ['dispatched', 'feedback'], isHolders: false },
  cannot: { from: ['dispatched'], isHolders: false },
  feedback: { from: ['accepted', 'dispatched', 'feedback'], to: 'feedback', isHolders: false },
  verify: { from: ['feedback'], to: 'verified', isHolders: false },
  'send-back': { from: ['feedback'], to: 'accepted', isHolders: false },
  archive: { from: ['verified'], to: 'archived', isHolders: false },
} as const satisfies Record<string, StepRule>

export type RuledStep = keyof typeof stepRules

export function mayFollow(state: CaseState, step: RuledStep): boolean {
  const rule: StepRule = stepRules[step]
  return rule.from.includes(state) || rule.stays?.includes(state) === true
}

export const isOver = (state: CaseState): boolean => state === 'archived' || state === 'merged'

/** The state diagram as Mermaid text. */
export function stateDiagram(): string {
  const lines = ['stateDiagram-v2', '  [*] --> open: an alarm, or a call']
  for (const [step, rule] of Object.entries(stepRules) as [RuledStep, StepRule][])
    for (const from of rule.from) {
      if (rule.to !== undefined && rule.to !== from) lines.push(`  ${from} --> ${rule.to}: ${step}`)
    }
  lines.push('  accepted --> open: no progress, or its holder left', '  archived --> [*]')
  return `${lines.join('\n')}\n`
}
