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
  [entry('dispatched', '', '赵网格员, 李医生'), '赵网格员, 李医生', '赵网格员, 李医生'],
  [entry('dispatched', 'take the stretcher', 'Zhao'), 'Zhao：take the stretcher', 'Zhao: take the stretcher'],
  [entry('arrived', '', 'Zhao'), 'Zhao', 'Zhao'],
  [entry('dispatch-refused', 'no car', 'Zhao'), 'Zhao：no car', 'Zhao: no car'],
  [entry('taken-over', 'all quiet', 'li'), 'li：all quiet', 'li: all quiet'],
  [entry('reported', 'rule', 'county'), 'county：按规则', 'county: by rule'],
  [entry('handed-over', 'timetable', 'county'), 'county：按时间表', 'county: by the timetable'],
  [
    entry('taken-back', 'the storm is over', 'county'),
    'county：the storm is over',
    'county: the storm is over',
  ],
  [entry('redistributed', 'signed out', 'li'), 'li：已退出登录', 'li: signed out'],
  [entry('accepted', 'again'), '再次', 'again'],
  [entry('accepted', '1/2'), '1/2', '1/2'],
  [entry('feedback', 'he is well', 'false-alarm'), '误报：he is well', 'false alarm: he is well'],
  [entry('merged', 'into', 'case-1'), '并入 case-1', 'into case-1'],
  [entry('merged', 'from', 'case-2'), '并自 case-2', 'from case-2'],
  [entry('split', 'a.sos-1', 'case-3'), 'case-3：a.sos-1', 'case-3: a.sos-1'],
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
