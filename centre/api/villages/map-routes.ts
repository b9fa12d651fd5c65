// The map of the town: positions, plans and the file of tiles, from the configuration; and the levels of a water gauge.
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { roles, type Role } from '../../../protocols/desk/api.ts'
import type { LevelsAnswer } from '../../../protocols/desk/villages/levels.ts'
import type { MapAnswer, MapPlan, MapVillage } from '../../../protocols/desk/villages/map.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { coordinateSystems } from '../../../protocols/domain/places/coordinates.ts'
import { waterStages } from '../../../protocols/domain/places/water-stages.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { SecurityLog } from '../../accounts/security-log.ts'
import type { MapSettings } from '../../config/map-settings.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import { planBytesMax, planSources, type PlanFolder } from '../../fleet/plan-folder.ts'
import type { Route, RouteAnswer, RouteCall } from '../route.ts'
import { pieceType } from '../uploads.ts'

const planRoles: readonly Role[] = ['supervisor', 'admin']
const hourMs = 3_600_000
/** A week: what a flood takes. */
const hoursMax = 168

export interface MapRouteOptions {
  storage: Pick<Storage, 'levels'>
  clock: Clock
  map: MapSettings
  plans: PlanFolder
  /** A village of a box of this centre. */
  isVillageKnown: (village: string) => boolean
  /** Names of villages, by their code. */
  names: ReadonlyMap<string, string>
  securityLog: Pick<SecurityLog, 'note'>
}

const degrees = z.number()
const position = z.object({ lat: degrees, lon: degrees }).describe('WGS-84')
const mapAnswer = z.object({
  tiles: z.object({ system: z.enum(coordinateSystems), note: z.string().optional() }).optional(),
  villages: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      at: position.optional(),
      plan: z
        .object({
          corners: z
            .object({ north: degrees, south: degrees, east: degrees, west: degrees })
            .describe('WGS-84')
            .optional(),
          version: z.number().describe('changes with an uploaded picture').optional(),
          source: z.enum(planSources).describe('absent: of the configuration').optional(),
        })
        .optional(),
    }),
  ),
})
const levelsQuery = z.strictObject({
  device: z.string().min(1).max(64),
  until: z.coerce.number().int().min(0).optional().describe('ms since 1970; now when left out'),
  hours: z.coerce.number().int().min(1).max(hoursMax).default(24),
})
const levelsAnswer = z.object({
  samples: z.array(z.tuple([z.number().describe('ms since 1970'), z.number().describe('mm')])),
  stages: z.array(z.object({ stage: z.enum(waterStages), mm: z.number() })),
  isCut: z.literal(true).optional(),
})

const stored = (file: string): RouteAnswer => ({
  stored: { folder: dirname(file), name: basename(file) },
})

/** Uploaded at the desk, else of the configuration, else uploaded by a box. */
function planOf({ map, plans }: MapRouteOptions, id: string): { file: string; shown: MapPlan } | undefined {
  const own = map.villages.find((village) => village.id === id)?.plan
  const uploaded = plans.of(id, 'desk') ?? (own ? undefined : plans.of(id, 'box'))
  if (uploaded) {
    const { file, version, source } = uploaded
    return { file, shown: { version, source } }
  }
  return own && { file: own.file, shown: own.corners ? { corners: own.corners } : {} }
}

/** Where nothing is configured or uploaded, the village is left out. */
function villagesOf(options: MapRouteOptions): MapVillage[] {
  const { map, names, plans } = options
  const placed = new Map(map.villages.map(({ id, at }) => [id, at]))
  return [...new Set([...placed.keys(), ...plans.villages()])].map((id) => {
    const [name, at, plan] = [names.get(id), placed.get(id), planOf(options, id)]
    return {
      id,
      ...(name === undefined ? {} : { name }),
      ...(at ? { at } : {}),
      ...(plan ? { plan: plan.shown } : {}),
    }
  })
}

