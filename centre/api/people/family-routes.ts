// The routes of families: a supervisor makes a link for a person who asked for news of a household; the page behind it shows "raised"
// and "ended". Outlets read the waiting notices and confirm that they have taken them.
import { z } from 'zod'
import type { Role } from '../../../protocols/desk/api.ts'
import {
  familyKinds,
  familyNews,
  type FamiliesAnswer,
  type FamilyNoticesAnswer,
  type FamilyStateAnswer,
  type NewFamilyAnswer,
} from '../../../protocols/desk/families.ts'
import { consentWays } from '../../../protocols/desk/roster.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { isBoxId } from '../../../protocols/domain/names.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import { linkHash } from '../../people/response-links.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'
import { emptyAnswer } from '../schemas.ts'

export interface FamilyRouteOptions {
  storage: Pick<
    Storage,
    | 'families'
    | 'family'
    | 'putFamily'
    | 'dropFamily'
    | 'leaveFamily'
    | 'familyState'
    | 'familyNotices'
    | 'takeNotices'
  >
  clock: Clock
  random: Random
  termDaysMax: number
}

const leadingRoles: readonly Role[] = ['supervisor', 'admin']
const dayMs = 86_400_000
const tokenBytes = 32

const ms = z.number().describe('ms since 1970')
const familyBody = z.strictObject({
  label: z.string().min(1).max(40),
  box: z.string().refine(isBoxId, 'the id of a box'),
  zone: z.string().min(1).max(64),
  kinds: z
    .array(z.enum(familyKinds))
    .min(1)
    .max(familyKinds.length)
    .default([...familyKinds]),
  consent: z.strictObject({ how: z.enum(consentWays), atMs: z.number().int().min(0) }),
  termDays: z.number().int().min(1).max(3660).optional(),
})
const familySchema = z.object({
  id: z.string(),
  label: z.string(),
  box: z.string(),
  zone: z.string(),
  kinds: z.array(z.enum(familyKinds)),
  consent: z.object({ how: z.enum(consentWays), atMs: ms }),
  madeBy: z.string(),
  madeAtMs: ms,
  expiresAtMs: ms,
})
const pageQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
})
const takenBody = z.strictObject({ positions: z.array(z.number().int().min(1)).min(1).max(1000) })
const noticeSchema = z.object({
  position: z.number(),
  family: z.string(),
  alarm: z.string(),
  what: z.enum(familyNews),
  atMs: ms,
  state: z.enum(['waiting', 'taken']),
})
const stateSchema = z.object({
  label: z.string(),
  news: z.array(z.object({ what: z.enum(familyNews), atMs: ms })),
  isRaised: z.boolean(),
  expiresAtMs: ms,
  centreTimeMs: ms,
})

export const createFamilyRoutes = (options: FamilyRouteOptions): Route[] => [
  ...deskRoutes(options),
  ...outletRoutes(options),
  ...pageRoutes(options),
]

function deskRoutes({ storage, clock, random, termDaysMax }: FamilyRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/families',
      scope: 'filtered',
      summary: { zh: '申请知情的家属', en: 'Families who asked to be told' },
      access: leadingRoles,
      query: pageQuery,
      answer: z.object({ families: z.array(familySchema) }),
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const page = query as z.infer<typeof pageQuery>
        const families = await storage.families({ ...page, scope: account?.scope })
        return { json: { families } satisfies FamiliesAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/families',
      scope: 'filtered',
      summary: {
        zh: '为家属开通（本人同意，有期限）',
        en: 'Tell a family who asked for it, for a term; the link is shown once',
      },
      access: leadingRoles,
      body: familyBody,
      answer: z.object({ family: familySchema, path: z.string() }),
      problems: ['bad-request', 'not-found', 'too-many-entries'],
      run: async ({ account, body }) => {
        const { termDays, ...given } = body as z.infer<typeof familyBody>
        if (!isInScope(account?.scope, given.box)) throw new ApiProblem('not-found', given.box)
        const token = random.hex(tokenBytes)
        const madeAtMs = Math.round(clock.wallMs())
        const expiresAtMs = madeAtMs + Math.min(termDays ?? termDaysMax, termDaysMax) * dayMs
        const family = await storage.putFamily({
          ...given,
          madeBy: account?.user ?? '',
          madeAtMs,
          expiresAtMs,
          hash: linkHash(token),
        })
        if (!family) throw new ApiProblem('too-many-entries')
        return { json: { family, path: `family/#${token}` } satisfies NewFamilyAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/families/{familyId}/end',
      scope: 'filtered',
      summary: { zh: '停止告知并删除', en: 'Tell it no more; the entry is deleted' },
      access: leadingRoles,
      answer: emptyAnswer,
      problems: ['not-found'],
      run: async ({ account, path }) => {
        const number = Number(/^family-(\d{1,15})$/.exec(path['familyId'] ?? '')?.[1] ?? 0)
        const family = await storage.family(number)
        if (!family || !isInScope(account?.scope, family.box)) throw new ApiProblem('not-found')
        await storage.dropFamily(number, account?.user ?? '', clock.wallMs())
        return { json: {} }
      },
    },
  ]
}

function outletRoutes({ storage, clock }: FamilyRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/families/notices',
      scope: 'filtered',
      summary: { zh: '待告知家属的消息', en: 'What waits to be passed on to families, oldest first' },
      access: leadingRoles,
      query: pageQuery,
      answer: z.object({ notices: z.array(noticeSchema) }),
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const page = query as z.infer<typeof pageQuery>
        const notices = await storage.familyNotices({ ...page, scope: account?.scope })
        return { json: { notices } satisfies FamilyNoticesAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/families/notices/taken',
      summary: { zh: '消息已转达', en: 'An outlet has taken these' },
      access: leadingRoles,
      body: takenBody,
      answer: z.object({ taken: z.number() }),
      problems: ['bad-request'],
      run: async ({ account, body }) => {
        const { positions } = body as z.infer<typeof takenBody>
        return { json: { taken: await storage.takeNotices(positions, account?.user ?? '', clock.wallMs()) } }
      },
    },
  ]
}

/** The family's own page: the link is the key. A guess costs one read. */
function pageRoutes({ storage, clock }: FamilyRouteOptions): Route[] {
  const hashOf = ({ token }: RouteCall): string => linkHash(token ?? '')
  return [
    {
      method: 'POST',
      path: '/api/v1/family',
      summary: {
        zh: '家属页面：是否有报警、是否结束',
        en: "A family's page: raised, ended, and nothing else",
      },
      access: 'open',
      answer: stateSchema,
      problems: ['no-link'],
      run: async (call) => {
        const state = await storage.familyState(hashOf(call), clock.wallMs())
        if (!state) throw new ApiProblem('no-link')
        if (!call.admit(`link ${hashOf(call)}`)) throw new ApiProblem('busy')
        return { json: state satisfies FamilyStateAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/family/leave',
      summary: { zh: '家属自行退出', en: 'The family wants to be told no more' },
      access: 'open',
      answer: emptyAnswer,
      problems: ['no-link'],
      run: async (call) => {
        const isKnown = (await storage.familyState(hashOf(call), clock.wallMs())) !== undefined
        if (!isKnown || !(await storage.leaveFamily(hashOf(call), clock.wallMs())))
          throw new ApiProblem('no-link')
        return { json: {} }
      },
    },
  ]
}
