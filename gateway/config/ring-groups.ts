// Ring groups (十户联防): neighbours whose sirens, lamps and signs all act on an emergency call of one of them, with or without a link. A
// group is a short way to write local rules: journal, limits, ends and drills are those of the rules.
import { z } from 'zod'
import { deviceIdPattern } from '../../protocols/domain/names.ts'
import type { Problem } from '../../protocols/kit/result.ts'
import type { DeviceKind, DeviceSettings, RuleSettings } from './alarm-settings.ts'

const id = z.string().regex(deviceIdPattern, 'letters, digits, dot, dash, underscore; 1 to 64')

export const ringGroupsMax = 200
/** Households of one group. */
export const groupZonesMax = 30

export const ringGroupSchema = z.strictObject({
  id,
  name: z.string().min(1).max(120).optional(),
  /** Its households, as zones. */
  zones: z.array(id).min(2).max(groupZonesMax),
  /** It ends after this, or when people have answered. */
  seconds: z.number().int().min(1).max(3600).default(180),
  /** The text of signs and loudspeakers; {place} and {zh} become the household and the alarm. */
  text: z.string().min(1).max(300).default('{place} 紧急求助，请邻居前往'),
})
export const ringGroupsSchema = z.array(ringGroupSchema).max(ringGroupsMax)
export type RingGroup = z.infer<typeof ringGroupSchema>

/** What each kind of device does for its neighbours. */
const actions: Partial<Record<DeviceKind, string>> = {
  siren: 'siren',
  lamp: 'lamp',
  sign: 'sign',
  loudspeaker: 'speak',
}
const withText = new Set<DeviceKind>(['sign', 'loudspeaker'])

type Acting = Pick<DeviceSettings, 'id' | 'kind' | 'zone'>

const actingIn = ({ zones }: RingGroup, devices: readonly Acting[]): Acting[] =>
  devices.filter(
    ({ kind, zone }) => actions[kind] !== undefined && zone !== undefined && zones.includes(zone),
  )

/** Duress and silent calls ring nothing: a rule answers them only where it lists them. */
export function rulesOfRingGroups(groups: readonly RingGroup[], devices: readonly Acting[]): RuleSettings[] {
  return groups.flatMap((group) =>
    actingIn(group, devices).map((device): RuleSettings => ({
      id: `ring.${group.id}.${device.id}`,
      when: { kinds: ['sos'], zones: group.zones },
      device: device.id,
      do: actions[device.kind] ?? 'siren',
      ...(withText.has(device.kind) ? { with: { text: group.text } } : {}),
      secondsMax: group.seconds,
    })),
  )
}

/** Zones that are not there, ids that repeat, and a group in which nothing can sound. */
export function checkRingGroups(
  groups: readonly RingGroup[],
  zones: readonly { id: string }[],
  devices: readonly Acting[],
): Problem[] {
  const zoneIds = new Set(zones.map((zone) => zone.id))
  const seen = new Set<string>()
  return groups.flatMap((group, index) => {
    const path = `ringGroups.${index}`
    const problems: Problem[] = group.zones
      .filter((zone) => !zoneIds.has(zone))
      .map((zone) => ({ path: `${path}.zones`, message: `one of zones[].id; there is no "${zone}"` }))
    if (seen.has(group.id))
      problems.push({ path: `${path}.id`, message: `each id once; "${group.id}" is there already` })
    seen.add(group.id)
    if (actingIn(group, devices).length === 0)
      problems.push({
        path: `${path}.zones`,
        message: 'none of these households has a siren, lamp, sign or loudspeaker 组内没有可鸣响或显示的设备',
      })
    return problems
  })
}
