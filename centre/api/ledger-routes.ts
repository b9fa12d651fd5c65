// The route of the ledgers: alarms, cases and daily reports as a page that prints, or as CSV.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { overseeingRoles } from '../../protocols/desk/api.ts'
import { dayAt } from '../../protocols/uplink/daily-report.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import {
  alarmLedger,
  caseLedger,
  dailyLedger,
  ledgerCsv,
  ledgerKinds,
  ledgerPage,
  timeText,
  type Ledger,
} from '../figures/ledger.ts'
import { reportStyle } from '../figures/report-page.ts'
import type { Storage } from '../storage/port.ts'
import { ledgerRowsMax, type SearchCriteria } from '../storage/search-port.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'

const dayMs = 86_400_000
const spanMsMax = 400 * dayMs
const utcOffsetMin = 8 * 60
const ms = z.coerce.number().int().min(0).max(8_640_000_000_000_000)
const ledgerQuery = z.strictObject({
  kind: z.enum(ledgerKinds).default('alarms'),
  from: ms.optional().describe('ms since 1970; 30 days before `to` when left out'),
  to: ms.optional().describe('ms since 1970; now when left out'),
  village: z.string().max(48).optional().describe('a village, or the code of a town or county'),
  lang: z.enum(['zh', 'en']).default('zh'),
  as: z.enum(['html', 'csv']).default('html'),
})

const styleHash = createHash('sha256').update(reportStyle).digest('base64')

export interface LedgerRouteOptions {
  storage: Pick<Storage, 'ledgerRows' | 'dailyReports'>
  clock: Clock
}

export function createLedgerRoutes({ storage, clock }: LedgerRouteOptions): Route[] {
  async function ledgerOf(
    kind: Ledger['kind'],
    find: SearchCriteria & { fromMs: number; toMs: number },
    lang: 'zh' | 'en',
  ): Promise<Ledger> {
    if (kind === 'daily') {
      const { village, scope, fromMs, toMs } = find
      const days = { from: dayAt(fromMs, utcOffsetMin), to: dayAt(toMs - 1, utcOffsetMin) }
      const limit = ledgerRowsMax + 1
      const all = await storage.dailyReports({ ...days, scope, limit })
      const reports = all
        .slice(0, ledgerRowsMax)
        .filter((one) => village === undefined || one.village === village)
      return dailyLedger(reports, all.length > ledgerRowsMax, lang)
    }
    const { alarms, cases, isCut } = await storage.ledgerRows(kind, find)
    return kind === 'alarms' ? alarmLedger(alarms, isCut, lang) : caseLedger(cases, isCut, lang)
  }
  return [
    {
      method: 'GET',
      path: '/api/v1/ledgers',
      scope: 'filtered',
      summary: {
        zh: '台账：告警、案件、零报告（可打印页面或 CSV）',
        en: 'Ledgers of alarms, cases and daily reports, as a page that prints or as CSV',
      },
      access: overseeingRoles,
      query: ledgerQuery,
      answer: 'page',
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const { kind, from, to = clock.wallMs(), village, lang, as } = query as z.infer<typeof ledgerQuery>
        const fromMs = from ?? to - 30 * dayMs
        if (to <= fromMs || to - fromMs > spanMsMax)
          throw new ApiProblem('bad-request', 'from, to: at most 400 days')
        const find = { fromMs, toMs: Math.ceil(to), village, scope: account?.scope }
        const ledger = await ledgerOf(kind, find, lang)
        const span = `${timeText(fromMs)} – ${timeText(to)}`
        if (as === 'csv')
          return {
            page: ledgerCsv(ledger),
            type: 'text/csv',
            name: `gengfu-${kind}-${dayAt(to, utcOffsetMin)}.csv`,
          }
        return { page: ledgerPage(ledger, span, lang), type: 'text/html', styleHash }
      },
    },
  ]
}
