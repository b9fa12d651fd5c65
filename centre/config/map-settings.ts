// The config section `map`: the town's own file of tiles, and each village's position and plan. Every source declares its coordinate system;
// what is read is WGS-84.
import { z } from 'zod'
import {
  coordinateSystems,
  toWgs84,
  type PlanCorners,
  type Position,
} from '../../protocols/domain/places/coordinates.ts'

const file = z.string().min(1).max(1000)
const system = z.enum(coordinateSystems)
const lat = z.number().min(-85).max(85)
const lon = z.number().min(-180).max(180)

const corners = z
  .strictObject({ north: lat, south: lat, east: lon, west: lon, system })
  .refine(({ north, south, east, west }) => north > south && east > west, 'north above south, east of west')
  .transform(({ north, south, east, west, system: of }): PlanCorners => {
    const upper = toWgs84({ lat: north, lon: west }, of)
    const lower = toWgs84({ lat: south, lon: east }, of)
    return { north: upper.lat, west: upper.lon, south: lower.lat, east: lower.lon }
  })

export const mapSchema = z
  .strictObject({
    /** Raster tiles in one PMTiles file of the town's own. */
    tiles: z
      .strictObject({
        file,
        /** In which the tiles are drawn. */
        system,
        /** Whose map it is, as the licence wants it shown. */
        note: z.string().max(200).optional(),
      })
      .optional(),
    /** Where the villages are, and their plans; a village without an entry is in the list beside the map only. */
    villages: z
      .array(
        z.strictObject({
          id: z.string().min(1).max(48),
          /** Where its mark stands. */
          at: z
            .strictObject({ lat, lon, system })
            .transform(({ system: of, ...at }): Position => toWgs84(at, of))
            .optional(),
          /** A drawing or an aerial picture; devices stand on it at the places of their zones. */
          plan: z
            .strictObject({
              file: file.regex(/\.(png|jpe?g|webp)$/i, 'a .png, .jpg or .webp file'),
              /** Of a plan whose upper edge is north. */
              corners: corners.optional(),
            })
            .optional(),
        }),
      )
      .max(50_000)
      .default([]),
  })
  .prefault({})

export type MapSettings = z.infer<typeof mapSchema>

/** Files beside the configuration. */
export const withMapPaths = (map: MapSettings, at: (path: string) => string): MapSettings => ({
  ...map,
  ...(map.tiles ? { tiles: { ...map.tiles, file: at(map.tiles.file) } } : {}),
  villages: map.villages.map((village) => ({
    ...village,
    ...(village.plan ? { plan: { ...village.plan, file: at(village.plan.file) } } : {}),
  })),
})

/** Every file with the key that names it. */
export const mapFiles = ({ tiles, villages }: MapSettings): { path: string; file: string }[] => [
  ...(tiles ? [{ path: 'map.tiles.file', file: tiles.file }] : []),
  ...villages.flatMap(({ plan }, i) =>
    plan ? [{ path: `map.villages.${i}.plan.file`, file: plan.file }] : [],
  ),
]
