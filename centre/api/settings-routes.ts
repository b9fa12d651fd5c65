// The rules that the centre runs by: those for cases are changed here, the others in its configuration file.
import { z } from 'zod'
import { roles, type Role } from '../../protocols/desk/api.ts'
import {
  limitMsMax,
  limitMsMin,
  type CaseRules,
  type StoredCaseRules,
} from '../../protocols/desk/leading/case-rules.ts'
import type { SettingsAnswer } from '../../protocols/desk/leading/staff.ts'
import { colours, type Colour } from '../../protocols/domain/colour.ts'
import { caseSteps, type CaseStep } from '../../protocols/domain/step-limits.ts'
import type { CasePolicy, PolicySettings } from '../cases/case-policy.ts'
import type { CentreConfig } from '../config/config.ts'
import { leadingRoles } from './cases/case-answers.ts'
import { ApiProblem } from './problems.ts'
import type { Route } from './route.ts'

/** Those who look after the rules, and those who check that they were followed. */
const readingRoles: readonly Role[] = ['supervisor', 'maintainer', 'auditor', 'admin']

export interface SettingsRouteOptions {
  rules: {
    readonly policy: CasePolicy
    readonly stored: StoredCaseRules
    readonly inForce: PolicySettings
    put(version: number, rules: CaseRules, who: string): Promise<StoredCaseRules | undefined>
  }
  config: Pick<
    CentreConfig,
    'cases' | 'dailyReport' | 'retention' | 'pictures' | 'attachments' | 'accounts' | 'people' | 'upward'
  >
}

const limits = z.partialRecord(
  z.enum(caseSteps),
  z.partialRecord(z.enum(colours), z.number().int().min(limitMsMin).max(limitMsMax)),
)
const caseRules = z.strictObject({
  limitsMs: limits.optional().describe('ms by step and colour'),
  redAcceptances: z.union([z.literal(1), z.literal(2)]).optional(),
  reopenAt: z.number().min(1).max(100).optional(),
  mustReport: z.array(z.enum(colours)).max(4).optional(),
})
const rulesBody = z.strictObject({
  version: z.number().int().min(0).describe('the version that was read: another one in between is refused'),
  rules: caseRules,
})
const storedRules = z.object({
  version: z.number(),
  rules: caseRules,
  who: z.string().optional(),
  atMs: z.number().optional(),
})

const days = z.number()
const settingsAnswer = z.object({
  limitsMs: z.record(z.enum(caseSteps), z.partialRecord(z.enum(colours), z.number())),
  changed: z.array(z.string()),
  redAcceptances: z.number(),
  reopenAt: z.number(),
  mustReport: z.array(z.enum(colours)),
  night: z.array(
    z.object({
      to: z.string(),
      from: z.string(),
      until: z.string(),
      weekdays: z.array(z.number()).optional(),
    }),
  ),
  daily: z.object({ due: z.string(), mustSign: z.boolean() }),
  retentionDays: z.object({ routine: days, alarms: days, pictures: days, attachments: days }),
  secondFactorRoles: z.array(z.enum(roles)),
  hasDirectory: z.boolean(),
  upward: z.string().optional(),
  timeZone: z.string(),
  linkHours: z.number(),
  desk: storedRules.describe('what was set at the desk'),
})
function limitsOf(policy: Pick<CasePolicy, 'limitMs'>): SettingsAnswer['limitsMs'] {
  const ofStep = (step: CaseStep): Partial<Record<Colour, number>> =>
    Object.fromEntries(
      colours.flatMap((colour) => {
        const limitMs = policy.limitMs(step, colour)
        return limitMs === undefined ? [] : [[colour, limitMs]]
      }),
    )
  return Object.fromEntries(caseSteps.map((step) => [step, ofStep(step)])) as SettingsAnswer['limitsMs']
}

function settingsOf({ config, rules }: SettingsRouteOptions): SettingsAnswer {
  const { policy, stored, inForce } = rules
  const { cases, dailyReport, retention, pictures, attachments, accounts, people, upward } = config
  const changed = Object.entries(cases.limitsMs).flatMap(([step, byColour]) =>
    Object.keys(byColour).map((colour) => `${step}.${colour}`),
  )
  return {
    limitsMs: limitsOf(policy),
    changed,
    redAcceptances: inForce.redAcceptances ?? 1,
    reopenAt: policy.reopenAt,
    mustReport: [...(inForce.mustReport ?? [])],
    night: cases.night.map(({ weekdays, ...entry }) => ({
      ...entry,
      ...(weekdays ? { weekdays: [...weekdays] } : {}),
    })),
    daily: { due: dailyReport.due, mustSign: dailyReport.mustSign },
    retentionDays: {
      routine: retention.routineDays,
      alarms: retention.alarmDays,
      pictures: pictures.termDays,
      attachments: attachments.termDays,
    },
    secondFactorRoles: [...accounts.secondFactorRoles],
    hasDirectory: accounts.oidc !== undefined,
    ...(upward ? { upward: upward.to } : {}),
    timeZone: people.timeZone,
    linkHours: people.linkHours,
    desk: stored,
  }
}

export function createSettingsRoutes(options: SettingsRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/settings',
      scope: 'none',
      summary: {
        zh: '中心的规则',
        en: 'The rules of the centre as they apply now',
      },
      access: readingRoles,
      answer: settingsAnswer,
      problems: [],
      run: async () => ({ json: settingsOf(options) }),
    },
    {
      method: 'POST',
      path: '/api/v1/settings/case-rules',
      summary: {
        zh: '设定案件规则，立即生效；旧版本保留',
        en: 'Set the rules for cases, in force at once; every version is kept',
      },
      access: leadingRoles,
      body: rulesBody,
      answer: settingsAnswer,
      problems: ['bad-request', 'other-version'],
      run: async ({ account, body }) => {
        const { version, rules } = body as z.infer<typeof rulesBody>
        if (!account) throw new ApiProblem('unauthenticated')
        const stored = await options.rules.put(version, rules as CaseRules, account.user)
        if (!stored) throw new ApiProblem('other-version')
        return { json: settingsOf(options) }
      },
    },
  ]
}
