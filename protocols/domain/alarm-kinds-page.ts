// The handbook's page of all kinds of alarm, generated from the table, so that the page agrees with the programs.
import type { AlarmKind } from './alarm.ts'
import { alarmCodes, alarmTable, type AlarmRow } from './alarm-table.ts'
import { colourSigns, colours, type Colour } from './colour.ts'
import { caseSteps, stepLimits, type CaseStep } from './step-limits.ts'

export type PageLanguage = 'zh' | 'en'

const words = {
  title: { zh: '报警种类', en: 'Kinds of alarm' },
  intro: {
    zh: '本页由 `protocols/domain/alarm-table.ts` 生成，请勿手改。颜色是优先级；村和防区可以改颜色（红色不能改低），防区级别 daily 低一级、key 和 strict 高一级。代码“参照”Contact ID、SIA DC-03、GB/T 28181 和 CAP 设计，未经认证；Contact ID 前缀 1 为新发、3 为恢复；有的接收机不识别 154、383、384，可改用 SIA。',
    en: 'Made from `protocols/domain/alarm-table.ts`; do not edit. Colour is priority; village and zone may overrule it (never lower red), and a zone’s grade moves it: daily one down, key and strict one up. The codes are designed after Contact ID, SIA DC-03, GB/T 28181 and CAP and certified to none; the Contact ID qualifier is 1 for new and 3 for restore; some receivers do not map 154, 383 and 384, use SIA there.',
  },
  head: {
    zh: ['种类', '颜色', 'Contact ID', 'SIA', 'GB 级别/方式', 'CAP', '条件与限值', '结束', '处置'],
    en: ['Kind', 'Colour', 'Contact ID', 'SIA', 'GB priority/method', 'CAP', 'When', 'Ends', 'What to do'],
  },
  reading: { zh: '读数恢复', en: 'by reading' },
  answer: { zh: '人工关闭', en: 'by people' },
  graded: { zh: '随防区级别', en: 'moves with the grade' },
  steps: { zh: '处置时限', en: 'Time limits per step' },
  stepsIntro: {
    zh: '到 75 % 亮黄灯，100 % 亮红灯，150 % 通知值班长；均可配置。',
    en: 'The lamp is amber at 75 %, red at 100 %; the supervisor is called at 150 %. All configurable.',
  },
  step: { zh: '步骤', en: 'Step' },
} as const

const stepNames: Record<CaseStep, Record<PageLanguage, string>> = {
  accept: { zh: '接警', en: 'accept' },
  report: { zh: '上报', en: 'report upward' },
  dispatch: { zh: '派遣', en: 'dispatch' },
  feedback: { zh: '现场反馈', en: 'feedback from the scene' },
  progress: { zh: '处置中进展', en: 'progress while open' },
  verify: { zh: '核查（第二人）', en: 'verify (a second person)' },
  archive: { zh: '归档', en: 'archive' },
}

const colourWords = (colour: Colour, language: PageLanguage): string =>
  `${colourSigns[colour].symbol} ${colourSigns[colour][language]}`

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function codeCells(kind: AlarmKind, variant: string | undefined, colour: Colour): string[] {
  const codes = alarmCodes({ kind, variant, colour })
  return [codes.contactId, codes.sia, `${codes.gbPriority}/${codes.gbMethod}`, codes.cap]
}

function rowsOf(kind: AlarmKind, row: AlarmRow, language: PageLanguage): string[] {
  const graded = row.isGraded ? ` (${words.graded[language]})` : ''
  const lines = [
    line([
      `**${row.name[language]}** \`${kind}\``,
      colourWords(row.colour, language) + graded,
      ...codeCells(kind, undefined, row.colour),
      row.limits[language],
      words[row.endsBy][language],
      row.guidance[language],
    ]),
  ]
  for (const [id, variant] of Object.entries(row.variants ?? {})) {
    const colour = variant.colour ?? row.colour
    lines.push(
      line([
        `· ${variant.name[language]} \`${id}\``,
        colourWords(colour, language),
        ...codeCells(kind, id, colour),
        '',
        '',
        '',
      ]),
    )
  }
  return lines
}

/** The whole page as Markdown. */
export function alarmKindsPage(language: PageLanguage): string {
  const head = words.head[language]
  const kinds = Object.entries(alarmTable) as [AlarmKind, AlarmRow][]
  return [
    `# ${words.title[language]}`,
    '',
    words.intro[language],
    '',
    line(head),
    line(head.map(() => '---')),
    ...kinds.flatMap(([kind, row]) => rowsOf(kind, row, language)),
    '',
    `## ${words.steps[language]}`,
    '',
    words.stepsIntro[language],
    '',
    line([words.step[language], ...colours.map((colour) => colourWords(colour, language))]),
    line(['---', ...colours.map(() => '---')]),
    ...caseSteps.map((step) =>
      line([stepNames[step][language], ...colours.map((colour) => stepLimits[step][colour].text[language])]),
    ),
    '',
  ].join('\n')
}
