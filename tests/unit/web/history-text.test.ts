// Question: is each entry of a case's history shown in the reader's language, and the text of a person as it was written?
import { expect, test } from 'vitest'
import type { CaseEvent, CaseEventKind } from '../../../protocols/domain/case.ts'
import { historyActor, historyText } from '../../../web/desk/cases/history-text.ts'

const entry = (what: CaseEventKind, text: string, subject?: string): CaseEvent => ({
  what,
  who: 'centre',
  atMs: 1,
  text,
  ...(subject === undefined ? {} : { subject }),
})

test.each([
  [entry('opened', 'sos'), '紧急求助', 'Emergency call'],
  [entry('opened', 'asked for by Li'), 'asked for by Li', 'asked for by Li'],
  [entry('alarm-joined', 'orange'), '橙色', 'orange'],
  [entry('alarm-changed', 'red, 5'), '红色，第 5 次', 'red, the 5th time'],
  [entry('alarm-changed', 'red, 21'), '红色，第 21 次', 'red, the 21st time'],
  [entry('deadline-amber', '75 %', 'dispatch'), '派遣 75 %', 'Dispatch 75 %'],
  [entry('supervisor-called', '150 %', 'progress'), '最近反馈 150 %', 'Latest news 150 %'],
  [entry('note', 'red, 5'), 'red, 5', 'red, 5'],
  [entry('note', 'constructor'), 'constructor', 'constructor'],
  [entry('opened', 'constructor'), 'constructor', 'constructor'],
])('%j', (one, zh, en) => {
  expect(historyText(one, 'zh')).toBe(zh)
  expect(historyText(one, 'en')).toBe(en)
})

test('the centre has a name, and people have theirs', () => {
  expect([historyActor('centre', 'zh'), historyActor('centre', 'en'), historyActor('li', 'en')]).toEqual([
    '镇中心',
    'the centre',
    'li',
  ])
})
