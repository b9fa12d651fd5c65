// The rules that the centre runs by, as its configuration says: read here, changed there. And the users, who are made on the command line.
import { z } from 'zod'
import { roles, type Role } from '../../protocols/desk/api.ts'
import type { UsersAnswer } from '../../protocols/desk/accounts.ts'
import type { SettingsAnswer } from '../../protocols/desk/leading/staff.ts'
import { colours, type Colour } from '../../protocols/domain/colour.ts'
import { caseSteps, type CaseStep } from '../../protocols/domain/step-limits.ts'
import type { CasePolicy } from '../cases/case-policy.ts'
import type { CentreConfig } from '../config/config.ts'
import type { Storage } from '../storage/port.ts'
import type { Route } from './route.ts'

/** Those who look after the rules, and those who check that they were followed. */
const readingRoles: readonly Role[] = ['supervisor', 'maintainer', 'auditor', 'admin']

export interface SettingsRouteOptions {
  storage: Pick<Storage, 'users'>
  config: Pick<
    CentreConfig,
    'cases' | 'dailyReport' | 'retention' | 'pictures' | 'attachments' | 'accounts' | 'people' | 'upward'
  >
  policy: Pick<CasePolicy, 'limitMs'>
}

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
})
const usersAnswer = z.object({
  users: z.array(
    z.object({
      user: z.string(),
      role: z.enum(roles),
      scope: z.array(z.string()).optional(),
      isDisabled: z.boolean(),
      hasSecondFactor: z.boolean(),
      createdAtMs: z.number().describe('ms since 1970'),
    }),
  ),
})

function limitsOf(policy: SettingsRouteOptions['policy']): SettingsAnswer['limitsMs'] {
  const ofStep = (step: CaseStep): Partial<Record<Colour, number>> =>
    Object.fromEntries(
      colours.flatMap((colour) => {
        const limitMs = policy.limitMs(step, colour)
        return limitMs === undefined ? [] : [[colour, limitMs]]
      }),
    )
  return Object.fromEntries(caseSteps.map((step) => [step, ofStep(step)])) as SettingsAnswer['limitsMs']
}

function settingsOf({ config, policy }: SettingsRouteOptions): SettingsAnswer {
  const { cases, dailyReport, retention, pictures, attachments, accounts, people, upward } = config
  const changed = Object.entries(cases.limitsMs).flatMap(([step, byColour]) =>
    Object.keys(byColour).map((colour) => `${step}.${colour}`),
  )
  return {
    limitsMs: limitsOf(policy),
    changed,
    redAcceptances: cases.redAcceptances,
    reopenAt: cases.reopenAt,
    mustReport: [...cases.mustReport],
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
  }
}

export function createSettingsRoutes(options: SettingsRouteOptions): Route[] {
  const settings = settingsOf(options)
  return [
    {
      method: 'GET',
      path: '/api/v1/settings',
      scope: 'none',
      summary: {
        zh: '中心的规则（在配置文件中修改）',
        en: 'The rules of the centre, changed in its configuration',
      },
      access: readingRoles,
      answer: settingsAnswer,
      problems: [],
      run: async () => ({ json: settings }),
    },
    {
      method: 'GET',
      path: '/api/v1/users',
      summary: { zh: '用户', en: 'The users, without their passwords' },
      access: ['admin'],
      answer: usersAnswer,
      problems: [],
      run: async () => ({ json: { users: await options.storage.users() } satisfies UsersAnswer }),
    },
  ]
}
