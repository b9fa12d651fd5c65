// The routes of linkage between villages: the rules, and the warnings that they made.
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import { bulletinCharsMax } from '../../../protocols/desk/villages/bulletins.ts'
import {
  linkagesMax,
  travelMinutesMax,
  villagesBelowMax,
  type Linkage,
  type LinkagesAnswer,
} from '../../../protocols/desk/villages/linkages.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { deviceIdPattern, isBoxId, villageOf } from '../../../protocols/domain/names.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'
import { listBytesMax } from '../uploads.ts'
import { pageMax } from '../schemas.ts'
import { villageId } from './bulletin-routes.ts'

const leadingRoles: readonly Role[] = ['supervisor', 'admin']

export interface LinkageRouteOptions {
  storage: Pick<Storage, 'linkages' | 'putLinkages' | 'linkageWarnings'>
  clock: Clock
  boxes: () => readonly string[]
}

const colour = z.enum(colours)
const linkageSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,47}$/, 'lower-case letters, digits and dashes, at most 48'),
  from: z.strictObject({
    place: z.string().refine(isBoxId, 'the id of a village or a box'),
    device: z.string().regex(deviceIdPattern).optional(),
  }),
  colour: colour.default('orange'),
  to: z
    .array(
      z.strictObject({
        village: villageId,
        minutes: z.number().int().min(1).max(travelMinutesMax).optional(),
      }),
    )
    .min(1)
    .max(villagesBelowMax),
  text: z.string().trim().min(1).max(bulletinCharsMax).optional(),
})
const linkagesBody = z.strictObject({
  linkages: z
    .array(linkageSchema)
    .max(linkagesMax)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'an id is there twice'),
})
const linkagesAnswer = z.object({
  version: z.number(),
  linkages: z.array(linkageSchema),
  learned: z.array(
    z.object({ linkage: z.string(), village: z.string(), minutes: z.number(), arrivals: z.number() }),
  ),
})

const warningsQuery = z.strictObject({
  state: z.enum(['open', 'all']).default('open'),
  after: z.string().max(40).optional(),
  limit: z.coerce.number().int().min(1).max(pageMax).default(100),
})
const ms = z.number().describe('ms since 1970')
const warningsAnswer = z.object({
  warnings: z.array(
    z.object({
      id: z.string(),
      linkage: z.string(),
      village: z.string(),
      source: z.string(),
      alarm: z.string(),
      others: z.array(z.string()).optional(),
      colour,
      raisedAtMs: ms,
      minutes: z.number().optional(),
      expectedAtMs: ms.optional(),
      arrivedAtMs: ms.optional(),
      sourceOverAtMs: ms.optional(),
      fellAtMs: z.partialRecord(colour, ms).optional(),
      endedAtMs: ms.optional(),
      bulletin: z.string().optional(),
      isDrill: z.boolean().optional(),
    }),
  ),
  next: z.string().optional(),
})

/** A rule is seen by those who see a village of it; the other villages of it are not named. */
function within({ version, linkages, learned }: LinkagesAnswer, scope: Scope | undefined): LinkagesAnswer {
  const shown = linkages.flatMap((rule): Linkage[] => {
    const to = rule.to.filter(({ village }) => isInScope(scope, village))
    const isFromHere = isInScope(scope, rule.from.place)
    if (to.length === 0 && !isFromHere) return []
    return [{ ...rule, to, from: isFromHere ? rule.from : { place: 'upstream' } }]
  })
  return { version, linkages: shown, learned: learned.filter(({ village }) => isInScope(scope, village)) }
}

export function createLinkageRoutes({ storage, clock, boxes }: LinkageRouteOptions): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/linkages',
      scope: 'filtered',
      summary: {
        zh: '村间联动规则：上游水位到色即预警下游各村，及学到的传播时间',
        en: 'Linkage between villages: which gauge warns which villages, and the travel times that were learned',
      },
      access: roles,
      answer: linkagesAnswer,
      problems: [],
      run: async ({ account }) => ({ json: within(await storage.linkages(), account?.scope) }),
    },
    {
      method: 'POST',
      path: '/api/v1/linkages',
      summary: { zh: '替换全部联动规则（旧版保留）', en: 'Replaces all rules; the version before is kept' },
      access: leadingRoles,
      body: linkagesBody,
      bodyBytesMax: listBytesMax,
      answer: linkagesAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ account, body }) => {
        const { linkages } = body as z.infer<typeof linkagesBody>
        const known = boxes()
        const places = new Set([...known, ...known.map(villageOf)])
        for (const { from, to } of linkages)
          for (const place of [from.place, ...to.map(({ village }) => village)])
            if (!places.has(place)) throw new ApiProblem('not-found', place)
        await storage.putLinkages(linkages, account?.user ?? '', clock.wallMs())
        return { json: await storage.linkages() }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/linkages/warnings',
      scope: 'filtered',
      summary: { zh: '对下游各村的预警，新的在前', en: 'Warnings of villages downstream, newest first' },
      access: roles,
      query: warningsQuery,
      answer: warningsAnswer,
      problems: ['bad-request', 'bad-cursor'],
      run: async ({ query, account }) => {
        const wanted = query as z.infer<typeof warningsQuery>
        const page = await storage.linkageWarnings({ ...wanted, scope: account?.scope })
        if (!page) throw new ApiProblem('bad-cursor')
        // Another village's alarm is not named; that water comes is said.
        const warnings = page.warnings.map((one) =>
          isInScope(account?.scope, one.source.slice(0, one.source.indexOf('.')))
            ? one
            : { ...one, source: 'upstream' },
        )
        return { json: { ...page, warnings } }
      },
    },
  ]
}
