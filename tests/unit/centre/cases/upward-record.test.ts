// What does the next centre get of a case: each change once, nothing when nothing changed, and never too much text?
import { describe, expect, it } from 'vitest'
import { packageText, sentOf, upwardAlarm, type SentUpward } from '../../../../centre/cases/upward-record.ts'
import { deadlinesOf, summaryOf } from '../../../../centre/cases/case-summary.ts'
import { createCasePolicy } from '../../../../centre/cases/case-policy.ts'
import { openCase } from '../../../../centre/cases/workflow/case-alarms.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import { boxAlarmKinds } from '../../../../protocols/domain/alarm.ts'

const policy = createCasePolicy()
const text = (words: string) => ({ zh: words, en: words })

function caseOf(more: Partial<Case> = {}): Case {
  const { item } = openCase(
    {
      id: 'case-1',
      village: '320612104201',
      box: '320612104201-1',
      title: text('call'),
      colour: 'red',
      isDrill: false,
      alarms: [
        {
          id: '320612104201-1.a',
          kind: 'sos',
          colour: 'red',
          device: 'button-1',
          occurrences: 1,
          isActive: true,
          endsByReading: false,
        },
      ],
      actions: [],
      guidanceVersion: 0,
      who: 'centre',
      text: 'sos',
    },
    policy,
    1000,
  )
  return { ...item, ...more }
}

const reported = (times: number, more: Partial<Case> = {}): Case =>
  caseOf({
    reports: Array.from({ length: times }, (_, at) => ({
      to: 'county',
      who: 'li',
      text: 'help',
      atMs: at,
    })) as unknown as Case['reports'],
    ...more,
  })
const now = (item: Case): SentUpward => sentOf(item, 'county') ?? expect.fail('nothing to send')
const changeFrom = (before: SentUpward | undefined, item: Case): string | undefined =>
  upwardAlarm(item, before, now(item), undefined)?.change

describe('the record of a case', () => {
  it('is sent to the centre that it was reported to, and to no other', () => {
    expect(sentOf(caseOf(), 'county')).toBeUndefined()
    expect(sentOf(reported(1), 'province')).toBeUndefined()
    expect(sentOf(reported(2), 'county')).toMatchObject({ times: 2, isEnded: false })
  })

  it('is raised once, and repeats, rises and ends by what changed', () => {
    const first = reported(1)
    const before = now(first)
    expect(changeFrom(undefined, first)).toBe('raised')
    expect(changeFrom(before, first)).toBeUndefined()
    expect(changeFrom(before, reported(2))).toBe('repeated')
    expect(changeFrom(before, reported(1, { state: 'accepted' }))).toBe('updated')
    expect(changeFrom({ ...before, colour: 'yellow' }, first)).toBe('escalated')
    const over = reported(1, { state: 'archived' })
    expect(changeFrom(before, over)).toBe('ended')
    expect(changeFrom(now(over), over)).toBeUndefined()
    expect(changeFrom(undefined, over)).toBeUndefined()
    expect(changeFrom(now(over), first)).toBe('raised')
  })

  it('ends when the night is over and the town has its cases back', () => {
    const night = reported(1, {
      reports: [{ to: 'county', who: 'centre', text: 'timetable', atMs: 1 }] as unknown as Case['reports'],
    })
    expect(now({ ...night, handedTo: 'county' }).isEnded).toBe(false)
    expect(now(night).isEnded).toBe(true)
  })

  it('has a kind that boxes have, a bounded text and the place of its first alarm', () => {
    const long = reported(1, { title: text('x'.repeat(900)) })
    const sent = upwardAlarm(long, undefined, now(long), undefined)?.alarm
    expect(boxAlarmKinds).toContain(sent?.kind)
    expect(sent?.text.zh.length).toBe(300)
    expect(sent?.text.zh).toContain('待接警')
    const made = reported(1, { alarms: [] })
    expect(upwardAlarm(made, undefined, now(made), undefined)?.alarm.kind).toBe('device-silent')
  })
})

it('writes guidance, open actions and plans of a handed-over case, and stays within its bound', () => {
  const item = caseOf({
    guidance: text('go'),
    actions: [
      { id: 'a', type: 'note', label: text('phone'), isRequired: true },
      { id: 'b', type: 'note', label: text('done'), isRequired: true, done: { who: 'li', atMs: 1 } },
    ] as unknown as Case['actions'],
  })
  const plan = {
    id: 'p',
    label: text('plan'),
    steps: [{ id: 's', do: 'call', to: '1', label: text('ring') }],
  }
  const words = packageText(item, [plan as never], undefined)
  expect(words).toContain('go')
  expect(words).toContain('phone')
  expect(words).not.toContain('done')
  expect(words).toContain('ring')
  const place = { household: 'Granny Wang', zone: 'No. 12', phone: '13800000000' }
  const first = { alarm: { place } } as never
  expect(packageText(item, [], first)).toContain('Granny Wang No. 12 13800000000')
  expect(packageText({ ...item, guidance: text('y'.repeat(5000)) }, [], undefined).length).toBe(1800)
})

it('shows in the queue what runs out when, and only the required actions that are open', () => {
  const item = caseOf({
    onTest: { untilMs: 5000, who: 'li', text: '' } as unknown as Case['onTest'] & object,
    actions: [
      { id: 'a', isRequired: true },
      { id: 'b', isRequired: false },
    ] as unknown as Case['actions'],
  })
  expect(summaryOf(item, policy, 4000)).toMatchObject({ isOnTest: true, openActions: 1, kind: 'sos' })
  expect(summaryOf(item, policy, 6000).isOnTest).toBe(false)
  const [accept] = deadlinesOf(item, policy)
  expect(accept).toMatchObject({ step: 'accept', sinceMs: 1000 })
  expect(accept?.dueAtMs).toBe(1000 + (policy.limitMs('accept', 'red') ?? Number.NaN))
})
