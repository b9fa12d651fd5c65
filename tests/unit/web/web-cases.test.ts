// Question: does the desk offer the next possible step, show whose turn it is, and follow a case that others change?
import { expect, test } from 'vitest'
import { createCasePolicy } from '../../../centre/cases/case-policy.ts'
import { asksFor } from '../../../centre/cases/workflow/asks-for.ts'
import type { Case } from '../../../protocols/domain/case.ts'
import type { CaseAnswer, CaseSummary } from '../../../protocols/desk/cases.ts'
import { askText } from '../../../web/desk/cases/ask-words.ts'
import { CaseDesk } from '../../../web/desk/cases/case-desk.ts'
import { applyCase, canRelease, namesIn, stepViews } from '../../../web/desk/cases/case-steps.ts'
import { ApiProblem } from '../../../web/desk/link/api-problem.ts'
import { alarmText } from '../../../gateway/alarms/alarm-text.ts'
import { titleOf } from '../../../protocols/desk/case-words.ts'

const item = (part: Partial<Case> = {}): Case => ({
  id: 'case-1',
  village: 'upper-brook',
  title: { zh: '呼救', en: 'call' },
  colour: 'red',
  state: 'open',
  isDrill: false,
  openedAtMs: 1,
  changedAtMs: 1,
  alarms: [],
  acceptances: [],
  needsAnswer: false,
  reports: [],
  dispatches: [],
  actions: [],
  guidanceVersion: 1,
  clocks: {},
  reopened: 0,
  notes: 0,
  attachments: 0,
  ...part,
})
const summary = (id: string, part: Partial<CaseSummary> = {}): CaseSummary => ({
  id,
  village: 'upper-brook',
  title: { zh: '呼救', en: 'call' },
  colour: 'red',
  state: 'open',
  isDrill: false,
  isOnTest: false,
  isPreCancelled: false,
  needsAnswer: false,
  openedAtMs: 1,
  changedAtMs: 1,
  deadlines: [],
  alarms: 1,
  openActions: 0,
  ...part,
})
const policy = createCasePolicy()
const viewsOf = (one: Case, user = 'wang', isLeading = false) =>
  stepViews(one, [], asksFor(one, policy), { user, isLeading })
const offered = (one: Case, user = 'wang', isLeading = false): string[] =>
  viewsOf(one, user, isLeading).flatMap(({ step, canTake }) => (canTake ? [step] : []))
const reasonsFor = (step: string, one: Case, user = 'wang', isLeading = false): string =>
  viewsOf(one, user, isLeading)
    .filter((view) => view.step === step)
    .flatMap(({ reasons }) => reasons.map(({ en }) => en))
    .join('; ')

test('offers what may follow, accepting again when it came again, and nothing once it is over', () => {
  expect(offered(item())).toEqual(['accept'])
  const held = item({ state: 'accepted', holder: 'wang' })
  expect(offered(held)).toEqual(['report', 'dispatch', 'feedback'])
  expect(offered({ ...held, needsAnswer: true })).toContain('accept')
  expect(offered(item({ state: 'archived' }))).toEqual([])
  expect(canRelease(held)).toBe(true)
  expect(canRelease(item())).toBe(false)
  const due = [{ step: 'accept', sinceMs: 0, dueAtMs: 9, level: 2 }] as const
  const [accept] = stepViews(held, due, undefined, { user: 'wang', isLeading: false })
  expect(accept).toMatchObject({ isDone: true, deadline: { level: 2 } })
})

test('offers the archive only where it can follow, and says in words what is missing', () => {
  const label = { zh: '回拨', en: 'call back' }
  const actions = [{ id: 'call-back', type: 'call', label, isRequired: true }] as const
  const feedback = { who: 'wang', atMs: 2, text: 'fell', outcome: 'real' } as const
  const given = item({ state: 'feedback', holder: 'wang', feedback, actions: [...actions] })
  expect(offered(given)).toEqual(['report', 'dispatch', 'feedback'])
  expect(reasonsFor('verify', given)).toBe('a second person has to do this, not wang')
  expect(reasonsFor('archive', given)).toBe(
    'a second person has to verify it, not wang; required and not done yet: call back',
  )
  expect(offered(given, 'zhao')).toEqual(['feedback', 'verify'])
  expect(reasonsFor('dispatch', given, 'zhao')).toBe('it is held by wang')
  const verified = { ...given, state: 'verified' as const }
  expect(offered(verified)).toEqual(['report'])
  expect(reasonsFor('archive', verified)).toContain('a supervisor may archive it with a reason')
  // A supervisor sets the action aside, with a reason.
  expect(offered(verified, 'chief', true)).toContain('archive')
  expect(viewsOf(verified, 'chief', true).at(-1)).toMatchObject({ canTake: true, needsReason: true })
  expect(viewsOf({ ...verified, actions: [] }).at(-1)).toMatchObject({
    canTake: true,
    reasons: [],
    needsReason: false,
  })
  // Blue cases are archived without a second person, but one of ten.
  expect(offered(item({ state: 'accepted', holder: 'wang', colour: 'blue' }))).toContain('archive')
})

