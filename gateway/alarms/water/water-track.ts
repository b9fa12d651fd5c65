// The track of a water gauge: readings are checked and flagged, never dropped; the stage is held with hysteresis,
// rise and trend are computed. Pure: (track, sample) -> (track, verdict).
import { outranks, type Colour } from '../../../protocols/domain/colour.ts'
import { isNoData } from './no-data.ts'
import { judgeRise, levelAgoMm, riseColours, type RiseGrade, type Sample } from './water-rise.ts'
import type { ResolvedWater } from './water-limits.ts'

/** Most samples kept for the rate of rise; further ones replace the latest. */
export const samplesMax = 64
/** A sample closer than this to the one before replaces it, so that a burst does not push out an hour of samples. */
const sampleSpacingMs = 60_000
export const samplesForMs = 120 * 60_000
/** The step limit applies to this time span; a longer gap allows more. */
const stepPerMs = 5 * 60_000
/** This many values out of range in a row are a fault of the device. */
const outOfRangeMax = 3
/** Two values this close are equal: the resolution of a gauge. */
const sameMm = 1

/** Tolerance for samples that carry their own time: if two lie further apart, one may be missing between them. */
const gapOfIntervals = 1.5

export interface WaterTrack {
  /**
   * Steady time at which the latest reading arrived, and at which a step began to wait. All other times are water
   * time.
   */
  heardSteadyMs?: number
  pendingSteadyMs?: number
  /** For a gauge that gives the time: its recent values, spikes included, and late ones. */
  isOwnTime?: boolean
  raw?: Sample[]
  late?: Sample[]
  /** Accepted samples, oldest first. */
  samples: Sample[]
  /** The number of thresholds at or below the held stage: 0 is none. */
  stage: number
  /** Since when the level is below the held stage by more than the hysteresis. */
  lowerSinceMs?: number
  rise: RiseGrade
  /** When the held rise was last detected. */
  riseSeenMs: number
  /** A step that waits for a second sample. */
  pending?: Sample
  flatSinceMs: number
  flatMm?: number
  outOfRange: number
}

export interface WaterVerdict {
  flags: string[]
  /** The device must be asked for more samples now. */
  wantsBurst: boolean
  fault?: 'flat' | 'out-of-range'
  /** Rise over the last quarter of an hour, per hour. */
  riseMmPerHour: number
  /** The level that a late reading shows the water had reached, if it is higher than was known. */
  peak?: WaterTrack
}

export const emptyTrack: WaterTrack = {
  samples: [],
  stage: 0,
  rise: 0,
  riseSeenMs: 0,
  flatSinceMs: 0,
  outOfRange: 0,
}

/** True when the change to `levelMm` is larger than any observed rise, so that a second sample is needed. */
function isStep(samples: readonly Sample[], [atMs, levelMm]: Sample, stepMm: number): boolean {
  const last = samples.at(-1)
  if (!last) return false
  const elapsedMs = Math.max(0, atMs - last[0])
  const change = levelMm - last[1]
  let allowedMm = stepMm * Math.max(1, elapsedMs / stepPerMs)
  const before = samples.at(-2)
  // A confirmed flood may continue at its rate: after a rise of 0.38 m in 5 min the same rise is allowed again.
  if (before && last[0] > before[0]) {
    const expected = ((last[1] - before[1]) / (last[0] - before[0])) * elapsedMs
    if (Math.sign(expected) === Math.sign(change)) allowedMm += Math.abs(expected)
  }
  return Math.abs(change) > allowedMm
}

export function keepSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const previous = samples.at(-2)
  const isBurst = previous !== undefined && sample[0] - previous[0] < sampleSpacingMs
  const kept = (isBurst ? samples.slice(0, -1) : samples).filter(([atMs]) => sample[0] - atMs <= samplesForMs)
  kept.push(sample)
  return kept.length > samplesMax ? kept.slice(-samplesMax) : kept
}

/** The highest stage that `levelMm` reaches, or still holds within the hysteresis of `heldStage`. */
function stageAt(levelMm: number, heldStage: number, water: ResolvedWater): number {
  let stage = 0
  water.thresholds.forEach((threshold, index) => {
    const marginMm = index < heldStage ? water.hysteresisMm : 0
    if (levelMm >= threshold.levelMm - marginMm) stage = index + 1
  })
  return stage
}

/** The stage that `levelMm` reaches without a held stage: 0 is none. */
export const stageReached = (levelMm: number, water: ResolvedWater): number => stageAt(levelMm, 0, water)

function holdStage(track: WaterTrack, atMs: number, levelMm: number, water: ResolvedWater): WaterTrack {
  const stage = stageAt(levelMm, track.stage, water)
  const { lowerSinceMs, ...rest } = track
  if (stage >= track.stage) return { ...rest, stage }
  const sinceMs = lowerSinceMs ?? atMs
  return atMs - sinceMs >= water.stepDownMs ? { ...rest, stage } : { ...rest, lowerSinceMs: sinceMs }
}

