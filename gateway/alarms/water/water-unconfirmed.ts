// A jump of the water level without a second sample, when the gauge sends nothing more.
import type { Colour } from '../../../protocols/domain/colour.ts'
import type { ResolvedWater } from './water-limits.ts'
import { riseLimits } from './water-rise.ts'
import { stageReached, type WaterTrack } from './water-track.ts'

/** The colour of an unconfirmed jump: never red, because it is a single value. */
export function unconfirmedColour(track: WaterTrack, water: ResolvedWater): Colour | undefined {
  const { pending } = track
  const last = track.samples.at(-1)
  if (!pending || !last || pending[1] <= last[1]) return undefined
  const stage = water.thresholds[stageReached(pending[1], water) - 1]
  if (stage) return stage.colour === 'red' ? 'orange' : stage.colour
  return pending[1] - last[1] >= riseLimits.yellowMm && pending[1] > water.dryMm ? 'yellow' : undefined
}
