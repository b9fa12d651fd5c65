// The lane of a record about a picture, and whether its commit may wait to be grouped.
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { Colour, Lane } from '../../../protocols/domain/colour.ts'
import { snapshotTaken } from '../../../protocols/domain/snapshot.ts'

/** Alarms that already have their urgent first picture; the oldest are removed. */
const alarmsMax = 100
/** Lane of a picture that is not urgent: below every alarm that may need an answer, above routine. */
export const laneOfOthers = (colour: Colour | undefined): Lane => (colour === undefined ? 'routine' : 'blue')

export interface RecordPlace {
  lane: Lane
  isUrgent: boolean
}

/**
 * The first picture of an alarm, and one that a person asked for, is urgent with the alarm's own colour. The records of
 * the others come in groups, eight cameras within seconds: they share commits and stay out of the lanes of red and
 * orange, because alarms would wait for them here, on the link and at the centre.
 */
export class PictureLanes {
  readonly #given = new Set<string>()

  placeOf(what: string, colour: Colour | undefined, { moment, alarm }: Record<string, unknown>): RecordPlace {
    const isUrgent = what === snapshotTaken && this.#isUrgent(moment, alarm)
    return { lane: isUrgent && colour !== undefined ? colour : laneOfOthers(colour), isUrgent }
  }

  #isUrgent(moment: unknown, alarm: unknown): boolean {
    if (moment === 'on-demand') return true
    if (moment !== 'at-once' || typeof alarm !== 'string' || this.#given.has(alarm)) return false
    this.#given.add(alarm)
    forgetOldest(this.#given, alarmsMax)
    return true
  }
}
