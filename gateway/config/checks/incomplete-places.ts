// What the place itself has to provide: the lowest levels of gauges, and zones that suit the alarm panels; until then a default counts.
import type { Problem } from '../../../protocols/kit/result.ts'
import type { GatewayConfig } from '../config.ts'

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

/** Kinds whose readings are alarms only while their zone is armed. */
const armedKinds: readonly string[] = ['contact', 'motion']

/** An alarm panel arms itself, so a zone that the box disarms takes its break-ins for nothing. */
export function findDisarmedPanels({
  devices,
  zones,
  bridges,
}: Pick<GatewayConfig, 'devices' | 'zones' | 'bridges'>): Problem[] {
  const panels = new Set(bridges.filter(({ dialect }) => dialect === 'dc09').map(({ id }) => id))
  return devices.flatMap((device, i) => {
    if (device.via === undefined || !panels.has(device.via) || !armedKinds.includes(device.kind)) return []
    const zone = zones.find(({ id }) => id === device.zone)
    if (zone?.armed === true && zone.schedule === undefined) return []
    return [
      {
        path: `devices.${i}.zone`,
        message:
          'an alarm panel arms itself: put its devices into a zone with armed: true and no schedule, or a break-in that it reports raises no alarm 报警主机自行布防：请放入 armed: true 且无 schedule 的防区，否则入侵不报警',
      },
    ]
  })
}
