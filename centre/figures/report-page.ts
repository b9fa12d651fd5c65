// The monthly report as a printable page, and the same figures as a table for a spreadsheet. Pure.
import { stepWords } from '../../protocols/desk/case-words.ts'
import { colours, colourSigns, type Colour } from '../../protocols/domain/colour.ts'
import {
  measuredSteps,
  type CaseFigures,
  type Figures,
  type MeasuredStep,
} from '../../protocols/desk/figures.ts'

export type Language = 'zh' | 'en'

const words = {
  title: { zh: '月度报告', en: 'Monthly report' },
  place: { zh: '村', en: 'Village' },
  town: { zh: '全镇', en: 'Town' },
  colour: { zh: '颜色', en: 'Colour' },
  step: { zh: '步骤', en: 'Step' },
  done: { zh: '完成', en: 'Done' },
  inTime: { zh: '按时', en: 'In time' },
  overdue: { zh: '逾期未办', en: 'Overdue' },
  share: { zh: '按时率', en: 'Share' },
  limit: { zh: '时限', en: 'Limit' },
  targets: { zh: '接警时限达标率（EN 50518）', en: 'Acceptance against EN 50518' },
  within: { zh: '时间', en: 'Within' },
  reached: { zh: '实际', en: 'Reached' },
  wanted: { zh: '要求', en: 'Asked for' },
  isMet: { zh: '达标', en: 'Met' },
  yes: { zh: '是', en: 'yes' },
  no: { zh: '否', en: 'NO' },
  median: { zh: '中位数', en: 'Median' },
  p95: { zh: '95 %', en: '95 %' },
  cases: { zh: '案件', en: 'Cases' },
  tenMinutes: { zh: '十分钟到场反馈', en: 'Feedback within ten minutes' },
  falseAlarms: { zh: '误报', en: 'False alarms' },
  reopened: { zh: '重新打开', en: 'Reopened' },
  supervisor: { zh: '惊动主管', en: 'Supervisor called' },
  worst: { zh: '报警最多的十台设备', en: 'The ten devices with the most alarms' },
  box: { zh: '网关', en: 'Box' },
  device: { zh: '设备', en: 'Device' },
  kind: { zh: '种类', en: 'Kind' },
  alarms: { zh: '报警', en: 'Alarms' },
  occurrences: { zh: '次数', en: 'Occurrences' },
  places: { zh: '报警最多的地点', en: 'Places with the most alarms' },
  zone: { zh: '地点', en: 'Place' },
  availability: { zh: '网关在线率', en: 'Boxes: share of the time heard' },
  floods: {
    zh: '报警洪流（十分钟内一村超过 10 条）',
    en: 'Floods (more than 10 in ten minutes in a village)',
  },
  standing: { zh: '持续一天以上', en: 'Active for more than a day' },
  chattering: { zh: '反复报警', en: 'Chattering' },
  drills: { zh: '演练（不计入）', en: 'Drills (not counted)' },
  cut: { zh: '数据过多，最早的未计入', en: 'There was too much: the oldest are not counted' },
} as const

/** Names come from villages and devices: no part of them is markup. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Text that a spreadsheet would take for a formula gets an apostrophe (OWASP: CSV injection). */
export function csvCell(value: string | number): string {
  const text = typeof value === 'number' ? value.toString() : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const percent = (part: number, of: number): string => (of === 0 ? '' : `${((part / of) * 100).toFixed(1)} %`)

/** `48 s`, `3.5 min`, `2.0 h`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return ''
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  return ms < 7_200_000 ? `${(ms / 60_000).toFixed(1)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}

interface StepRow {
  place: string
  colour: Colour
  step: MeasuredStep
  done: number
  inTime: number | undefined
  overdue: number
  limitMs: number | undefined
  medianMs: number | undefined
  p95Ms: number | undefined
}

function stepRows(place: string, { byColour }: CaseFigures): StepRow[] {
  return colours.flatMap((colour) =>
    measuredSteps.flatMap((step) => {
      const found = byColour[colour]?.steps[step]
      if (!found) return []
      const { done, inTime, overdue = 0, limitMs, medianMs, p95Ms } = found
      return [{ place, colour, step, done, inTime, overdue, limitMs, medianMs, p95Ms }]
    }),
  )
}

const placesOf = ({ town, villages }: Figures, townName: string): [string, CaseFigures][] => [
  [townName, town],
  ...Object.entries(villages),
]

/** One line per place, colour and step; UTF-8 with a byte order mark, so that a spreadsheet reads Chinese. */
export function figuresCsv(figures: Figures, language: Language): string {
  const wordOf = (key: keyof typeof words): string => words[key][language]
  const head = [
    wordOf('place'),
    wordOf('colour'),
    wordOf('step'),
    wordOf('done'),
    wordOf('inTime'),
    'limitSeconds',
    'medianSeconds',
    'p95Seconds',
    wordOf('overdue'),
  ]
  const seconds = (ms: number | undefined): string | number => (ms === undefined ? '' : Math.round(ms / 1000))
  const rows = placesOf(figures, wordOf('town')).flatMap(([place, some]) =>
    stepRows(place, some).map((row) => [
      place,
      colourSigns[row.colour][language],
      stepWords[row.step][language],
      row.done,
      row.inTime ?? '',
      seconds(row.limitMs),
      seconds(row.medianMs),
      seconds(row.p95Ms),
      row.overdue,
    ]),
  )
  return `\uFEFF${[head, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`
}

export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = (row: readonly (string | number)[], tag: string): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell.toString())}</${tag}>`).join('')
  const body = rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n')
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${cells(head, 'th')}</tr></thead><tbody>\n${body}</tbody></table>\n`
}

