// The levels that a water gauge has sent, and the levels of its stages.
import type { StageLevel } from '../../domain/places/water-stages.ts'

/** ms since 1970 by the box, mm on the gauge. */
export type LevelSample = [atMs: number, levelMm: number]

/** `GET /api/v1/boxes/{boxId}/levels?device=&hours=&until=`: oldest first. */
export interface LevelsAnswer {
  samples: LevelSample[]
  /** From the lowest up; empty when the box has sent none. */
  stages: StageLevel[]
  /** The box has sent more records in this time than one answer reads: the oldest samples are left out. */
  isCut?: true
}
