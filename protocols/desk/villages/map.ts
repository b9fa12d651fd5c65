// The map of the town: where the villages are, their plans, and the town's own file of tiles.
import {
  positionOnPlan,
  type CoordinateSystem,
  type PlanCorners,
  type PlanPoint,
  type Position,
} from '../../domain/places/coordinates.ts'

/** `GET /api/v1/map/plans/{villageId}` has the picture. */
export interface MapPlan {
  /** WGS-84. Absent: the plan is a drawing of its own, without a place on the map. */
  corners?: PlanCorners
  /** Of an uploaded picture: changes with it. */
  version?: number
  /** Who uploaded it; absent: it is in the configuration of the centre. */
  source?: 'desk' | 'box'
}

export interface MapVillage {
  id: string
  name?: string
  /** WGS-84. */
  at?: Position
  plan?: MapPlan
}

interface Placed {
  at?: Position | undefined
  plan?: { corners?: PlanCorners | undefined } | undefined
}

/** WGS-84: the place on the plan where the plan stands on the map, else the village. */
export function positionOf(village: Placed | undefined, point: PlanPoint | undefined): Position | undefined {
  const corners = village?.plan?.corners
  if (corners && point) return positionOnPlan(corners, point)
  return village?.at ?? (corners && positionOnPlan(corners, { x: 0.5, y: 0.5 }))
}

/** `GET /api/v1/map/tiles`, read in ranges: a PMTiles file of raster tiles. */
export interface MapTiles {
  /** The tiles are drawn in it. */
  system: CoordinateSystem
  /** Whose picture it is, as the licence wants it. */
  note?: string
}

/** `GET /api/v1/map`. */
export interface MapAnswer {
  tiles?: MapTiles
  villages: MapVillage[]
}
