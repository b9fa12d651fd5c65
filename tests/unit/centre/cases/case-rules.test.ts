// Question: does each smaller rule of the workflow hold by itself: repeats before the end, withdrawals, answers to actions, bounds,
// merging, and reports that go up?
import { expect, it } from 'vitest'
import { createCasePolicy } from '../../../../centre/cases/case-policy.ts'
import {
  alarmsPerCaseMax,
  mergeCases,
  openCase,
  takeAlarm,
} from '../../../../centre/cases/workflow/case-alarms.ts'
import type { CentreInput, PersonInput } from '../../../../centre/cases/workflow/case-input.ts'
import { entriesMax, takeCentreInput, takeStep } from '../../../../centre/cases/workflow/case-workflow.ts'
import type { Case, CaseAction, CaseAlarm } from '../../../../protocols/domain/case.ts'

const policy = createCasePolicy()

function alarmOf(id: string, more: Partial<CaseAlarm> = {}): CaseAlarm {
  const made = { id: `box-1.${id}`, kind: 'sos', colour: 'red', device: 'button-1', occurrences: 1 } as const
  return { ...made, isActive: true, endsByReading: false, ...more }
}
function open(actions: CaseAction[] = [], id = 'case-1'): Case {
  const given = {
    id,
    village: 'box-1',
    box: 'box-1',
    title: { zh: '求助', en: 'call' },
    colour: 'red',
  } as const
  const alarms = [alarmOf('a')]
  const opening = {
    ...given,
    isDrill: false,
    alarms,
    actions,
    guidanceVersion: 0,
    who: 'centre',
    text: 'sos',
  }
  return openCase(opening, policy, 0).item
}

/** The case after this step, or the code of the refusal. */
function step(item: Case, input: PersonInput, who = 'li'): Case | string {
  const outcome = takeStep({ item, actor: { who, isSupervisor: false }, policy, nowMs: 1000 }, input)
  return outcome.ok ? outcome.item : outcome.code
}
function centre(item: Case, input: CentreInput): { item: Case; events: string[] } {
  const outcome = takeCentreInput(item, input, policy, 2000)
  if (!outcome.ok) throw new Error(outcome.code)
  return { item: outcome.item, events: outcome.events.map(({ what }) => what) }
}
/** The case after all these steps of one person. */
const after = (item: Case, ...inputs: PersonInput[]): Case =>
  inputs.reduce((now, input) => {
    const next = step(now, input)
    if (typeof next === 'string') throw new Error(`${input.do}: ${next}`)
    return next
  }, item)
const sent: PersonInput = { do: 'dispatch', to: ['doctor'], text: '' }
const feedback: PersonInput = { do: 'feedback', text: 'fell', outcome: 'real' }

it('a repeat that waits for its answer holds back the verification and the archive', () => {
  const item = { ...after(open(), { do: 'accept' }, sent, feedback), needsAnswer: true }
  expect(step(item, { do: 'verify', isGood: true, text: '' }, 'wang')).toBe('wrong-step')
  expect(
    step({ ...item, needsAnswer: false }, { do: 'verify', isGood: true, text: '' }, 'wang'),
  ).toMatchObject({
    state: 'verified',
  })
  const verified = { ...item, state: 'verified' as const }
  expect(step(verified, { do: 'archive', text: '' })).toBe('wrong-step')
  expect(step({ ...verified, needsAnswer: false }, { do: 'archive', text: '' })).toMatchObject({
    state: 'archived',
  })
})

it('a repeat after the feedback brings the case back to the operator', () => {
  const item = after(open(), { do: 'accept' }, sent, feedback)
  for (const state of ['feedback', 'verified'] as const)
    expect(takeAlarm({ ...item, state }, alarmOf('a', { occurrences: 2 }), policy, 1)).toMatchObject({
      item: { state: 'accepted', needsAnswer: true },
    })
})

