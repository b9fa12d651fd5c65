// How long each step of answering an alarm may take, by colour: amber lamp at 75 %, red at 100 %, supervisor at 150 %.
import type { BilingualText } from './alarm.ts'
import type { Colour } from './colour.ts'

export const caseSteps = [
  'accept',
  'report',
  'dispatch',
  'feedback',
  'progress',
  'verify',
  'archive',
] as const
export type CaseStep = (typeof caseSteps)[number]

export interface StepLimit {
  /** Absent when the limit is no duration. */
  limitMs?: number
  text: BilingualText
}

export const lampAmberAt = 0.75
export const lampRedAt = 1
export const supervisorAt = 1.5

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const units: [ms: number, zh: string, en: string][] = [
  [day, '天', 'd'],
  [hour, '小时', 'h'],
  [minute, '分钟', 'min'],
  [second, '秒', 's'],
]

function within(limitMs: number): StepLimit {
  const [ms, zh, en] = units.find(([unit]) => limitMs % unit === 0 && limitMs >= unit) ?? [1, '毫秒', 'ms']
  return { limitMs, text: { zh: `${limitMs / ms} ${zh}`, en: `${limitMs / ms} ${en}` } }
}
const words = (zh: string, en: string): StepLimit => ({ text: { zh, en } })

export const stepLimits: Readonly<Record<CaseStep, Readonly<Record<Colour, StepLimit>>>> = {
  accept: {
    red: within(60 * second),
    orange: within(180 * second),
    yellow: within(15 * minute),
    blue: within(8 * hour),
  },
  report: {
    red: within(3 * minute),
    orange: within(10 * minute),
    yellow: within(hour),
    blue: words('每日清单', 'daily list'),
  },
  dispatch: {
    red: within(3 * minute),
    orange: within(10 * minute),
    yellow: within(2 * hour),
    blue: words('一个工作日', '1 working day'),
  },
  feedback: {
    red: within(10 * minute),
    orange: within(hour),
    yellow: within(day),
    blue: within(7 * day),
  },
  progress: {
    red: within(30 * minute),
    orange: within(2 * hour),
    yellow: within(day),
    blue: words('不要求', 'none'),
  },
  verify: {
    red: within(day),
    orange: within(2 * day),
    yellow: within(3 * day),
    blue: words('抽查 10 %', 'a sample of 10 %'),
  },
  archive: {
    red: within(3 * day),
    orange: within(5 * day),
    yellow: within(7 * day),
    blue: words('恢复即归档', 'on restore'),
  },
}

export interface AnswerTarget {
  withinMs: number
  /** Of the cases, 0 to 1. */
  share: number
}

/** How quickly cases of a month shall be accepted: EN 50518 asks this of alarm receiving centres. */
export const answerTargets: Readonly<Partial<Record<Colour, readonly AnswerTarget[]>>> = {
  red: [
    { withinMs: 30 * second, share: 0.8 },
    { withinMs: 60 * second, share: 0.985 },
  ],
  orange: [
    { withinMs: 90 * second, share: 0.8 },
    { withinMs: 180 * second, share: 0.985 },
  ],
}
