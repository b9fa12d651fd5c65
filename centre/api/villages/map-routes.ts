// The map of the town: positions, plans and the file of tiles, from the configuration; and the levels of a water gauge.
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import { roles } from '../../../protocols/desk/api.ts'
import type { LevelsAnswer } from '../../../protocols/desk/villages/levels.ts'
import type { MapAnswer, MapVillage } from '../../../protocols/desk/villages/map.ts'
import { isInScope } from '../../../protocols/desk/scope.ts'
import { coordinateSystems } from '../../../protocols/domain/places/coordinates.ts'
import { waterStages } from '../../../protocols/domain/places/water-stages.ts'
import type { Clock } from '../../../protocols/kit/clock-port.ts'
import type { MapSettings } from '../../config/map-settings.ts'
import type { Storage } from '../../storage/port.ts'
import { ApiProblem } from '../problems.ts'
import type { Route, RouteAnswer } from '../route.ts'

const hourMs = 3_600_000
/** A week: what a flood takes. */
const hoursMax = 168

export interface MapRouteOptions {
  storage: Pick<Storage, 'levels'>
  clock: Clock
  map: MapSettings
  /** Names of villages, by their code. */
  names: ReadonlyMap<string, string>
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

/** Where nothing is configured, the village is left out. */
function villagesOf({ map, names }: MapRouteOptions): MapVillage[] {
  return map.villages.map(({ id, at, plan }) => {
    const name = names.get(id)
    return {
      id,
      ...(name === undefined ? {} : { name }),
      ...(at ? { at } : {}),
      ...(plan ? { plan: plan.corners ? { corners: plan.corners } : {} } : {}),
    }
  })
}

export function createMapRoutes(options: MapRouteOptions): Route[] {
  const { map } = options
  const villages = villagesOf(options)
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
          villages: villages.filter(({ id }) => isInScope(account?.scope, id)),
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
        const plan = map.villages.find((village) => village.id === id)?.plan
        if (!plan || !isInScope(account?.scope, id)) throw new ApiProblem('not-found')
        return stored(plan.file)
      },
    },
    levelsRoute(options),
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