it('the last person who can not go gives the case back to its operator; an arrival counts once', () => {
  const two = after(open(), { do: 'accept' }, sent, { ...sent, to: ['Zhao'] })
  const one = after(two, { do: 'cannot', index: 0, text: 'no car' })
  expect(one.state).toBe('dispatched')
  expect(after(one, { do: 'cannot', index: 1, text: 'ill' }).state).toBe('accepted')
  const there = after(one, { do: 'arrive', index: 1 })
  const again = takeStep(
    { item: there, actor: { who: 'li', isSupervisor: false }, policy, nowMs: 5000 },
    { do: 'arrive', index: 1 },
  )
  expect(again).toMatchObject({ ok: true, events: [], item: { dispatches: [{}, { arrivedAtMs: 1000 }] } })
})

it('an action takes an answer of its type only', () => {
  const action = (type: CaseAction['type']): CaseAction => ({
    id: type,
    type,
    label: { zh: '问', en: 'ask' },
    isRequired: true,
  })
  const item = after(open([action('yes-no'), action('text'), action('basic')]), { do: 'accept' })
  for (const [id, value] of [
    ['yes-no', 'perhaps'],
    ['yes-no', ''],
    ['text', ''],
  ] as const)
    expect(step(item, { do: 'action', action: id, value })).toBe('needs-reason')
  const values = { 'yes-no': 'no', text: 'he is well', basic: '' }
  for (const [id, value] of Object.entries(values))
    expect(step(item, { do: 'action', action: id, value })).toBeTypeOf('object')
})

it('notes, attachments, dispatches and reports of one case are bounded', () => {
  const item = after(open(), { do: 'accept' })
  const person = { who: 'li', atMs: 1, to: 'county', text: '' }
  for (const [full, input] of [
    [{ notes: entriesMax.notes }, { do: 'note', text: 'x' }],
    [{ attachments: entriesMax.attachments }, { do: 'attach', name: 'x', sha256: '0' }],
    [{ dispatches: Array.from({ length: entriesMax.dispatches }, () => ({ ...person, to: ['x'] })) }, sent],
    [
      { reports: Array.from({ length: entriesMax.reports }, () => person) },
      { do: 'report', to: 'county', text: '' },
    ],
  ] as [Partial<Case>, PersonInput][]) {
    expect([input.do, step({ ...item, ...full }, input)]).toEqual([input.do, 'too-many'])
    expect(step(item, input)).toBeTypeOf('object')
  }
})

it('a case is not merged with itself, with a drill, or beyond the bound of its alarms', () => {
  const [one, two] = [open(), { ...open([], 'case-2'), alarms: [alarmOf('b')] }]
  const merge = (from: Case) => mergeCases(one, from, 'li', policy, 1)
  expect(merge(two)).toMatchObject({ ok: true })
  expect(merge(one)).toMatchObject({ code: 'wrong-step' })
  expect(merge({ ...two, isDrill: true })).toMatchObject({ code: 'wrong-step' })
  const many = Array.from({ length: alarmsPerCaseMax }, (_, i) => alarmOf(`b${i}`))
  expect(merge({ ...two, alarms: many })).toMatchObject({ code: 'too-many' })
})

it('a rule reports a case upward once and never a drill; a stage from above never steps back', () => {
  const up: CentreInput = { do: 'report-up', to: 'county', text: 'rule' }
  const item = centre(open(), up)
  expect(item.events).toEqual(['reported'])
  expect(centre(item.item, up)).toMatchObject({ events: [], item: { reports: [{ to: 'county' }] } })
  expect(centre({ ...open(), isDrill: true }, up)).toMatchObject({ events: [], item: { reports: [] } })
  const answer = { do: 'report-answer', to: 'county', text: '', who: 'zhou' } as const
  const accepted = centre(item.item, { ...answer, stage: 'accepted' })
  expect(accepted.events).toEqual(['report-answered'])
  expect(centre(accepted.item, { ...answer, stage: 'seen' }).events).toEqual([])
  expect(accepted.item.reports[0]?.answer?.stage).toBe('accepted')
})
