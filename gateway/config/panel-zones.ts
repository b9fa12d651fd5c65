// Devices behind an alarm panel: the panel arms itself, so a zone that the box disarms takes its break-ins for nothing.
import type { Problem } from '../../protocols/kit/result.ts'
import type { GatewayConfig } from './config.ts'

/** Kinds whose readings are alarms only while their zone is armed. */
const armedKinds: readonly string[] = ['contact', 'motion']

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
