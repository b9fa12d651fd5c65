// A distance sensor that looks down on the water: its distance becomes a level if its height is configured.
import type { DialectReadings } from '../port.ts'

/** `mountingHeightMm`: the height of the sensor above the bed, or above the zero of its gauge. */
export function withLevel(readings: DialectReadings, mountingHeightMm: number | undefined): DialectReadings {
  const distance = readings['distanceMm']
  if (mountingHeightMm === undefined || distance === undefined || readings.waterLevelMm !== undefined)
    return readings
  return { ...readings, waterLevelMm: typeof distance === 'number' ? mountingHeightMm - distance : null }
}
