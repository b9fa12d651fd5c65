// The name of an alarm: the person and the place first, names instead of ids, all times in the village's local time.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { deskOffsetMin, timeOfDay } from '../../shared/durations.ts'
import { household } from '../../shared/household.ts'

type Named = Pick<DeskAlarm, 'box' | 'boxName' | 'device' | 'zone' | 'place'>

/** Person or place: `Granny Wang, No. 12`; for the box itself, the village. */
export function headingOf(alarm: Named): BilingualText {
  const { place, zone, device, box, boxName } = alarm
  if (device === box) return { zh: boxName, en: boxName }
  const first = place?.zone ?? place?.device ?? zone ?? device
  const house = place?.household === undefined ? undefined : household(place.household)
  const isNamed = house !== undefined && (first.includes(house.zh) || first.includes(house.en))
  if (house === undefined || isNamed) return { zh: first, en: first }
  return { zh: `${first}，${house.zh}`, en: `${first}, ${house.en}` }
}

/** The device's own name; its id if it has none. */
export const deviceNameOf = ({ place, device, box, boxName }: Named): string =>
  device === box ? boxName : (place?.device ?? device)

/** Further words of the village about the place, not in the heading. */
export function placesOf({ place }: Pick<Named, 'place'>): BilingualText[] {
  const { grid, lampPost, text } = place ?? {}
  return [
    ...(grid === undefined ? [] : [{ zh: `网格 ${grid}`, en: `grid ${grid}` }]),
    ...(lampPost === undefined ? [] : [{ zh: `灯杆 ${lampPost}`, en: `lamp-post ${lampPost}` }]),
    ...(text === undefined ? [] : [{ zh: text, en: text }]),
  ]
}

/** The number to dial; undefined for an invalid one. */
export function phoneLink(phone: string | undefined): string | undefined {
  const digits = (phone ?? '').replace(/[^\d+]/g, '')
  return /^\+?\d{2,20}$/.test(digits) ? `tel:${digits}` : undefined
}

/** A time in the village's own zone, and at this desk if that differs. */
export function villageTime(
  atMs: number,
  nowMs: number,
  { place }: Pick<Named, 'place'>,
): { there: string; here?: string } {
  const offsetMin = place?.utcOffsetMin
  const there = timeOfDay(atMs, nowMs, offsetMin)
  if (offsetMin === undefined || offsetMin === deskOffsetMin(atMs)) return { there }
  return { there, here: timeOfDay(atMs, nowMs) }
}
