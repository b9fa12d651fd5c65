// The map of the town: where the villages are, their plans, and the town's own file of tiles.
import type { CoordinateSystem, PlanCorners, Position } from '../../domain/places/coordinates.ts'

/** `GET /api/v1/map/plans/{villageId}` has the picture. */
export interface MapPlan {
  /** WGS-84. Absent: the plan is a drawing of its own, without a place on the map. */
  corners?: PlanCorners
}

export interface MapVillage {
  id: string
  name?: string
  /** WGS-84. */
  at?: Position
  plan?: MapPlan
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
