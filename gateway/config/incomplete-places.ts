// What a configuration leaves out that only the place itself can say; the box works with a default meanwhile.
import type { Problem } from '../../protocols/kit/result.ts'
import type { GatewayConfig } from './config.ts'

/** Gauges whose lowest level is not said: a reading below the bed is then told from water by a default alone. */
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
