// Daily reports: which day's is due, who has not filed, and the routes that list and sign them.
import { z } from 'zod'
import { answeringRoles, roles, type VillagesAnswer } from '../../../protocols/desk/api.ts'
import type { DailyAnswer, DailyEntry, DailyMark } from '../../../protocols/desk/daily.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { dayAt, dayPattern, minuteOfDayAt } from '../../../protocols/uplink/daily-report.ts'
import { villageOf } from '../../../protocols/domain/names.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'

/** China has one time zone, and days are counted in it. */
const utcOffsetMin = 8 * 60
const dayMs = 86_400_000
/** More boxes than a county has. */
const reportsMax = 50_000

export interface DailySettings {
  /** `21:00`. */
  due: string
  mustSign: boolean
}

export interface DailyOptions {
  storage: Pick<Storage, 'dailyReports' | 'signDaily'>
  clock: Pick<Clock, 'wallMs'>
  settings: DailySettings
  /** Boxes that are known. */
  boxes: () => readonly string[]
}

/** The last day whose report should be there. */
export function dueDay(nowMs: number, due: string): string {
  const [hours = 0, minutes = 0] = due.split(':').map((part) => Number.parseInt(part, 10))
  const isDue = minuteOfDayAt(nowMs, utcOffsetMin) >= hours * 60 + minutes
  return dayAt(isDue ? nowMs : nowMs - dayMs, utcOffsetMin)
}

/** A village has filed when one of its boxes has, or a person by hand. */
export function dailyMarks(reports: readonly DailyEntry[], day: string, mustSign: boolean) {
  const filed = new Set(reports.map(({ village }) => village))
  const signed = new Set(
    reports.filter(({ signedBy }) => signedBy !== undefined).map(({ village }) => village),
  )
  return (village: string): DailyMark => ({
    day,
    isFiled: filed.has(village),
    ...(mustSign ? { isSigned: signed.has(village) } : {}),
  })
}

export function createDailyMark({ storage, clock, settings }: DailyOptions) {
  return async (answer: VillagesAnswer): Promise<VillagesAnswer> => {
    const day = dueDay(clock.wallMs(), settings.due)
    const reports = await storage.dailyReports({ from: day, to: day, limit: reportsMax })
    const markOf = dailyMarks(reports, day, settings.mustSign)
    return { ...answer, villages: answer.villages.map((one) => ({ ...one, daily: markOf(one.id) })) }
  }
}

const count = z.number().int().min(0)
const ms = z.number().describe('ms since 1970')
const daySchema = z.string().regex(dayPattern)
const dailyQuery = z.strictObject({
  day: daySchema.optional().describe('2026-11-30; the last one that is due when left out'),
})
const signBody = z
  .strictObject({ day: daySchema.optional(), text: z.string().max(2000).default('') })
  .prefault({})
export const dailyEntry = z.object({
  box: z.string(),
  village: z.string(),
  day: z.string(),
  filedAtMs: ms.optional(),
  devices: z.object({ known: count, present: count }).optional(),
  openAlarms: count.optional(),
  signedBy: z.string().optional(),
  signedAtMs: ms.optional(),
  text: z.string().optional(),
})
const dailyAnswer = z.object({
  day: z.string(),
  reports: z.array(dailyEntry),
  missing: z.array(z.string()),
  unsigned: z.array(z.string()),
})

export function createDailyRoutes(options: DailyOptions): Route[] {
  const { storage, clock, settings, boxes } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/daily-reports',
      scope: 'filtered',
      summary: {
        zh: '零报告：某日各村是否已报',
        en: 'The daily reports of a day, and the villages without one',
      },
      access: roles,
      query: dailyQuery,
      answer: dailyAnswer,
      problems: ['bad-request'],
      run: async ({ account, query }) => {
        const { day = dueDay(clock.wallMs(), settings.due) } = query as z.infer<typeof dailyQuery>
        const scope = account?.scope
        const reports = await storage.dailyReports({ from: day, to: day, scope, limit: reportsMax })
        const known = new Set(boxes().map(villageOf))
        const markOf = dailyMarks(reports, day, settings.mustSign)
        const villages = [...known].filter((village) => isInScope(scope, village)).sort()
        const json: DailyAnswer = {
          day,
          reports,
          missing: villages.filter((village) => !markOf(village).isFiled),
          unsigned: villages.filter((village) => markOf(village).isSigned === false),
        }
        return { json }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/villages/{boxId}/daily-report',
      summary: {
        zh: '签署零报告；网关未报时即人工补报',
        en: 'Sign the daily report of a box, or file it by hand where the box did not',
      },
      access: answeringRoles,
      body: signBody,
      answer: z.object({ report: dailyEntry }),
      problems: ['bad-request', 'not-found'],
      run: async ({ account, boxId, body }) => {
        if (!boxes().includes(boxId)) throw new ApiProblem('not-found', boxId)
        const { day, text } = body as z.infer<typeof signBody>
        const nowMs = clock.wallMs()
        const of = day ?? dayAt(nowMs, utcOffsetMin)
        return { json: { report: await storage.signDaily(boxId, of, account?.user ?? '', text, nowMs) } }
      },
    },
  ]
}
