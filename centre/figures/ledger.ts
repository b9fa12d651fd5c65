// The ledgers (台账): alarms, cases and daily reports of a span of time as a table, for a spreadsheet or for paper. Pure.
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Case } from '../../protocols/domain/case.ts'
import { colourSigns } from '../../protocols/domain/colour.ts'
import type { DailyEntry } from '../../protocols/desk/daily.ts'
import type { DeskAlarm } from '../../protocols/desk/desk-alarm.ts'
import { csvCell, escapeHtml, reportStyle, table, type Language } from './report-page.ts'

export const ledgerKinds = ['alarms', 'cases', 'daily'] as const
export type LedgerKind = (typeof ledgerKinds)[number]

export interface Ledger {
  kind: LedgerKind
  head: string[]
  rows: (string | number)[][]
  isCut: boolean
}

const titles: Record<LedgerKind, Record<Language, string>> = {
  alarms: { zh: '告警台账', en: 'Ledger of alarms' },
  cases: { zh: '案件台账', en: 'Ledger of cases' },
  daily: { zh: '零报告台账', en: 'Ledger of daily reports' },
}
const cut = {
  zh: '行数过多，较早的未列出：请缩短时间范围',
  en: 'There are too many rows, the oldest are left out: choose a shorter span',
}

/** In the time of China, so that it sorts: `2026-11-30 21:05:09`. */
export const timeText = (ms: number | undefined): string =>
  ms === undefined ? '' : new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

const yes = (is: boolean | undefined, language: Language): string =>
  is ? (language === 'zh' ? '是' : 'yes') : ''

export function alarmLedger(alarms: readonly DeskAlarm[], isCut: boolean, language: Language): Ledger {
  const head = {
    zh: [
      '告警',
      '村',
      '网关',
      '地点',
      '设备',
      '种类',
      '颜色',
      '状态',
      '次数',
      '发生',
      '到达中心',
      '接警人',
      '接警',
      '演练',
    ],
    en: [
      'Alarm',
      'Village',
      'Box',
      'Place',
      'Device',
      'Kind',
      'Colour',
      'State',
      'Occurrences',
      'Raised',
      'At the centre',
      'Accepted by',
      'Accepted',
      'Drill',
    ],
  }
  const rows = alarms.map((alarm) => [
    alarm.id,
    alarm.village,
    alarm.boxName,
    alarm.place?.zone ?? alarm.zone ?? '',
    alarm.place?.device ?? alarm.device,
    alarmTable[alarm.kind].name[language],
    colourSigns[alarm.colour][language],
    alarm.state,
    alarm.occurrences,
    timeText(alarm.raised.atMs),
    timeText(alarm.receivedAtMs),
    alarm.acceptedBy ?? '',
    timeText(alarm.acceptedAtMs),
    yes(alarm.isDrill, language),
  ])
  return { kind: 'alarms', head: head[language], rows, isCut }
}

export function caseLedger(cases: readonly Case[], isCut: boolean, language: Language): Ledger {
  const head = {
    zh: [
      '案件',
      '村',
      '内容',
      '颜色',
      '状态',
      '建案',
      '处理人',
      '派遣',
      '反馈',
      '结果',
      '核查人',
      '归档人',
      '归档',
      '演练',
    ],
    en: [
      'Case',
      'Village',
      'About',
      'Colour',
      'State',
      'Opened',
      'Held by',
      'Dispatched',
      'Feedback',
      'Outcome',
      'Verified by',
      'Archived by',
      'Archived',
      'Drill',
    ],
  }
  const rows = cases.map((item) => [
    item.id,
    item.village,
    item.title[language],
    colourSigns[item.colour][language],
    item.state,
    timeText(item.openedAtMs),
    item.holder ?? '',
    item.dispatches.map(({ to }) => to.join(' ')).join('; '),
    item.feedback?.text ?? '',
    item.feedback?.outcome ?? '',
    item.verified?.who ?? '',
    item.archived?.who ?? '',
    timeText(item.archived?.atMs),
    yes(item.isDrill, language),
  ])
  return { kind: 'cases', head: head[language], rows, isCut }
}

export function dailyLedger(reports: readonly DailyEntry[], isCut: boolean, language: Language): Ledger {
  const head = {
    zh: ['日期', '村', '网关', '上报', '设备', '听到', '未结告警', '签署人', '签署', '说明'],
    en: ['Day', 'Village', 'Box', 'Filed', 'Devices', 'Heard', 'Open alarms', 'Signed by', 'Signed', 'Text'],
  }
  const rows = reports.map((one) => [
    one.day,
    one.village,
    one.box,
    timeText(one.filedAtMs),
    one.devices?.known ?? '',
    one.devices?.present ?? '',
    one.openAlarms ?? '',
    one.signedBy ?? '',
    timeText(one.signedAtMs),
    one.text ?? '',
  ])
  return { kind: 'daily', head: head[language], rows, isCut }
}

/** UTF-8 with a mark, so that a spreadsheet reads Chinese. */
export const ledgerCsv = ({ head, rows }: Ledger): string =>
  `\uFEFF${[head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`

export function ledgerPage({ kind, head, rows, isCut }: Ledger, span: string, language: Language): string {
  const title = titles[kind][language]
  const note = isCut ? `<p><strong>${escapeHtml(cut[language])}</strong></p>` : ''
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>更夫 Gengfu · ${escapeHtml(title)}</title><style>${reportStyle}</style></head>
<body><h1>${escapeHtml(title)}</h1><p>${escapeHtml(span)} · ${rows.length}</p>${note}
${table('', head, rows)}</body></html>
`
}
