// The devices of a village on its plan: each at its own place or that of its zone, with its alarms; the worst first. Pure.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import type { RegistryVillage } from '../../../protocols/desk/villages/registry.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import type { PlanPoint } from '../../../protocols/domain/places/coordinates.ts'
import { worstOf, type Worst } from './village-marks.ts'

export interface DeviceMark {
  /** `box/device`. */
  id: string
  name: string
  kind: string
  zone: string | undefined
  /** Absent: it is in the list only. */
  point: PlanPoint | undefined
  worst: Worst | undefined
  alarms: DeskAlarm[]
}

/** Devices of one place stand in a ring around it, so that each can be pressed; shares of the plan. */
const ringRadius = 0.018
const perRing = 8

const keyOf = (box: string, device: string): string => `${box}/${device}`

/** Devices that the box lists, and devices of alarms that it does not. */
export function deviceMarks(
  { boxes }: Pick<RegistryVillage, 'boxes'>,
  alarms: readonly DeskAlarm[],
): DeviceMark[] {
  const own = new Set(boxes.map(({ id }) => id))
  const byDevice = new Map<string, DeskAlarm[]>()
  for (const alarm of alarms) {
    if (!own.has(alarm.box)) continue
    const key = keyOf(alarm.box, alarm.device)
    byDevice.set(key, [...(byDevice.get(key) ?? []), alarm])
  }
  const marks: DeviceMark[] = []
  for (const { id: box, devices, zones } of boxes) {
    const zoneNames = new Map(zones.map(({ id, name }) => [id, name ?? id]))
    for (const { id, name, kind, zone, plan } of devices) {
      const key = keyOf(box, id)
      const found = byDevice.get(key) ?? []
      byDevice.delete(key)
      marks.push({
        id: key,
        name: name ?? id,
        kind,
        zone: zone === undefined ? undefined : (zoneNames.get(zone) ?? zone),
        point: plan ?? found[0]?.place?.plan,
        worst: worstOf(found),
        alarms: found,
      })
    }
  }
  for (const [id, found] of byDevice) {
    const [first] = found
    if (!first) continue
    const { place, device, kind } = first
    const [zone, point] = [place?.zone ?? first.zone, place?.plan]
    marks.push({ id, name: place?.device ?? device, kind, zone, point, worst: worstOf(found), alarms: found })
  }
  return spread(marks).sort((a, b) => rankOf(a) - rankOf(b) || (a.name < b.name ? -1 : 1))
}

const rankOf = ({ worst, alarms }: DeviceMark): number =>
  worst ? colours.indexOf(worst.colour) + (worst.isWaiting ? 0 : 4) : alarms.length > 0 ? 8 : 9

function spread(marks: readonly DeviceMark[]): DeviceMark[] {
  const crowds = new Map<string, number>()
  const placeOf = ({ x, y }: PlanPoint): string => `${x.toFixed(3)} ${y.toFixed(3)}`
  const sizes = new Map<string, number>()
  for (const { point } of marks) if (point) sizes.set(placeOf(point), (sizes.get(placeOf(point)) ?? 0) + 1)
  return marks.map((mark) => {
    const { point } = mark
    if (!point || sizes.get(placeOf(point)) === 1) return mark
    const at = crowds.get(placeOf(point)) ?? 0
    crowds.set(placeOf(point), at + 1)
    const radius = ringRadius * (1 + Math.floor(at / perRing))
    const angle = ((at % perRing) / Math.min(perRing, sizes.get(placeOf(point)) ?? 1)) * 2 * Math.PI
    const within = (share: number): number => Math.min(1, Math.max(0, share))
    return {
      ...mark,
      point: {
        x: within(point.x + radius * Math.sin(angle)),
        y: within(point.y - radius * Math.cos(angle)),
      },
    }
  })
}
