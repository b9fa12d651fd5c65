// The routes of the fleet: the faults of all boxes, the health of one box, and its support bundles.
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import {
  fleetGroupings,
  type FleetAnswer,
  type FleetBoxAnswer,
  type SupportBundle,
} from '../../../protocols/desk/fleet/fleet.ts'
import { isInScope, type Scope } from '../../../protocols/desk/scope.ts'
import { faultCodes, faultGrades, type FaultCode } from '../../../protocols/health/faults.ts'
import { boxVitalsSchema } from '../../../protocols/uplink/box-vitals.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import { faultsOf, fleetView, shownFault, workKey, type FleetBox } from '../../fleet/fleet-view.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route } from '../route.ts'
import { workSchema } from './work-routes.ts'

export const fleetReaders: readonly Role[] = roles.filter((role) => role !== 'operator')
/** Fewer roles, because a bundle contains the configuration and the log of a box. */
export const bundleRoles: readonly Role[] = ['maintainer', 'admin']
/** Largest number of open work orders that are compared with the faults. */
const openWorkMax = 5000
const workShown = 50

export interface FleetRouteOptions {
  storage: Pick<Storage, 'workOrders' | 'copyTimes'>
  clock: Clock
  securityLog: Pick<SecurityLog, 'note'>
  boxes: () => FleetBox[]
  vitalsAtMs: (box: string) => number | undefined
  /** Names of towns by their codes. */
  names: ReadonlyMap<string, string>
  bundles: {
    of: (box: string) => Promise<SupportBundle[]>
    read: (box: string, name: string) => Promise<Uint8Array | undefined>
  }
}

const bilingual = z.object({ zh: z.string(), en: z.string() })
const code = z.enum(faultCodes as [FaultCode, ...FaultCode[]])
const faultSchema = z.object({
  box: z.string(),
  boxName: z.string(),
  code,
  grade: z.enum(faultGrades),
  about: z.string().optional(),
  failsAtMs: z.number().optional(),
  problem: bilingual,
  remedy: bilingual,
  work: z.string().optional(),
})
const fleetSchema = z.object({
  boxes: z.number(),
  present: z.number(),
  counts: z.partialRecord(code, z.number()),
  faults: z.array(faultSchema),
  groups: z.array(
    z.object({
      key: z.string(),
      name: z.string().optional(),
      boxes: z.number(),
      silent: z.number(),
      faulty: z.number(),
      failing: z.number(),
    }),
  ),
  isCut: z.literal(true).optional(),
})
const boxSchema = z.object({
  box: z.string(),
  name: z.string(),
  presence: z.string(),
  lastHeardAtMs: z.number().optional(),
  vitalsAtMs: z.number().optional(),
  vitals: boxVitalsSchema.optional(),
  faults: z.array(faultSchema),
  copyAtMs: z.number().optional(),
  work: z.array(workSchema),
  bundles: z.array(z.object({ name: z.string(), atMs: z.number(), bytes: z.number() })),
})
const fleetQuery = z.strictObject({
  grouping: z.enum(fleetGroupings).default('town'),
  group: z.string().max(80).optional(),
  code: code.optional(),
})

const inScope = (scope: Scope | undefined, box: string): boolean => !scope || isInScope(scope, box)

async function openWorkOf(
  { storage }: FleetRouteOptions,
  scope: Scope | undefined,
): Promise<Map<string, string>> {
  const { work } = await storage.workOrders({ state: 'open', scope, limit: openWorkMax })
  return new Map(work.map((one) => [workKey(one.box, one.code, one.about), one.id]))
}

export function createFleetRoutes(options: FleetRouteOptions): Route[] {
  const { boxes, clock, names } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/fleet',
      scope: 'filtered',
      summary: {
        zh: '全部网关的健康：最先要坏的排在最前，可按镇、型号、版本、SIM 卡分组',
        en: 'The health of all boxes: the box that will fail first comes first; groups by town, model, version or SIM',
      },
      access: fleetReaders,
      query: fleetQuery,
      answer: fleetSchema,
      problems: ['bad-request'],
      run: async ({ query, account }) => {
        const scoped = boxes().filter(({ id }) => inScope(account?.scope, id))
        const openWork = await openWorkOf(options, account?.scope)
        const basis = { boxes: scoped, nowMs: clock.wallMs(), openWork, names }
        return { json: fleetView(basis, query as z.infer<typeof fleetQuery>) satisfies FleetAnswer }
      },
    },
    boxRoute(options),
    bundleRoute(options),
  ]
}

function boxRoute(options: FleetRouteOptions): Route {
  const { storage, clock, boxes, vitalsAtMs, bundles } = options
  return {
    method: 'GET',
    path: '/api/v1/fleet/boxes/{boxId}',
    summary: {
      zh: '一台网关的健康、工单与支持包',
      en: 'The health of one box, its work orders and its support bundles',
    },
    access: fleetReaders,
    answer: boxSchema,
    problems: ['not-found'],
    run: async ({ boxId, account }) => {
      const found = boxes().find(({ id }) => id === boxId)
      if (!found) throw new ApiProblem('not-found', boxId)
      const openWork = await openWorkOf(options, account?.scope)
      const { work } = await storage.workOrders({ state: 'all', box: boxId, limit: workShown })
      const copy = (await storage.copyTimes()).find(({ box }) => box === boxId)
      const atMs = vitalsAtMs(boxId)
      const { id, name, presence, lastHeardAtMs, vitals } = found
      return {
        json: {
          box: id,
          name,
          presence,
          ...(lastHeardAtMs === undefined ? {} : { lastHeardAtMs }),
          ...(atMs === undefined ? {} : { vitalsAtMs: atMs }),
          ...(vitals === undefined ? {} : { vitals }),
          faults: faultsOf(found, clock.wallMs()).map((one) => shownFault(found, one, openWork)),
          ...(copy === undefined ? {} : { copyAtMs: copy.atMs }),
          work,
          bundles: await bundles.of(boxId),
        } satisfies FleetBoxAnswer,
      }
    },
  }
}

function bundleRoute({ bundles, securityLog }: FleetRouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/fleet/boxes/{boxId}/bundles/{bundleName}',
    summary: { zh: '下载一个支持包', en: 'Download a support bundle' },
    access: bundleRoles,
    answer: 'stored',
    problems: ['not-found'],
    run: async ({ boxId, path, account, address }) => {
      const name = path['bundleName'] ?? ''
      const file = await bundles.read(boxId, name)
      if (!file) throw new ApiProblem('not-found', name)
      securityLog.note('bundle-taken', account?.user ?? '', address, `${boxId} ${name}`)
      return { file, type: 'application/gzip', name: `${boxId}-${name}` }
    },
  }
}
