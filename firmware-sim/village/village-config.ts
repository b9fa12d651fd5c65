// The part of a gateway's configuration that names a simulated village's zones and devices.
import { stringify } from 'yaml'
import { createPopulation } from './population.ts'
import { curveOf } from './village.ts'

const zoneNames: Record<string, string> = {
  east: '村东 East end',
  west: '村西 West end',
  square: '村中 Village square',
  creek: '溪边 The creek',
}

/** Heights above the creek's usual level at which the stages of the alarm begin. */
export const stageHeightsMm = { nearWarningMm: 300, warningMm: 600, guaranteeMm: 900, historicMm: 1400 }

export interface VillageConfigOptions {
  devices: number
  seed: number
  intervalSeconds: number
  sleepyShare?: number | undefined
}

/** YAML with `zones:` and `devices:`, to be put into the gateway's configuration file. */
export function createVillageConfig(options: VillageConfigOptions): string {
  const { seed, intervalSeconds } = options
  const population = createPopulation(options.devices, seed, options.sleepyShare)
  const zones = [...new Set(population.map(({ zone }) => zone))].sort()
  return stringify({
    zones: zones.map((id) => ({ id, name: zoneNames[id] ?? id })),
    devices: population.map(({ id, kind, zone, batteryPercent }) => ({
      id,
      kind,
      zone,
      // The gateway takes no shorter interval.
      ...(intervalSeconds >= 10 && { reportIntervalS: Math.round(intervalSeconds) }),
      ...(batteryPercent === undefined && { isAlwaysConnected: true }),
      ...(kind === 'water' && { water: limitsAbove(Math.round(curveOf(id, seed).baseMm)) }),
    })),
  })
}

function limitsAbove(baseMm: number): Record<string, number> {
  return Object.fromEntries(Object.entries(stageHeightsMm).map(([stage, height]) => [stage, baseMm + height]))
}
