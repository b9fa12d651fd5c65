// The villages for the map: each with its worst colour and its link; the worst first. Pure.
import type { BoxPresence, DeskAlarm, VillageSummary } from '../../../protocols/desk/api.ts'
import { positionOf, type MapAnswer } from '../../../protocols/desk/villages/map.ts'
import { colours, type Colour } from '../../../protocols/domain/colour.ts'
import type { Position } from '../../../protocols/domain/places/coordinates.ts'
import { isWaiting, shownColour } from '../queue/accept-deadline.ts'

/** The worst colour of some alarms, and whether one of that colour waits for an answer. */
export interface Worst {
  colour: Colour
  isWaiting: boolean
}

export interface VillageMark {
  id: string
  name: string
  /** WGS-84; absent: it is in the list only. */
  at: Position | undefined
  hasPlan: boolean
  worst: Worst | undefined
  open: number
  link: BoxPresence
}

const linkOrder: readonly BoxPresence[] = ['silent', 'late', 'unknown', 'present']

/** Waiting before accepted, then by colour; drills count for nothing. */
export function worstOf(alarms: readonly DeskAlarm[]): Worst | undefined {
  let worst: Worst | undefined
  for (const alarm of alarms) {
    if (alarm.isDrill) continue
    const one = { colour: shownColour(alarm), isWaiting: isWaiting(alarm) }
    if (!worst || rankOf(one) < rankOf(worst)) worst = one
  }
  return worst
}

const rankOf = (worst: Worst | undefined): number =>
  worst === undefined
    ? 2 * colours.length
    : colours.indexOf(worst.colour) + (worst.isWaiting ? 0 : colours.length)

export function villageMarks(
  villages: readonly VillageSummary[],
  alarms: readonly DeskAlarm[],
  map: MapAnswer,
): VillageMark[] {
  const byVillage = new Map<string, DeskAlarm[]>()
  for (const alarm of alarms) byVillage.set(alarm.village, [...(byVillage.get(alarm.village) ?? []), alarm])
  const placed = new Map(map.villages.map((village) => [village.id, village]))
  return villages
    .map((village): VillageMark => {
      const { id, boxes } = village
      const on = placed.get(id)
      const own = byVillage.get(id) ?? []
      const links = boxes.map(({ presence }) => linkOrder.indexOf(presence))
      return {
        id,
        name: on?.name ?? boxes[0]?.name ?? id,
        at: positionOf(on, undefined),
        hasPlan: on?.plan !== undefined,
        worst: worstOf(own),
        open: own.length,
        link: linkOrder[Math.min(...links)] ?? 'unknown',
      }
    })
    .sort(
      (a, b) =>
        rankOf(a.worst) - rankOf(b.worst) ||
        linkOrder.indexOf(a.link) - linkOrder.indexOf(b.link) ||
        (a.name < b.name ? -1 : 1),
    )
}
