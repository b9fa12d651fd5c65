// The sentences about reports and ledgers, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const reportWords = {
  title: { zh: '报表与台账', en: 'Reports and ledgers' },
  hint: {
    zh: '在新页打开，可打印；CSV 可用表格软件打开。',
    en: 'Opens as a page that prints; CSV opens in a spreadsheet.',
  },
  month: { zh: '月份', en: 'Month' },
  monthly: { zh: '月度报告', en: 'Monthly report' },
  from: { zh: '从', en: 'From' },
  to: { zh: '到（含）', en: 'To (that day too)' },
  village: { zh: '村或镇编号（空为全部）', en: 'Village or town (empty: all)' },
  alarms: { zh: '告警台账', en: 'Ledger of alarms' },
  cases: { zh: '案件台账', en: 'Ledger of cases' },
  daily: { zh: '零报告台账', en: 'Ledger of daily reports' },
} as const satisfies Record<string, BilingualText>