export function createMapRoutes(options: MapRouteOptions): Route[] {
  const { map } = options
  return [
    {
      method: 'GET',
      path: '/api/v1/map',
      scope: 'filtered',
      summary: {
        zh: '地图：村庄位置（WGS-84）、平面图、本镇瓦片文件',
        en: 'The map: positions of villages in WGS-84, their plans, the file of tiles',
      },
      access: roles,
      answer: mapAnswer,
      problems: [],
      run: async ({ account }) => {
        const { tiles } = map
        const json: MapAnswer = {
          ...(tiles
            ? { tiles: { system: tiles.system, ...(tiles.note === undefined ? {} : { note: tiles.note }) } }
            : {}),
          villages: villagesOf(options).filter(({ id }) => isInScope(account?.scope, id)),
        }
        return { json }
      },
    },
    {
      method: 'GET',
      path: '/api/v1/map/tiles',
      scope: 'none',
      summary: { zh: '本镇瓦片文件（PMTiles，分段读取）', en: "The town's PMTiles file, read in ranges" },
      access: roles,
      answer: 'stored',
      problems: ['not-found'],
      run: async () => {
        if (!map.tiles) throw new ApiProblem('not-found')
        return stored(map.tiles.file)
      },
    },
    {
      method: 'GET',
      path: '/api/v1/map/plans/{villageId}',
      scope: 'filtered',
      summary: { zh: '村庄平面图', en: 'The plan of a village' },
      access: roles,
      answer: 'stored',
      problems: ['not-found'],
      run: async ({ path, account }) => {
        const id = path['villageId'] ?? ''
        const plan = planOf(options, id)
        if (!plan || !isInScope(account?.scope, id)) throw new ApiProblem('not-found')
        return stored(plan.file)
      },
    },
    ...planRoutes(options),
    levelsRoute(options),
  ]
}

/** A person changes the picture of a village: it counts before that of the configuration and that of the box. */
function planRoutes({ plans, map, isVillageKnown, securityLog }: MapRouteOptions): Route[] {
  const villageOfCall = ({ path, account }: RouteCall): string => {
    const id = path['villageId'] ?? ''
    const isKnown = isVillageKnown(id) || map.villages.some((village) => village.id === id)
    if (!isKnown || !isInScope(account?.scope, id)) throw new ApiProblem('not-found')
    return id
  }
  return [
    {
      method: 'POST',
      path: '/api/v1/map/plans/{villageId}/upload',
      scope: 'filtered',
      summary: {
        zh: '上传村庄平面图（PNG、JPEG、WebP；按内容判断）',
        en: 'Upload the plan of a village: PNG, JPEG or WebP by its own first bytes',
      },
      access: planRoles,
      upload: { types: [pieceType], bytesMax: planBytesMax },
      answer: z.object({}),
      problems: ['not-found', 'wrong-type', 'too-large', 'no-such-file-type'],
      run: async (call) => {
        const id = villageOfCall(call)
        if (!plans.put(id, 'desk', call.upload ?? new Uint8Array())) throw new ApiProblem('no-such-file-type')
        securityLog.note('plan-arrived', call.account?.user ?? '', call.address, id)
        return { json: {} }
      },
    },
    {
      method: 'POST',
      path: '/api/v1/map/plans/{villageId}/remove',
      scope: 'filtered',
      summary: {
        zh: '删除在值守台上传的平面图',
        en: 'Remove the plan that was uploaded at the desk; the one before it counts again',
      },
      access: planRoles,
      body: z.strictObject({}),
      answer: z.object({}),
      problems: ['bad-request', 'not-found'],
      run: async (call) => {
        const id = villageOfCall(call)
        if (!plans.remove(id)) throw new ApiProblem('not-found')
        securityLog.note('plan-removed', call.account?.user ?? '', call.address, id)
        return { json: {} }
      },
    },
  ]
}

function levelsRoute({ storage, clock }: MapRouteOptions): Route {
  return {
    method: 'GET',
    path: '/api/v1/boxes/{boxId}/levels',
    summary: {
      zh: '水位计的水位过程与各阶段水位',
      en: 'The levels that a water gauge has sent, and the levels of its stages',
    },
    access: roles,
    query: levelsQuery,
    answer: levelsAnswer,
    problems: ['bad-request'],
    run: async ({ boxId, query }) => {
      const { device, hours, until } = query as z.infer<typeof levelsQuery>
      const fromMs = (until ?? clock.wallMs()) - hours * hourMs
      const json: LevelsAnswer = await storage.levels({ box: boxId, device, fromMs, untilMs: until })
      return { json }
    },
  }
}
