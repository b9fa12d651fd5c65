// Question: does the form of the rules read durations as people write them, and send what was set and nothing else?
import { expect, test } from 'vitest'
import type { CaseRules } from '../../../../protocols/desk/leading/case-rules.ts'
import { durationText, formOf, parseDuration, rulesOf } from '../../../../web/desk/admin/rule-forms.ts'

test('reads durations in both languages, within bounds', () => {
  const read: [string, number | undefined][] = [
    ['90 s', 90_000],
    ['15min', 900_000],
    ['1 h 30 min', 5_400_000],
    ['2 天', 172_800_000],
    ['8小时', 28_800_000],
    ['5 分钟', 300_000],
    ['0 s', undefined],
    ['91 d', undefined],
    ['15', undefined],
    ['a 1 s', undefined],
    ['1 toString', undefined],
    ['', undefined],
  ]
  for (const [text, ms] of read) expect([text, parseDuration(text)]).toEqual([text, ms])
  for (const ms of [1000, 90_000, 86_400_000, 90_061_000]) expect(parseDuration(durationText(ms))).toBe(ms)
})

test('goes from the rules to the form and back, and names what is wrong', () => {
  const rules: CaseRules = {
    limitsMs: { accept: { red: 30_000 }, verify: { blue: 172_800_000 } },
    redAcceptances: 2,
    reopenAt: 3,
    mustReport: ['red'],
  }
  expect(rulesOf(formOf(rules))).toEqual({ rules })
  expect(rulesOf(formOf({}))).toEqual({ rules: {} })
  const form = formOf({})
  form.cells['accept.red'] = 'soon'
  expect(rulesOf(form)).toEqual({ wrong: 'soon' })
  expect(rulesOf({ ...formOf({}), reopenAt: '0.5' })).toEqual({ wrong: '0.5' })
})
