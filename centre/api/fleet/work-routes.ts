// The routes of work orders. An order is created from a fault, gets visits with texts and photos, and ends done or dropped.
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import {
  newWorkBody,
  visitBody,
  workPhotoBytesMax,
  workPhotoTypes,
  workStates,
  workTextMax,
  type NewVisit,
  type NewWork,
  type WorkAnswer,
  type WorkOrdersAnswer,
} from '../../../protocols/desk/fleet/work-orders.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import { boxIdPattern } from '../../../protocols/domain/names.ts'
import { sha256Pattern } from '../../../protocols/domain/snapshot.ts'
import { faultText } from '../../../protocols/health/faults.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { faultsOf, type FleetBox } from '../../fleet/fleet-view.ts'
import type { WorkPhotos } from '../../fleet/work-photos.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteCall } from '../route.ts'

const readingRoles: readonly Role[] = roles.filter((role) => role !== 'operator')
const orderingRoles: readonly Role[] = ['supervisor', 'maintainer', 'installer', 'admin']
const pageMax = 200

export interface WorkRouteOptions {
  storage: Pick<
    Storage,
    'workOrders' | 'workOrder' | 'putWorkOrder' | 'visitWorkOrder' | 'addWorkPhoto' | 'dropWorkOrder'
  >
  clock: Clock
  boxes: () => FleetBox[]
  photos: WorkPhotos
}

const bilingual = z.object({ zh: z.string(), en: z.string() })
export const workSchema = z.object({
  id: z.string(),
  box: z.string(),
  code: z.string(),
  about: z.string().optional(),
  problem: bilingual,
  remedy: bilingual,
  by: z.string(),
  madeAtMs: z.number(),
  dueAtMs: z.number().optional(),
  state: z.enum(workStates),
  visits: z.array(z.object({ atMs: z.number(), by: z.string(), text: z.string(), isDone: z.boolean() })),
  photos: z.array(z.object({ sha256: z.string(), type: z.string(), atMs: z.number(), by: z.string() })),
})
const workAnswer = z.object({ work: workSchema })
const workQuery = z.strictObject({
  state: z.enum([...workStates, 'all']).default('open'),
  box: z.string().regex(boxIdPattern).optional(),
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(pageMax).default(pageMax),
})
const dropBody = z.strictObject({ why: z.string().min(1).max(workTextMax) })

function numberOf(path: RouteCall['path']): number {
  const digits = /^work-(\d{1,15})$/.exec(path['workId'] ?? '')?.[1]
  if (digits === undefined) throw new ApiProblem('not-found')
  return Number.parseInt(digits, 10)
}

const inScope = (scope: Scope | undefined, box: string): boolean => !scope || isInScope(scope, box)

export function createWorkRoutes(options: WorkRouteOptions): Route[] {
  return [listRoute(options), newRoute(options), ...visitRoutes(options), ...photoRoutes(options)]
}

function listRoute({ storage }: WorkRouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/work-orders',
    scope: 'filtered',
    summary: { zh: '工单，新的在前', en: 'Work orders, newest first' },
    access: readingRoles,
    query: workQuery,
    answer: z.object({ work: z.array(workSchema), next: z.string().optional() }),
    problems: ['bad-request'],
    run: async ({ query, account }) => {
      const { after, ...rest } = query as z.infer<typeof workQuery>
      const before = after === undefined ? undefined : Number.parseInt(after, 10)
      const { work, next } = await storage.workOrders({ ...rest, before, scope: account?.scope })
      return {
        json: { work, ...(next === undefined ? {} : { next: `${next}` }) } satisfies WorkOrdersAnswer,
      }
    },
  }
}

