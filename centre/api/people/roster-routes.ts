// The routes of the duty roster. An account sees the people who serve a village of its scope; only an account whose scope holds all of a
// person's villages may change the entry. A telephone number is handed out after the access is in the trail.
import type { z } from 'zod'
import { answeringRoles, type Role } from '../../../protocols/desk/api.ts'
import type {
  ContactAnswer,
  DutyAnswer,
  PersonAnswer,
  RosterAnswer,
  RosterPerson,
} from '../../../protocols/desk/roster.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import { isOnDuty, rankNearest } from '../../people/duty.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer } from '../schemas.ts'
import * as schemas from './roster-schemas.ts'

const leadingRoles: readonly Role[] = ['supervisor', 'admin']
const dayMs = 86_400_000
/** People of one village that are compared for who is nearest. */
const servingMax = 500

export interface RosterRouteOptions {
  storage: Pick<Storage, 'roster' | 'person' | 'putPerson' | 'dropPerson' | 'lookAtContact'>
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
  /** Of the town: duty hours are by its clock. */
  timeZone: string
  /** An entry is kept for this long at most without a new consent. */
  termDaysMax: number
}

/** Villages outside the scope are not named. */
const within = (person: RosterPerson, scope: Scope | undefined): RosterPerson => ({
  ...person,
  villages: person.villages.filter((village) => isInScope(scope, village)),
})

const numberOf = (personId: string | undefined): number => {
  const [, digits] = /^person-(\d{1,15})$/.exec(personId ?? '') ?? []
  if (digits === undefined) throw new ApiProblem('not-found')
  return Number(digits)
}

interface FoundPerson {
  number: number
  person: RosterPerson
}

type Find = (call: RouteCall) => Promise<FoundPerson>

export function createRosterRoutes(options: RosterRouteOptions): Route[] {
  const { storage } = options

  /** Not found as well when it serves no village of the scope. */
  async function find({ account, path }: RouteCall): Promise<FoundPerson> {
    const number = numberOf(path['personId'])
    const person = await storage.person(number)
    if (!person?.villages.some((village) => isInScope(account?.scope, village)))
      throw new ApiProblem('not-found')
    return { number, person }
  }

  async function findOwn(call: RouteCall): Promise<FoundPerson> {
    const found = await find(call)
    if (!found.person.villages.every((village) => isInScope(call.account?.scope, village)))
      throw new ApiProblem('forbidden', {
        zh: '此人还服务于您管理范围以外的村',
        en: 'this person also serves villages outside your scope',
      })
    return found
  }

  return [
    ...readingRoutes(options),
    ...writingRoutes(options, findOwn),
    ...removingRoutes(options, findOwn),
    contactRoute(options, find),
  ]
}

function readingRoutes({ storage, clock, timeZone }: RosterRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/roster',
      scope: 'filtered',
      summary: { zh: '值班名册（不含电话）', en: 'The duty roster, without telephone numbers' },
      access: answeringRoles,
      query: schemas.rosterQuery,
      answer: schemas.rosterAnswer,
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const wanted = query as z.infer<typeof schemas.rosterQuery>
        const { people, next } = await storage.roster({ ...wanted, scope: account?.scope })
        const json: RosterAnswer = {
          people: people.map((person) => within(person, account?.scope)),
          ...(next === undefined ? {} : { next: String(next) }),
        }
        return { json }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/roster/duty',
      scope: 'filtered',
      summary: { zh: '现在谁值班、谁最近', en: 'Who is on duty now for a village, the nearest first' },
      access: answeringRoles,
      query: schemas.dutyQuery,
      answer: schemas.dutyAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ query, account }) => {
        const { village, zone, cell, latitude, longitude } = query as z.infer<typeof schemas.dutyQuery>
        if (!isInScope(account?.scope, village)) throw new ApiProblem('not-found', village)
        const nowMs = clock.wallMs()
        const { people } = await storage.roster({ village, after: 0, limit: servingMax })
        const position =
          latitude === undefined || longitude === undefined ? undefined : { latitude, longitude }
        const near = rankNearest(
          people.filter((person) => isOnDuty(person, timeZone, nowMs)),
          { village, zone, cell, position },
        )
        const json: DutyAnswer = {
          people: near.map((one) => ({ ...one, person: within(one.person, account?.scope) })),
        }
        return { json }
      },
    },
  ]
}

