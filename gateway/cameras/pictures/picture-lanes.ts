// In which lane a record about a picture is kept and travels, and whether its commit may wait for others.
import type { Colour, Lane } from '../../../protocols/domain/colour.ts'
import { snapshotTaken } from '../../../protocols/domain/snapshot.ts'

/** Alarms whose first picture has hurried; the oldest are forgotten. */
const hurriedMax = 100
/** Of one that does not hurry: below every alarm that may need somebody, above what is only routine. */
export const laneOfOthers = (colour: Colour | undefined): Lane => (colour === undefined ? 'routine' : 'blue')

export interface RecordPlace {
  lane: Lane
  isUrgent: boolean
}

/**
 * The first picture of an alarm hurries with the alarm's own colour, and one that a person asked for. The records of
 * the others come by the dozen, eight cameras in the same seconds: they share commits and stay out of the lanes of red and
 * orange, or presses would wait for them here, on the link and at the centre.
 */
export class PictureLanes {
  readonly #hurried = new Set<string>()

  placeOf(what: string, colour: Colour | undefined, { moment, alarm }: Record<string, unknown>): RecordPlace {
    const isUrgent = what === snapshotTaken && this.#hurries(moment, alarm)
    return { lane: isUrgent && colour !== undefined ? colour : laneOfOthers(colour), isUrgent }
  }

  #hurries(moment: unknown, alarm: unknown): boolean {
    if (moment === 'on-demand') return true
    if (moment !== 'at-once' || typeof alarm !== 'string' || this.#hurried.has(alarm)) return false
    this.#hurried.add(alarm)
    if (this.#hurried.size > hurriedMax)
      for (const oldest of [...this.#hurried].slice(0, 1)) this.#hurried.delete(oldest)
    return true
  }
}
