// Is the alarm table complete, in both languages, as designed, and does the handbook's page equal the table?
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { alarmKinds } from '../../protocols/domain/alarm.ts'
import { alarmKindsPage } from '../../protocols/domain/alarm-kinds-page.ts'
import { alarmCodes, alarmTable } from '../../protocols/domain/alarm-table.ts'
import { colours } from '../../protocols/domain/colour.ts'
import { caseSteps, stepLimits } from '../../protocols/domain/step-limits.ts'

describe('the table', () => {
  test.each(alarmKinds)('%s has its name, limits and guidance in both languages', (kind) => {
    const { name, limits, guidance, variants } = alarmTable[kind]
    for (const text of [
      name,
      limits,
      guidance,
      ...Object.values(variants ?? {}).map((variant) => variant.name),
    ]) {
      expect(text.zh).toMatch(/\p{Script=Han}/u)
      expect(text.en).toMatch(/^[\x20-\x7e’]+$/)
    }
  })

  test.each([
    [
      'sos',
      'pressed',
      'red',
      { contactId: '101', sia: 'QA', gbPriority: 1, gbMethod: 2, cap: 'Extreme', event: undefined },
    ],
    [
      'sos',
      'medical',
      'red',
      { contactId: '100', sia: 'MA', gbPriority: 1, gbMethod: 2, cap: 'Extreme', event: undefined },
    ],
    [
      'sos',
      'duress',
      'red',
      { contactId: '121', sia: 'HA', gbPriority: 1, gbMethod: 2, cap: 'Extreme', event: undefined },
    ],
    [
      'water',
      'guarantee',
      'orange',
      { contactId: '154', sia: 'WA', gbPriority: 2, gbMethod: 7, cap: 'Severe', event: '11A01' },
    ],
    [
      'intrusion',
      'perimeter',
      'orange',
      { contactId: '131', sia: 'BA', gbPriority: 2, gbMethod: 2, cap: 'Severe', event: '14B99' },
    ],
    [
      'device-silent',
      'button',
      'orange',
      { contactId: '381', sia: 'YC', gbPriority: 2, gbMethod: 6, cap: 'Moderate', event: undefined },
    ],
    [
      'device-battery-low',
      undefined,
      'blue',
      { contactId: '384', sia: 'XT', gbPriority: 4, gbMethod: 6, cap: 'Minor', event: undefined },
    ],
    [
      'clock-unsynced',
      undefined,
      'yellow',
      { contactId: '626', sia: 'JD', gbPriority: 3, gbMethod: 6, cap: 'Moderate', event: undefined },
    ],
  ] as const)('the codes of %s (%s) are the ones of the table', (kind, variant, colour, codes) => {
    expect(alarmCodes({ kind, variant, colour })).toEqual(codes)
  })

  test('every step of a case has a limit or words for each colour', () => {
    for (const step of caseSteps)
      for (const colour of colours) expect(stepLimits[step][colour].text.en.length).toBeGreaterThan(0)
    expect(stepLimits.accept.red).toEqual({ limitMs: 60_000, text: { zh: '1 分钟', en: '1 min' } })
  })
})

describe('the page', () => {
  const pages = [
    ['../../docs/alarm-kinds.md', 'en'],
    ['../../docs/alarm-kinds.zh.md', 'zh'],
  ] as const

  test.each(pages)('%s is what the data says (write it anew with GENGFU_WRITE_DOCS=1)', (file, language) => {
    const url = new URL(file, import.meta.url)
    if (process.env['GENGFU_WRITE_DOCS'] === '1') writeFileSync(url, alarmKindsPage(language))
    expect(readFileSync(url, 'utf8')).toBe(alarmKindsPage(language))
  })

  test('the page names every kind', () => {
    for (const kind of alarmKinds) expect(alarmKindsPage('en')).toContain(`\`${kind}\``)
  })
})