function holdRise(
  track: WaterTrack,
  atMs: number,
  levelMm: number,
  water: ResolvedWater,
  gapMsMax: number,
): WaterTrack {
  const isJudged = water.isRiseJudged && levelMm > Math.max(water.dryMm, water.bedMm)
  const seen = isJudged ? judgeRise(track.samples, [atMs, levelMm], { bedMm: water.bedMm, gapMsMax }) : 0
  if (seen > 0 && seen >= track.rise) return { ...track, rise: seen, riseSeenMs: atMs }
  return track.rise > 0 && atMs - track.riseSeenMs >= water.stepDownMs
    ? { ...track, rise: seen, riseSeenMs: atMs }
    : track
}

/** The colour and variant of the present track. If stage and rise give the same colour, the stage is named. */
export function waterColour(
  track: WaterTrack,
  water: ResolvedWater,
): { colour: Colour; variant: string } | undefined {
  const stage = water.thresholds[track.stage - 1]
  const rise = riseColours[track.rise]
  if (rise && (!stage || outranks(rise, stage.colour))) return { colour: rise, variant: `rise-${rise}` }
  return stage && { colour: stage.colour, variant: stage.stage }
}

export const trackColour = (track: WaterTrack, water: ResolvedWater): Colour | undefined =>
  waterColour(track, water)?.colour

function acceptSample(
  track: WaterTrack,
  sample: Sample,
  water: ResolvedWater,
  intervalMs: number,
): WaterTrack {
  const [atMs, levelMm] = sample
  const isSame = track.flatMm !== undefined && Math.abs(levelMm - track.flatMm) < sameMm
  const isFlat = isSame && levelMm > water.dryMm
  const { pending: _settled, pendingSteadyMs: _too, ...rest } = track
  const gapMsMax = track.isOwnTime ? gapOfIntervals * intervalMs : Infinity
  const kept: WaterTrack = {
    ...rest,
    samples: keepSample(track.samples, sample),
    outOfRange: 0,
    ...(isFlat ? {} : { flatSinceMs: atMs, flatMm: levelMm }),
  }
  return holdRise(holdStage(kept, atMs, levelMm, water), atMs, levelMm, water, gapMsMax)
}

/** Rise over the quarter of an hour before the latest sample, per hour. */
export function riseMmPerHourOf({ samples }: WaterTrack): number {
  const last = samples.at(-1)
  const agoMm = last && levelAgoMm(samples, last[0], 15 * 60_000)
  return last === undefined || agoMm === undefined ? 0 : Math.round((last[1] - agoMm) * 4)
}

/** True when a level is physically possible. */
export const isMeasured = (levelMm: number, water: ResolvedWater): boolean =>
  !isNoData(levelMm) && levelMm >= water.minMm && levelMm <= water.maxMm

/** Takes a reading that is younger than all before. `intervalMs` is the report interval of the device. */
export function takeInOrder(
  before: WaterTrack,
  sample: Sample,
  water: ResolvedWater,
  intervalMs: number,
): { track: WaterTrack; verdict: WaterVerdict } {
  let track = before
  const [atMs, levelMm] = sample
  const flags: string[] = []
  const last = track.samples.at(-1)
  if (last && atMs - last[0] > 2.5 * intervalMs) flags.push('gap')
  const verdict = (more: Partial<WaterVerdict>): WaterVerdict => ({
    flags,
    wantsBurst: false,
    riseMmPerHour: riseMmPerHourOf(track),
    ...more,
  })
  if (!isMeasured(levelMm, water)) {
    track = { ...track, outOfRange: track.outOfRange + 1 }
    flags.push(isNoData(levelMm) ? 'no-data' : 'out-of-range')
    return { track, verdict: verdict(track.outOfRange >= outOfRangeMax ? { fault: 'out-of-range' } : {}) }
  }
  const { pending } = track
  const isConfirming =
    pending !== undefined &&
    last !== undefined &&
    Math.abs(levelMm - pending[1]) < Math.abs(levelMm - last[1])
  if (pending && !isConfirming) flags.push('after-spike')
  if (pending && isConfirming) {
    flags.push('confirmed-step')
    track = acceptSample(track, pending, water, intervalMs)
  } else if (isStep(track.samples, sample, water.stepMm)) {
    flags.push('unconfirmed-step')
    track = { ...track, pending: sample, outOfRange: 0 }
    return { track, verdict: verdict({ wantsBurst: true }) }
  }
  track = acceptSample(track, sample, water, intervalMs)
  const isFlat = atMs - track.flatSinceMs >= water.flatMs
  if (isFlat) flags.push('flat')
  return { track, verdict: verdict(isFlat ? { fault: 'flat' } : {}) }
}