function newRoute({ storage, clock, boxes }: WorkRouteOptions): Route {
  return {
    method: 'POST',
    path: '/api/v1/work-orders',
    scope: 'filtered',
    summary: {
      zh: '为一台网关的一个故障开工单；同一故障只有一张未完成的工单',
      en: 'A work order for a fault of a box; there is one open order per fault',
    },
    access: orderingRoles,
    body: newWorkBody,
    answer: workAnswer,
    problems: ['bad-request', 'not-found', 'too-many-entries'],
    run: async ({ body, account }) => {
      const { text, ...asked } = body as NewWork
      const box = boxes().find(({ id }) => id === asked.box)
      if (!box || !inScope(account?.scope, asked.box)) throw new ApiProblem('not-found', asked.box)
      const nowMs = Math.round(clock.wallMs())
      const fault = faultsOf(box, nowMs).find(
        ({ code, about }) => code === asked.code && about === asked.about,
      )
      // If the fault has ended in the meantime, the person's own text is enough.
      if (!fault && text === undefined) throw new ApiProblem('not-found', asked.code)
      const words = faultText(fault ?? { code: asked.code, facts: {} })
      const problem = text === undefined ? words.problem : { zh: text, en: text }
      const made = await storage.putWorkOrder({
        ...asked,
        problem,
        remedy: words.remedy,
        by: account?.user ?? '',
        madeAtMs: nowMs,
      })
      if (!made) throw new ApiProblem('too-many-entries')
      return { json: { work: made } satisfies WorkAnswer }
    },
  }
}

function visitRoutes({ storage, clock }: WorkRouteOptions): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/work-orders/{workId}/visit',
      scope: 'filtered',
      summary: {
        zh: '记录一次上门；修好则完成',
        en: 'Record a visit; if the work is done, the visit ends the order',
      },
      access: orderingRoles,
      body: visitBody,
      answer: workAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ path, body, account }) => {
        const visit = { ...(body as NewVisit), by: account?.user ?? '', atMs: Math.round(clock.wallMs()) }
        const work = await storage.visitWorkOrder(numberOf(path), visit, account?.scope)
        if (!work) throw new ApiProblem('not-found')
        return { json: { work } satisfies WorkAnswer }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/work-orders/{workId}/drop',
      scope: 'filtered',
      summary: { zh: '不再处理，写明原因', en: 'End an order without a visit, with the reason' },
      access: orderingRoles,
      body: dropBody,
      answer: workAnswer,
      problems: ['bad-request', 'not-found'],
      run: async ({ path, body, account }) => {
        const { why } = body as z.infer<typeof dropBody>
        const who = account?.user ?? ''
        const nowMs = Math.round(clock.wallMs())
        const work = await storage.dropWorkOrder(numberOf(path), who, why, nowMs, account?.scope)
        if (!work) throw new ApiProblem('not-found')
        return { json: { work } satisfies WorkAnswer }
      },
    },
  ]
}

function photoRoutes({ storage, clock, photos }: WorkRouteOptions): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/work-orders/{workId}/photos',
      scope: 'filtered',
      summary: { zh: '为工单添加照片（JPEG、PNG）', en: 'Add a photo to a work order: JPEG or PNG' },
      access: orderingRoles,
      upload: { types: workPhotoTypes, bytesMax: workPhotoBytesMax },
      answer: workAnswer,
      problems: ['not-found', 'wrong-type', 'too-large', 'no-such-file-type', 'no-room'],
      run: async ({ path, upload, account }) => {
        const number = numberOf(path)
        if (!(await storage.workOrder(number, account?.scope))) throw new ApiProblem('not-found')
        const nowMs = Math.round(clock.wallMs())
        const photo = await photos.put(upload ?? new Uint8Array(), account?.user ?? '', nowMs)
        if (typeof photo === 'string') throw new ApiProblem(photo)
        const work = await storage.addWorkPhoto(number, photo, account?.scope)
        if (!work) throw new ApiProblem('not-found')
        return { json: { work } satisfies WorkAnswer }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/work-orders/{workId}/photos/{sha256}',
      scope: 'filtered',
      summary: { zh: '工单照片', en: 'A photo of a work order' },
      access: readingRoles,
      answer: 'file',
      problems: ['not-found'],
      run: async ({ path, sha256, account }) => {
        const order = await storage.workOrder(numberOf(path), account?.scope)
        const photo = order?.photos.find((one) => one.sha256 === sha256 && sha256Pattern.test(sha256))
        const file = photo && (await photos.read(sha256))
        if (!photo || !file) throw new ApiProblem('not-found')
        return { file, type: photo.type, name: `${sha256.slice(0, 12)}.${photo.type.slice(6)}` }
      },
    },
  ]
}
