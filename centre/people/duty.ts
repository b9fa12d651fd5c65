// The people on duty at a moment, nearest to a place first. Pure.
import { isWithin, minuteOfWeek } from '../../platform/time/duty-hours.ts'
import type { NearReason, PersonOnDuty, Position, RosterPerson } from '../../protocols/desk/roster.ts'

const earthRadiusM = 6_371_009
/** After all people with a known distance. */
const farM = 1e9

export function isOnDuty(
  { hours, absences, expiresAtMs }: RosterPerson,
  timeZone: string,
  atMs: number,
): boolean {
  if (expiresAtMs <= atMs) return false
  if (absences.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)) return false
  return hours.length === 0 || hours.some((one) => isWithin(one, minuteOfWeek(timeZone, atMs)))
}

/** Metres along a great circle. */
export function distanceM(a: Position, b: Position): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const byLatitude = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2
  const byLongitude = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const share = byLatitude + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * byLongitude
  return 2 * earthRadiusM * Math.asin(Math.sqrt(Math.min(1, share)))
}

export interface DispatchPlace {
  village: string
  zone?: string | undefined
  cell?: string | undefined
  position?: Position | undefined
}

const order: Record<NearReason, number> = { cell: 0, zone: 1, distance: 2, village: 3 }

/**
 * The keeper of the grid cell first, then the person responsible for the zone, then by distance, then others who serve
 * the village. A person responsible only for other zones is still listed, because that person can be sent.
 */
export function rankNearest(people: readonly RosterPerson[], scene: DispatchPlace): PersonOnDuty[] {
  const serving = people.filter(({ villages }) => villages.includes(scene.village))
  const ranked = serving.map((person): PersonOnDuty => {
    const isKnown = person.position !== undefined && scene.position !== undefined
    const far = isKnown && person.position && scene.position && distanceM(person.position, scene.position)
    const why: NearReason =
      scene.cell !== undefined && person.cell === scene.cell
        ? 'cell'
        : scene.zone !== undefined && person.zones.includes(scene.zone)
          ? 'zone'
          : isKnown
            ? 'distance'
            : 'village'
    return { person, why, ...(typeof far === 'number' ? { distanceM: Math.round(far) } : {}) }
  })
  return ranked.sort(
    (a, b) =>
      order[a.why] - order[b.why] ||
      (a.distanceM ?? farM) - (b.distanceM ?? farM) ||
      (a.person.name < b.person.name ? -1 : 1),
  )
}
