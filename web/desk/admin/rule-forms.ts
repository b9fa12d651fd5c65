// The form of the rules for cases: durations as people write them, and what is sent. Pure.
import type { CaseRules } from '../../../protocols/desk/leading/case-rules.ts'
import { limitMsMax, limitMsMin } from '../../../protocols/desk/leading/case-rules.ts'
import { colours, type Colour } from '../../../protocols/domain/colour.ts'
import { caseSteps, type CaseStep } from '../../../protocols/domain/step-limits.ts'

export type CellKey = `${CaseStep}.${Colour}`

export interface RuleForm {
  /** By step and colour; empty: the file, or the alarm table, applies. */
  cells: Record<string, string>
  redAcceptances: '' | '1' | '2'
  reopenAt: string
  /** Undefined: as the file says. */
  mustReport: Colour[] | undefined
}

const unitMs: Record<string, number> = {
  s: 1000,
  秒: 1000,
  min: 60_000,
  m: 60_000,
  分: 60_000,
  分钟: 60_000,
  h: 3_600_000,
  时: 3_600_000,
  小时: 3_600_000,
  d: 86_400_000,
  天: 86_400_000,
}
const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `90 s`, `15 min`, `1 h 30 min`, `2 天`; undefined when it is none, or out of bounds. */
export function parseDuration(text: string): number | undefined {
  const part = /\s*(\d{1,6})\s*([a-z]+|秒|分钟|分|小时|时|天)\s*/iy
  let ms = 0
  while (part.lastIndex < text.length) {
    const [, count = '', unit = ''] = part.exec(text) ?? []
    const name = unit.toLowerCase()
    const each = Object.prototype.hasOwnProperty.call(unitMs, name) ? unitMs[name] : undefined
    if (each === undefined) return undefined
    ms += Number.parseInt(count, 10) * each
  }
  return ms >= limitMsMin && ms <= limitMsMax ? ms : undefined
}

/** In the same form, exact to the second. */
export function durationText(ms: number): string {
  let rest = ms
  const parts: string[] = []
  for (const [unit, each] of units) {
    const count = Math.floor(rest / each)
    rest -= count * each
    if (count > 0) parts.push(`${count} ${unit}`)
  }
  return parts.join(' ')
}

export function formOf({ limitsMs = {}, redAcceptances, reopenAt, mustReport }: CaseRules): RuleForm {
  const cells: Record<string, string> = {}
  for (const step of caseSteps)
    for (const colour of colours) {
      const ms = limitsMs[step]?.[colour]
      cells[`${step}.${colour}`] = ms === undefined ? '' : durationText(ms)
    }
  return {
    cells,
    redAcceptances: redAcceptances === undefined ? '' : redAcceptances === 2 ? '2' : '1',
    reopenAt: reopenAt === undefined ? '' : String(reopenAt),
    mustReport: mustReport ? [...mustReport] : undefined,
  }
}

/** The rules to send, or the cell that is no duration. */
export function rulesOf(form: RuleForm): { rules: CaseRules } | { wrong: string } {
  const limitsMs: NonNullable<CaseRules['limitsMs']> = {}
  for (const step of caseSteps)
    for (const colour of colours) {
      const text = (form.cells[`${step}.${colour}`] ?? '').trim()
      if (text === '') continue
      const ms = parseDuration(text)
      if (ms === undefined) return { wrong: text }
      limitsMs[step] = { ...limitsMs[step], [colour]: ms }
    }
  const share = form.reopenAt.trim() === '' ? undefined : Number(form.reopenAt)
  if (share !== undefined && !(share >= 1 && share <= 100)) return { wrong: form.reopenAt }
  return {
    rules: {
      ...(Object.keys(limitsMs).length > 0 ? { limitsMs } : {}),
      ...(form.redAcceptances === '' ? {} : { redAcceptances: form.redAcceptances === '2' ? 2 : 1 }),
      ...(share === undefined ? {} : { reopenAt: share }),
      ...(form.mustReport === undefined ? {} : { mustReport: form.mustReport }),
    },
  }
}
