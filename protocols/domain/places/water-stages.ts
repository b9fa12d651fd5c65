// The stages of a water gauge, from the lowest up.
export const waterStages = ['near-warning', 'warning', 'guarantee', 'historic'] as const
export type WaterStage = (typeof waterStages)[number]

export interface StageLevel {
  stage: WaterStage
  /** On the gauge. */
  mm: number
}
