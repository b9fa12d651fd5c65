// Are the ledgers complete in both languages, safe for a spreadsheet, and marked when rows are left out?
import { expect, it } from 'vitest'
import {
  alarmLedger,
  caseLedger,
  dailyLedger,
  ledgerCsv,
  ledgerPage,
  timeText,
} from '../../../../centre/figures/ledger.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DailyEntry } from '../../../../protocols/desk/daily.ts'
import type { DeskAlarm } from '../../../../protocols/desk/desk-alarm.ts'

const alarm = {
  id: 'box-1.a',
  village: 'v',
  boxName: '=cmd()',
  device: 'd',
  kind: 'sos',
  colour: 'red',
  state: 'unacknowledged',
  occurrences: 2,
  raised: { atMs: 0 },
  receivedAtMs: 1000,
} as unknown as DeskAlarm

it('shows times as China has them, and an absent one as nothing', () => {
  expect(timeText(Date.UTC(2026, 0, 1, 20))).toBe('2026-01-02 04:00:00')
  expect(timeText(undefined)).toBe('')
})

it('has one cell for each head, in both languages', () => {
  const item = {
    id: 'case-1',
    village: 'v',
    title: { zh: '呼救', en: 'call' },
    colour: 'red',
    state: 'open',
    openedAtMs: 0,
    dispatches: [{ to: ['li', 'wang'] }, { to: ['zhao'] }],
    isDrill: true,
  } as unknown as Case
  const daily = { day: '2026-01-01', village: 'v', box: 'b' } as unknown as DailyEntry
  for (const language of ['zh', 'en'] as const)
    for (const ledger of [
      alarmLedger([alarm], false, language),
      caseLedger([item], false, language),
      dailyLedger([daily], false, language),
    ])
      expect(ledger.rows[0]).toHaveLength(ledger.head.length)
  expect(caseLedger([item], false, 'en').rows[0]).toContain('li wang; zhao')
  expect(caseLedger([item], false, 'en').rows[0]?.at(-1)).toBe('yes')
})

it('starts no formula in a spreadsheet and no markup in a page, and says when rows are left out', () => {
  const ledger = alarmLedger([{ ...alarm, village: '<b>v</b>' }], true, 'en')
  expect(ledgerCsv(ledger)).toContain(",'=cmd(),")
  const page = ledgerPage(ledger, 'January', 'en')
  expect(page).not.toContain('<b>')
  expect(page).toContain('too many rows')
  expect(ledgerPage({ ...ledger, isCut: false }, 'January', 'en')).not.toContain('too many rows')
})