/** The only style of the page; its hash is in the answer's Content-Security-Policy. */
export const reportStyle = `body{font:11pt/1.5 system-ui,"Noto Sans CJK SC",sans-serif;color:#111;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1.2rem 0;break-inside:auto}caption{text-align:start;font-weight:600;padding:.3rem 0}
th,td{border-bottom:1px solid #999;padding:.2rem .5rem;text-align:start;font-variant-numeric:tabular-nums}thead{display:table-header-group}tr{break-inside:avoid}
@media print{body{margin:0;max-width:none}@page{size:A4;margin:16mm}}`

type WordOf = (key: keyof typeof words) => string

function targetTable(figures: Figures, language: Language, wordOf: WordOf): string {
  const heads = ['place', 'colour', 'within', 'wanted', 'reached', 'isMet'] as const
  const rows = placesOf(figures, wordOf('town')).flatMap(([place, { byColour }]) =>
    colours.flatMap((colour) =>
      (byColour[colour]?.steps.accept?.targets ?? []).map(({ withinMs, share, inTime, missed, isMet }) => [
        place,
        `${colourSigns[colour].symbol} ${colourSigns[colour][language]}`,
        duration(withinMs),
        percent(share, 1),
        `${inTime} / ${inTime + missed} ${percent(inTime, inTime + missed)}`,
        wordOf(isMet ? 'yes' : 'no'),
      ]),
    ),
  )
  return table(wordOf('targets'), heads.map(wordOf), rows)
}

function caseTables(figures: Figures, language: Language, wordOf: WordOf): string[] {
  const { town, drills } = figures
  return [
    table(
      '',
      [
        wordOf('cases'),
        wordOf('tenMinutes'),
        wordOf('falseAlarms'),
        wordOf('reopened'),
        wordOf('supervisor'),
        wordOf('drills'),
      ],
      [
        [
          town.cases,
          `${town.tenMinutes.inTime} / ${town.tenMinutes.cases} ${percent(town.tenMinutes.inTime, town.tenMinutes.cases)}`,
          `${town.falseAlarms.false} / ${town.falseAlarms.known} ${percent(town.falseAlarms.false, town.falseAlarms.known)}`,
          town.reopened,
          town.supervisorCalls,
          drills,
        ],
      ],
    ),
    targetTable(figures, language, wordOf),
    table(
      wordOf('step'),
      [
        wordOf('place'),
        wordOf('colour'),
        wordOf('step'),
        wordOf('done'),
        wordOf('inTime'),
        wordOf('overdue'),
        wordOf('share'),
        wordOf('limit'),
        wordOf('median'),
        wordOf('p95'),
      ],
      placesOf(figures, wordOf('town')).flatMap(([place, some]) =>
        stepRows(place, some).map((row) => [
          place,
          `${colourSigns[row.colour].symbol} ${colourSigns[row.colour][language]}`,
          stepWords[row.step][language],
          row.done,
          row.inTime ?? '',
          row.overdue,
          row.inTime === undefined ? '' : percent(row.inTime, row.done + row.overdue),
          duration(row.limitMs),
          duration(row.medianMs),
          duration(row.p95Ms),
        ]),
      ),
    ),
  ]
}

function alarmTables({ alarms, availability }: Figures, wordOf: WordOf): string[] {
  return [
    table(
      wordOf('worst'),
      [wordOf('box'), wordOf('device'), wordOf('kind'), wordOf('alarms'), wordOf('occurrences')],
      alarms.worstDevices.map(({ box, device, kind, alarms: count, occurrences }) => [
        box,
        device,
        kind,
        count,
        occurrences,
      ]),
    ),
    table(
      wordOf('places'),
      [wordOf('place'), wordOf('zone'), wordOf('alarms')],
      alarms.places.map(({ village, zone, alarms: count }) => [village, zone, count]),
    ),
    table(
      '',
      [wordOf('alarms'), wordOf('chattering'), wordOf('standing'), wordOf('floods')],
      [
        [
          alarms.alarms,
          alarms.chattering,
          alarms.standing,
          `${alarms.floods.windows} (${alarms.floods.largest})`,
        ],
      ],
    ),
    table(
      wordOf('availability'),
      [wordOf('box'), wordOf('share')],
      Object.entries(availability)
        .sort(([, a], [, b]) => a - b)
        .map(([box, share]) => [box, `${(share * 100).toFixed(2)} %`]),
    ),
  ]
}

export function reportPage(figures: Figures, month: string, language: Language): string {
  const wordOf: WordOf = (key) => words[key][language]
  const parts = [...caseTables(figures, language, wordOf), ...alarmTables(figures, wordOf)]
  const title = `${wordOf('title')} ${month}`
  const note = figures.isCut ? `<p><strong>${escapeHtml(wordOf('cut'))}</strong></p>` : ''
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>更夫 Gengfu · ${escapeHtml(title)}</title><style>${reportStyle}</style></head>
<body><h1>${escapeHtml(title)}</h1>${note}
${parts.join('')}</body></html>
`
}
