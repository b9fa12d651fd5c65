// The routes of figures and proof: the town's response times, the monthly report, and the audit trail for export.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Role } from '../../protocols/desk/api.ts'
import { isInScope, type Scope } from '../../protocols/desk/scope.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import { figuresCsv, reportPage, reportStyle } from '../figures/report-page.ts'
import type { AuditEntry, FigureReaderCalls } from '../storage/figure-port.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'

/** Figures contain devices and places; the trail contains people, and is about the whole town. */
const figureRoles: readonly Role[] = ['supervisor', 'auditor', 'admin']
const dayMs = 86_400_000
const spanMsMax = 400 * dayMs
/** China has one time zone; a month begins and ends in it. */
const utcOffsetMs = 8 * 3_600_000

const ms = z.coerce.number().int().min(0).max(8_640_000_000_000_000)
const village = z.string().max(48).optional()
const figuresQuery = z.strictObject({
  from: ms.optional().describe('ms since 1970; 30 days before `to` when left out'),
  to: ms.optional().describe('ms since 1970; now when left out'),
  village,
})
const reportQuery = z.strictObject({
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/)
    .optional()
    .describe('2026-11; the last full month when left out'),
  lang: z.enum(['zh', 'en']).default('zh'),
  as: z.enum(['html', 'csv']).default('html'),
  village,
})
const auditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  who: z.string().max(80).optional(),
  about: z.string().max(200).optional().describe('an alarm, a case or a box'),
})
const auditAnswer = z.object({
  entries: z.array(
    z.object({
      position: z.number(),
      atMs: z.number().describe('ms since 1970'),
      about: z.string(),
      who: z.string(),
      what: z.string(),
      why: z.string(),
      hash: z.string().describe('over this entry and the one before it about the same'),
      chain: z
        .string()
        .describe('over all entries up to this one; `gengfu centre verify-audit --head` takes it'),
    }),
  ),
  next: z.number(),
  isEnd: z.boolean(),
})
const figuresAnswer = z.object({ fromMs: z.number(), toMs: z.number() }).loose()

export interface FigureRouteOptions {
  storage: {
    [Name in keyof FigureReaderCalls]: (
      ...args: Parameters<FigureReaderCalls[Name]>
    ) => Promise<ReturnType<FigureReaderCalls[Name]>>
  }
  clock: Clock
  boxes: () => readonly string[]
}

const styleHash = createHash('sha256').update(reportStyle).digest('base64')

/** The first and the last moment of a month in China, ms since 1970. */
export function monthSpan(month: string): { fromMs: number; toMs: number } {
  const [year = 0, index = 1] = month.split('-').map((part) => Number.parseInt(part, 10))
  return { fromMs: Date.UTC(year, index - 1, 1) - utcOffsetMs, toMs: Date.UTC(year, index, 1) - utcOffsetMs }
}

/** The month before that of `nowMs`, in China. */
export function lastMonth(nowMs: number): string {
  const now = new Date(nowMs + utcOffsetMs)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)).toISOString().slice(0, 7)
}

const boxesOf = (boxes: readonly string[], of: string | undefined, scope: Scope | undefined): string[] =>
  boxes.filter((box) => isInScope(of === undefined ? scope : [of], box) && isInScope(scope, box))

export function createFigureRoutes({ storage, clock, boxes }: FigureRouteOptions): Route[] {
  async function figuresOf(fromMs: number, toMs: number, of: string | undefined, scope: Scope | undefined) {
    if (toMs <= fromMs || toMs - fromMs > spanMsMax)
      throw new ApiProblem('bad-request', 'from, to: at most 400 days')
    const ofVillage = boxesOf(boxes(), of, scope)
    const span = { fromMs, toMs, village: of, scope }
    return storage.figures({ ...span, nowMs: Math.round(clock.wallMs()), boxes: ofVillage })
  }
  return [
    {
      method: 'GET',
      path: '/api/v1/figures',
      scope: 'filtered',
      summary: {
        zh: '统计：各步骤用时与时限、误报率、报警最多的设备与地点、在线率',
        en: 'Figures: steps against their limits, false alarms, devices and places with the most alarms, availability',
      },
      access: figureRoles,
      query: figuresQuery,
      answer: figuresAnswer,
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const { from, to = clock.wallMs(), village: of } = query as z.infer<typeof figuresQuery>
        return { json: await figuresOf(from ?? to - 30 * dayMs, to, of, account?.scope) }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/figures/report',
      scope: 'filtered',
      summary: { zh: '月度报告（可打印）或 CSV', en: 'The monthly report as a page that prints, or as CSV' },
      access: figureRoles,
      query: reportQuery,
      answer: 'page',
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const {
          month = lastMonth(clock.wallMs()),
          lang,
          as,
          village: of,
        } = query as z.infer<typeof reportQuery>
        const { fromMs, toMs } = monthSpan(month)
        const figures = await figuresOf(fromMs, toMs, of, account?.scope)
        if (as === 'csv')
          return { page: figuresCsv(figures, lang), type: 'text/csv', name: `gengfu-${month}.csv` }
        return { page: reportPage(figures, month, lang), type: 'text/html', styleHash }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/audit',
      summary: {
        zh: '操作记录，按顺序分页，附校验值，可导出',
        en: 'The audit trail in order, in pages, with its seals, for export',
      },
      access: figureRoles,
      query: auditQuery,
      answer: auditAnswer,
      problems: ['bad-request'],
      run: async ({ query }) => {
        const wanted = query as z.infer<typeof auditQuery>
        const entries: AuditEntry[] = await storage.auditEntries(wanted)
        const next = entries.at(-1)?.position ?? wanted.after
        return { json: { entries, next, isEnd: entries.length < wanted.limit } }
      },
    },
  ]
}
