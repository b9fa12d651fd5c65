// Missing values that only the place itself can provide; until then the box uses a default.
import type { Problem } from '../../protocols/kit/result.ts'
import type { GatewayConfig } from './config.ts'

/** Gauges without a configured lowest level: only a default then separates a reading below the bed from water. */
export function findIncompletePlaces({ devices }: Pick<GatewayConfig, 'devices'>): Problem[] {
  return devices.flatMap(({ kind, water }, i) =>
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
}
