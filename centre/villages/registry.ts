// The registry by division code: puts together what the configuration, the boxes and the roster say of each village. Pure.
import { gradeRank } from '../../protocols/domain/colour.ts'
import { townOf } from '../../protocols/domain/names.ts'
import type { VillageSummary } from '../../protocols/desk/api.ts'
import {
  levelOf,
  type RegistryBox,
  type RegistryContact,
  type RegistryDivision,
  type RegistryVillage,
} from '../../protocols/desk/villages/registry.ts'
import type { PlanPoint } from '../../protocols/domain/places/coordinates.ts'
import type { BoxListing } from '../storage/port.ts'

/** Digits of the divisions above a village, the lowest first: town, county, city, province. */
const digitsAbove = [9, 6, 4, 2] as const

/** A centre below reports under the code of its town, which is its own village here. */
export function divisionsAbove(village: string): string[] {
  const level = levelOf(village)
  if (level !== 'village' && level !== 'town') return []
  return digitsAbove.filter((digits) => digits < village.length).map((digits) => village.slice(0, digits))
}

/** True when the village lies in that division, or is the village itself. */
export const isUnder = (village: string, under: string): boolean =>
  village === under ||
  (levelOf(under) !== undefined && townOf(village) !== undefined && village.startsWith(under))

/** Every division above these villages, with the number of villages in it; in the order of their codes. */
export function divisionsOf(
  villages: readonly string[],
  names: ReadonlyMap<string, string>,
): RegistryDivision[] {
  const counts = new Map<string, number>()
  for (const village of villages)
    for (const code of divisionsAbove(village)) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([code, count]) => {
      const level = levelOf(code)
      const name = names.get(code)
      return level ? [{ code, level, ...(name === undefined ? {} : { name }), villages: count }] : []
    })
}

export interface VillageFacts {
  village: VillageSummary
  name: string | undefined
  /** By box. */
  listed: ReadonlyMap<string, BoxListing>
  contacts: RegistryContact[] | undefined
}

const planOf = (plan: PlanPoint | undefined): { plan?: PlanPoint } => (plan ? { plan } : {})

function boxOf(box: VillageSummary['boxes'][number], listing: BoxListing | undefined): RegistryBox {
  const { id, name, presence, lastHeardAtMs } = box
  const zones = (listing?.zones ?? []).map((zone) => ({
    id: zone.id,
    ...(zone.name === undefined ? {} : { name: zone.name }),
    grade: zone.grade ?? ('general' as const),
    ...(zone.plan ? { plan: zone.plan } : {}),
  }))
  const plans = new Map(zones.map(({ id: zone, plan }) => [zone, plan]))
  const devices = (listing?.devices ?? []).map((device) => ({
    id: device.id,
    ...(device.name === undefined ? {} : { name: device.name }),
    kind: device.kind,
    ...(device.zone === undefined ? {} : { zone: device.zone }),
    ...planOf(device.plan ?? plans.get(device.zone ?? '')),
    alarms: device.alarms,
  }))
  return {
    id,
    name,
    presence,
    ...(lastHeardAtMs === undefined ? {} : { lastHeardAtMs }),
    zones: zones.sort((a, b) => gradeRank(a.grade) - gradeRank(b.grade)),
    devices: devices.sort((a, b) => Number(b.alarms.length > 0) - Number(a.alarms.length > 0)),
    ...(listing?.isCut === true ? { isCut: true as const } : {}),
  }
}

export function registryVillage({ village, name, listed, contacts }: VillageFacts): RegistryVillage {
  return {
    id: village.id,
    ...(name === undefined ? {} : { name }),
    above: divisionsAbove(village.id),
    boxes: village.boxes.map((box) => boxOf(box, listed.get(box.id))),
    openAlarms: village.openAlarms,
    ...(contacts === undefined ? {} : { contacts }),
  }
}
