// Missing values that only the place itself can provide; until then the box uses a default.
import type { Problem } from '../../protocols/kit/result.ts'
import type { GatewayConfig } from './config.ts'

/** A native device sends its level itself, so the height of its sensor would have no effect here. */
const withoutEffect = ({ devices }: Pick<GatewayConfig, 'devices'>): Problem[] =>
  devices.flatMap(({ mountingHeightMm, dialect, via, address }, i) =>
    mountingHeightMm !== undefined && (dialect ?? via ?? address) === undefined
      ? [
          {
            path: `devices.${i}.mountingHeightMm`,
            message:
              'it has no effect: a device with the native messages sends waterLevelMm itself; it is for a distance sensor of another dialect (dialect, or address with via) 无效：原生设备自行上报水位，此项只用于其他方言的测距传感器',
          },
        ]
      : [],
  )

/** Gauges without a configured lowest level: only a default then separates a reading below the bed from water. */
export function findIncompletePlaces({ devices }: Pick<GatewayConfig, 'devices'>): Problem[] {
  const unlimited = devices.flatMap(({ kind, water }, i) =>
    kind === 'water' && water?.minMm === undefined
      ? [
          {
            path: `devices.${i}.water.minMm`,
            message:
              'the lowest level that this gauge can show is not said: set it to the level of the bed, so that a broken probe is no water 未填写该水位计的最低水位，请填河床高程',
          },
        ]
      : [],
  )
  return [...unlimited, ...withoutEffect({ devices })]
}
