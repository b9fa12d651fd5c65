// An alarm of a box that the centre can not read: its number is receipted and the box may delete the record, so the centre raises an
// alarm of its own and people ask the village. Pure.
import type { Alarm, BilingualText } from '../../protocols/domain/alarm.ts'
import { colours, colourSigns, outranks, type Colour } from '../../protocols/domain/colour.ts'
import { occurrencesMax } from '../../protocols/domain/limits.ts'
import { plainText } from '../../protocols/domain/plain-text.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'

/** Of the record, as the description of the place: a desk's row allows 120. */
const beginningCharsMax = 110

export interface UnreadableAlarm {
  colour: Colour
  /** The beginning of the record. */
  beginning: string
  /** The box may send it again, because nothing receipts it: what is in quarantine already is no further alarm. */
  mayComeAgain?: true
}

const knownColour = (value: unknown): Colour | undefined => colours.find((colour) => colour === value)

/** The colour that an unreadable value with an alarm names; `otherwise` when that can not be read either. */
export function colourIn(value: unknown, otherwise: Colour): Colour {
  const alarm = isObject(value) ? value['alarm'] : undefined
  return (isObject(alarm) ? knownColour(alarm['colour']) : undefined) ?? otherwise
}

/** The colour of the alarm that an unreadable record of this lane may be; undefined when it is none. */
export function colourOfUnreadable(lane: string, record: unknown): Colour | undefined {
  if (lane === 'red' || lane === 'orange') return lane
  if (!isObject(record) || record['type'] !== 'alarm') return undefined
  return knownColour(lane) ?? colourIn(record, 'yellow')
}

/** The more urgent one, and the first of equals. */
export const worse = (a: UnreadableAlarm | undefined, b: UnreadableAlarm): UnreadableAlarm =>
  a === undefined || outranks(b.colour, a.colour) ? b : a

const words = (boxName: string, colour: Colour): BilingualText => ({
  zh: `网关“${boxName}”的一条${colourSigns[colour].zh}报警在本中心无法读取：请立即电话联系该村值班员，问清谁需要帮助、在何处、发生了什么。`,
  en: `An alarm (${colourSigns[colour].en}) of box “${boxName}” can not be read here: call the village's watch now and ask who needs help, where, and what has happened.`,
})

/** A new alarm, or the next occurrence of `open`: its colour never falls. */
export function alarmOfUnreadable(
  id: string,
  box: { id: string; name: string },
  { colour: found, beginning }: UnreadableAlarm,
  open: Alarm | undefined,
): Alarm {
  const colour = open && !outranks(found, open.colour) ? open.colour : found
  return {
    id: open?.id ?? id,
    device: box.id,
    kind: 'alarm-unreadable',
    colour,
    latchedColour: colour,
    state: 'unacknowledged',
    occurrences: Math.min((open?.occurrences ?? 0) + 1, occurrencesMax),
    place: { text: plainText(beginning.slice(0, beginningCharsMax)) },
    text: words(box.name, colour),
  }
}