function writingRoutes({ storage, clock, termDaysMax }: RosterRouteOptions, findOwn: Find): Route[] {
  async function put(number: number | undefined, call: RouteCall): Promise<{ json: PersonAnswer }> {
    const { termDays, ...entry } = call.body as z.infer<typeof schemas.personBody>
    for (const village of entry.villages)
      if (!isInScope(call.account?.scope, village)) throw new ApiProblem('not-found', village)
    const nowMs = clock.wallMs()
    const expiresAtMs = nowMs + Math.min(termDays ?? termDaysMax, termDaysMax) * dayMs
    const by = call.account?.user ?? ''
    const person = await storage.putPerson(number, { ...entry, expiresAtMs }, by, nowMs)
    if (!person) throw new ApiProblem(number === undefined ? 'too-many-entries' : 'not-found')
    return { json: { person: within(person, call.account?.scope) } }
  }

  return [
    {
      method: 'POST',
      path: '/api/v1/roster',
      scope: 'filtered',
      summary: {
        zh: '登记一人（须本人同意，到期自动删除）',
        en: 'Add a person who has agreed; deleted after its term',
      },
      access: leadingRoles,
      body: schemas.personBody,
      answer: schemas.personAnswer,
      problems: ['bad-request', 'not-found', 'too-many-entries'],
      run: (call) => put(undefined, call),
    },
    {
      method: 'POST',
      path: '/api/v1/roster/{personId}',
      scope: 'filtered',
      summary: { zh: '修改一人', en: 'Change an entry; without `phone` the stored number stays' },
      access: leadingRoles,
      body: schemas.personBody,
      answer: schemas.personAnswer,
      problems: ['bad-request', 'not-found', 'forbidden'],
      run: async (call) => put((await findOwn(call)).number, call),
    },
  ]
}

function removingRoutes({ storage, clock }: RosterRouteOptions, findOwn: Find): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/roster/{personId}/absences',
      scope: 'filtered',
      summary: { zh: '写入请假时段（替换原有）', en: 'The times of absence, in place of those before' },
      access: leadingRoles,
      body: schemas.absencesBody,
      answer: schemas.personAnswer,
      problems: ['bad-request', 'not-found', 'forbidden'],
      run: async (call) => {
        const { number, person } = await findOwn(call)
        const { absences } = call.body as z.infer<typeof schemas.absencesBody>
        const { id: _id, hasPhone: _has, changedAtMs: _at, ...entry } = person
        const by = call.account?.user ?? ''
        const changed = await storage.putPerson(number, { ...entry, absences }, by, clock.wallMs())
        if (!changed) throw new ApiProblem('not-found')
        return { json: { person: within(changed, call.account?.scope) } }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/roster/{personId}/delete',
      scope: 'filtered',
      summary: { zh: '删除一人', en: 'Delete an entry at once' },
      access: leadingRoles,
      answer: emptyAnswer,
      problems: ['not-found', 'forbidden'],
      run: async (call) => {
        const { number } = await findOwn(call)
        await storage.dropPerson(number, call.account?.user ?? '', clock.wallMs())
        return { json: {} }
      },
    },
  ]
}

function contactRoute({ storage, clock, securityLog }: RosterRouteOptions, find: Find): Route {
  return {
    method: 'GET',
    path: '/api/v1/roster/{personId}/contact',
    scope: 'filtered',
    summary: { zh: '查看电话（查看会被记录）', en: 'The telephone number; the look is in the audit trail' },
    access: answeringRoles,
    query: schemas.contactQuery,
    answer: schemas.contactAnswer,
    problems: ['not-found'],
    run: async (call) => {
      const { number } = await find(call)
      const who = call.account?.user ?? ''
      const { case: about = '' } = call.query as z.infer<typeof schemas.contactQuery>
      const phone = await storage.lookAtContact(number, who, about, clock.wallMs())
      if (phone === undefined) throw new ApiProblem('not-found')
      securityLog.note('contact-look', who, call.address, `person-${number}`)
      return { json: { phone } satisfies ContactAnswer }
    },
  }
}