test('says what a case waits for, and that it is back in the queue because nobody moved it', () => {
  const back = { returned: { why: 'reopened', atMs: 1, who: 'li' } } as const
  const said = (one: Case): string => {
    const asks = asksFor(one, policy)
    return asks ? askText(asks.next).en : ''
  }
  expect(said(item(back))).toBe(
    'nobody moved it after li had accepted it, so it is back in the queue: accept it',
  )
  expect(said(item({ state: 'accepted', holder: 'wang', needsAnswer: true }))).toBe(
    'it came again: accept it again',
  )
  const dispatched = item({ state: 'dispatched', needsAnswer: true })
  const left = { returned: { why: 'redistributed', atMs: 1, who: 'li' } } as const
  expect(said({ ...dispatched, ...left })).toBe('li has left, so it is back in the queue: accept it')
  expect(said(item({ acceptances: [{ who: 'li', atMs: 1 }], holder: 'li' }))).toBe(
    'a second person has to accept it (li has)',
  )
  expect(said(item({ state: 'archived' }))).toBe('')
  expect(askText({ what: 'alarm-end', names: [{ zh: '水位', en: 'Water' }] })).toEqual({
    zh: '报警尚未解除：水位',
    en: 'an alarm is still active: Water',
  })
})

test('reads names between commas of both languages', () => {
  expect(namesIn(' Dr Li, Zhao ')).toEqual(['Dr Li', 'Zhao'])
  expect(namesIn('李医生，赵、王；')).toEqual(['李医生', '赵', '王'])
})

test('follows the stream: new cases are listed, changed ones replaced, those that are over gone', () => {
  const list = applyCase([summary('case-1')], summary('case-2'), false)
  expect(list.map(({ id }) => id)).toEqual(['case-2', 'case-1'])
  expect(applyCase(list, summary('case-1', { state: 'accepted' }), false)[1]?.state).toBe('accepted')
  expect(applyCase(list, summary('case-1'), true).map(({ id }) => id)).toEqual(['case-2'])
})

/** A centre with one case whose answers come when the test allows them. */
class FakeCases {
  answer: CaseAnswer = { case: item(), deadlines: [] }
  refusal: ApiProblem | undefined
  reads = 0
  readonly taken: [string, string, object][] = []
  cases = async () => ({ cases: [summary('case-1')] })
  caseOf = async (): Promise<CaseAnswer> => {
    this.reads += 1
    if (this.refusal?.status === 404) throw this.refusal
    return this.answer
  }
  takeStep = async (id: string, step: string, body: object): Promise<Partial<CaseAnswer>> => {
    this.taken.push([id, step, body])
    if (this.refusal) throw this.refusal
    return {}
  }
}

test('reads the case again after a step and when the stream says that it moved, and says why a step was refused', async () => {
  const centre = new FakeCases()
  const desk = new CaseDesk(centre)
  await desk.open({ alarm: 'upper-brook.sos-1' })
  centre.answer = { case: item({ state: 'accepted', holder: 'wang' }), deadlines: [] }
  expect(await desk.take('accept')).toBe(true)
  expect(centre.taken).toEqual([['case-1', 'accept', {}]])
  expect(desk.shown.value?.case.state).toBe('accepted')
  centre.refusal = new ApiProblem(409, 'same-person', { zh: '须由另一人核查', en: 'a second person' })
  expect(await desk.take('verify', { isGood: true })).toBe(false)
  expect(desk.problem.value?.zh).toBe('须由另一人核查')
  const before = centre.reads
  desk.hear({ type: 'case.changed', position: '1', case: summary('case-9') })
  expect(centre.reads).toBe(before)
  desk.hear({ type: 'case.changed', position: '2', case: summary('case-1') })
  expect(centre.reads).toBe(before + 1)
})

test('shows others what is written here once for each change, and who works on it; theirs only on the selected case', async () => {
  const centre = new FakeCases()
  const desk = new CaseDesk(centre)
  await desk.open({ case: 'case-1' })
  for (const text of ['', 'on', 'on', 'on my', '']) await desk.type(text)
  expect(centre.taken).toEqual([
    ['case-1', 'typing', { text: 'on' }],
    ['case-1', 'claim', {}],
    ['case-1', 'typing', { text: 'on my' }],
    ['case-1', 'typing', { text: '' }],
  ])
  const typing = { case: 'case-1', who: 'li', text: 'fire post' }
  desk.hearTyping({ type: 'case.typing', typing: { ...typing, case: 'case-2' } })
  expect(desk.typing.value).toBeUndefined()
  desk.hearTyping({ type: 'case.typing', typing })
  expect(desk.typing.value).toEqual(typing)
  desk.hearTyping({ type: 'case.typing', typing: { ...typing, text: '' } })
  expect(desk.typing.value).toBeUndefined()
})

test('finds the case of an alarm that had none when it was opened', async () => {
  const centre = new FakeCases()
  centre.refusal = new ApiProblem(404, 'not-found', { zh: '没有', en: 'none' })
  const desk = new CaseDesk(centre)
  await desk.open({ alarm: 'upper-brook.sos-1' })
  expect(desk.isMissing.value).toBe(true)
  centre.refusal = undefined
  desk.hear({ type: 'case.opened', position: '1', case: summary('case-1') })
  await Promise.resolve()
  await Promise.resolve()
  expect(desk.shown.value?.case.id).toBe('case-1')
  expect(desk.isMissing.value).toBe(false)
})

test('shows a case by its kind and place, without what to do', () => {
  const facts = {
    kind: 'sos',
    variant: 'pressed',
    remark: undefined,
    raisedWallMs: 0,
    raisedClock: 'synced',
  } as const
  const device = { guidance: {}, place: { zh: '石桥村王奶奶家', en: 'Stone Bridge, Granny Wang' } }
  const text = alarmText({ ...facts, device, utcOffsetMin: 480, isDrill: false, isCalledOff: false } as never)
  expect(titleOf(text)).toEqual({
    zh: '紧急求助（按下）：石桥村王奶奶家。自 01-01 08:00起。',
    en: 'Emergency call (pressed): Stone Bridge, Granny Wang. Since 01-01 08:00.',
  })
  expect(titleOf({ zh: '其他', en: 'Do it' })).toEqual({ zh: '其他', en: 'Do it' })
})
