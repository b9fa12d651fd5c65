// The registry: divisions, villages, boxes, zones, devices with their health, and contacts. One page of the answer
// contains up to `limit` villages.
import { z } from 'zod'
import { answeringRoles, roles, type VillagesAnswer } from '../../../protocols/desk/api.ts'
import {
  divisionLevels,
  type RegistryAnswer,
  type RegistryContact,
} from '../../../protocols/desk/villages/registry.ts'
import { rosterRoles } from '../../../protocols/desk/roster.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { alarmKinds } from '../../../protocols/domain/alarm.ts'
import { zoneGrades } from '../../../protocols/domain/colour.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import { isOnDuty } from '../../people/duty.ts'
import type { Storage } from '../../storage/port.ts'
import { divisionsOf, isUnder, registryVillage } from '../../villages/registry.ts'
import type { Route } from '../route.ts'

/** The largest number of contacts of one village in the answer; the duty roster has all of them. */
const contactsMax = 50
const villagesPerPageMax = 100

export interface RegistryRouteOptions {
  storage: Pick<Storage, 'listed' | 'roster' | 'openAlarmCounts'>
  clock: Clock
  /** Names of divisions and villages, by their code. */
  names: ReadonlyMap<string, string>
  timeZone: string
  /** In the order of their ids. */
  villageIds: () => string[]
  boxesOf: (villages: readonly string[]) => string[]
  villages: (
    counts: { box: string; colourRank: number; count: number }[],
    only: readonly string[],
  ) => VillagesAnswer
}

const registryQuery = z.strictObject({
  under: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,47}$/)
    .optional()
    .describe('a division code of 2, 4, 6, 9 digits, or the id of a village'),
  after: z.string().max(48).optional(),
  limit: z.coerce.number().int().min(1).max(villagesPerPageMax).default(20),
})

const name = z.string().optional()
const count = z.number()
const plan = z.object({ x: z.number(), y: z.number() }).optional()
const registryAnswer = z.object({
  divisions: z.array(z.object({ code: z.string(), level: z.enum(divisionLevels), name, villages: count })),
  villages: z.array(
    z.object({
      id: z.string(),
      name,
      above: z.array(z.string()),
      openAlarms: z.object({ red: count, orange: count, yellow: count, blue: count }),
      boxes: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          presence: z.enum(['unknown', 'present', 'late', 'silent']),
          lastHeardAtMs: z.number().optional(),
          zones: z.array(z.object({ id: z.string(), name, grade: z.enum(zoneGrades), plan })),
          devices: z.array(
            z.object({
              id: z.string(),
              name,
              kind: z.string(),
              zone: z.string().optional(),
              plan,
              alarms: z.array(z.enum(alarmKinds)),
            }),
          ),
          isCut: z.boolean().optional(),
        }),
      ),
      contacts: z
        .array(
          z.object({
            id: z.string(),
            name: z.string(),
            role: z.enum(rosterRoles),
            hasPhone: z.boolean(),
            isOnDuty: z.boolean(),
          }),
        )
        .optional(),
    }),
  ),
  next: z.string().optional(),
})

export function createRegistryRoutes(options: RegistryRouteOptions): Route[] {
  const { storage, clock, names, timeZone } = options

  /**
   * People on duty come first. Telephone numbers are not included: each one is a separate request, which is recorded in
   * the audit log.
   */
  async function contactsOf(village: string): Promise<RegistryContact[]> {
    const { people } = await storage.roster({ village, after: 0, limit: contactsMax })
    const nowMs = clock.wallMs()
    return people
      .map((person) => {
        const { id, name: called, role, hasPhone } = person
        return { id, name: called, role, hasPhone, isOnDuty: isOnDuty(person, timeZone, nowMs) }
      })
      .sort((a, b) => Number(b.isOnDuty) - Number(a.isOnDuty))
  }

  return [
    {
      method: 'GET',
      path: '/api/v1/registry',
      scope: 'filtered',
      summary: {
        zh: '按区划代码的台账：镇村、网关、防区等级、设备健康与联系人（不含电话）',
        en: 'The registry by division code: villages, boxes, zones with grades, devices with health, contacts without telephone numbers',
      },
      access: roles,
      query: registryQuery,
      answer: registryAnswer,
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const { under, after = '', limit } = query as z.infer<typeof registryQuery>
        const ids = options
          .villageIds()
          .filter((id) => isInScope(account?.scope, id) && (under === undefined || isUnder(id, under)))
        const rest = ids.filter((id) => id > after)
        const pageIds = rest.slice(0, limit)
        const boxes = options.boxesOf(pageIds)
        const page = options.villages(await storage.openAlarmCounts(boxes), pageIds).villages
        const seesPeople = answeringRoles.some((role) => role === account?.role)
        const listed = new Map((await storage.listed(boxes)).map((one) => [one.box, one]))
        const villages = await Promise.all(
          page.map(async (village) =>
            registryVillage({
              village,
              name: names.get(village.id),
              listed,
              contacts: seesPeople ? await contactsOf(village.id) : undefined,
            }),
          ),
        )
        const next = rest.length > limit ? pageIds.at(-1) : undefined
        const divisions = divisionsOf(ids, names)
        const json: RegistryAnswer = { divisions, villages, ...(next === undefined ? {} : { next }) }
        return { json }
      },
    },
  ]
}
