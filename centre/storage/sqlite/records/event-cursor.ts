// The cursor of a walk over stored records: the rows of the present snapshot, and the last record read in it.

/** A snapshot covers storage positions (from, to]; inside it the walk goes by epoch, sequence, position. */
export interface EventCursor {
  from: number
  to: number
  epoch: number
  sequence: number
  position: number
}

export const walkStart: EventCursor = { from: 0, to: 0, epoch: 0, sequence: 0, position: 0 }

/** The cursor that opens a new snapshot after everything up to `to`. */
export const behind = (to: number): EventCursor => ({ from: to, to, epoch: 0, sequence: 0, position: 0 })

export function encodeEventCursor({ from, to, epoch, sequence, position }: EventCursor): string {
  return ['w1', from, to, epoch, sequence, position].join('-')
}

/** Absent, empty and `0` are the beginning; any other value must be a valid cursor. */
export function parseEventCursor(text: string | undefined): EventCursor | undefined {
  if (text === undefined || text === '' || text === '0') return walkStart
  const match = /^w1-(\d{1,16})-(\d{1,16})-(\d{1,16})-(\d{1,16})-(\d{1,16})$/.exec(text)
  if (!match) return undefined
  const [from = 0, to = 0, epoch = 0, sequence = 0, position = 0] = match
    .slice(1)
    .map((digits) => Number(digits))
  const isSound = [from, to, epoch, sequence, position].every(Number.isSafeInteger) && from <= to
  return isSound ? { from, to, epoch, sequence, position } : undefined
}
