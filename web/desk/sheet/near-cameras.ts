// The cameras near the place of an alarm: those of its zone, then those nearest on the plan. Pure.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { RegistryVillage } from '../../../protocols/desk/villages/registry.ts'
import type { PlanPoint } from '../../../protocols/domain/places/coordinates.ts'

export interface NearCamera {
  id: string
  name: string
  zone: string | undefined
  isHere: boolean
  /** Its alarm `camera-offline` stands. */
  isOffline: boolean
}

export const nearCamerasMax = 8

const distance = (one: PlanPoint | undefined, other: PlanPoint | undefined): number =>
  one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 2

export function nearCameras({ boxes }: Pick<RegistryVillage, 'boxes'>, alarm: DeskAlarm): NearCamera[] {
  const box = boxes.find(({ id }) => id === alarm.box)
  if (!box) return []
  const zones = new Map(box.zones.map((zone) => [zone.id, zone]))
  const own = box.devices.find(({ id }) => id === alarm.device)
  const at = alarm.place?.plan ?? own?.plan ?? zones.get(alarm.zone ?? '')?.plan
  return box.devices
    .filter(({ kind, id }) => kind === 'camera' && id !== alarm.device)
    .map(({ id, name, zone, plan, alarms }) => ({
      camera: {
        id,
        name: name ?? id,
        zone: zone === undefined ? undefined : (zones.get(zone)?.name ?? zone),
        isHere: zone !== undefined && zone === alarm.zone,
        isOffline: alarms.includes('camera-offline'),
      },
      far: zone !== undefined && zone === alarm.zone ? -1 : distance(at, plan ?? zones.get(zone ?? '')?.plan),
    }))
    .sort((a, b) => a.far - b.far || (a.camera.name < b.camera.name ? -1 : 1))
    .slice(0, nearCamerasMax)
    .map(({ camera }) => camera)
}
