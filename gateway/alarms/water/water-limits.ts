// The water levels of one device as its judging needs them: thresholds in order, with the village's defaults.
import type { Colour } from '../../../protocols/domain/colour.ts'
import { waterStages, type WaterStage } from '../../../protocols/domain/places/water-stages.ts'
import type { AlarmLimits, WaterLimits } from '../../config/alarm-settings.ts'

export const stageColours: readonly Colour[] = ['blue', 'yellow', 'orange', 'red']

export interface Threshold {
  stage: WaterStage
  colour: Colour
  levelMm: number
}

export interface ResolvedWater {
  /** From the lowest up; a stage without a configured level is left out. */
  thresholds: readonly Threshold[]
  dryMm: number
  /** Below this level there is no water. */
  bedMm: number
  minMm: number
  maxMm: number
  hysteresisMm: number
  stepMm: number
  stepDownMs: number
  flatMs: number
  isRiseJudged: boolean
}

/** Range of a gauge without configured limits. */
const strangersMinMm = -20_000
/**
 * If the lowest possible level (`minMm`) is not configured, the bed is assumed to be at most this far below the
 * lowest configured level.
 */
const bedBelowLowestMm = 5000
const strangersMaxMm = 50_000

export function resolveWater(water: WaterLimits | undefined, limits: AlarmLimits): ResolvedWater {
  const levels = [water?.nearWarningMm, water?.warningMm, water?.guaranteeMm, water?.historicMm]
  const thresholds: Threshold[] = []
  waterStages.forEach((stage, index) => {
    const levelMm = levels[index]
    const colour = stageColours[index]
    if (levelMm !== undefined && colour) thresholds.push({ stage, colour, levelMm })
  })
  const lowestMm = [water?.drySeasonMm, ...levels].find((mm) => mm !== undefined)
  return {
    thresholds,
    dryMm: water?.drySeasonMm ?? -Infinity,
    bedMm: water?.minMm ?? (lowestMm === undefined ? -Infinity : lowestMm - bedBelowLowestMm),
    minMm: water?.minMm ?? strangersMinMm,
    maxMm: water?.maxMm ?? strangersMaxMm,
    hysteresisMm: water?.hysteresisMm ?? limits.waterHysteresisMm,
    stepMm: limits.waterStepMm,
    stepDownMs: limits.waterStepDownS * 1000,
    flatMs: limits.waterFlatS * 1000,
    isRiseJudged: water?.isRiseJudged ?? true,
  }
}
