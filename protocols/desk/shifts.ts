// The hand-over of a shift: the person who leaves offers it, the person who comes signs. All times are ms since 1970.

export const shiftStates = ['offered', 'signed', 'refused'] as const

export interface Shift {
  shift: number
  leaving: string
  entering: string
  /** What the next shift has to know. */
  text: string
  offeredAtMs: number
  /** In the hands of the person who leaves: when it was offered, then when it was signed. */
  cases: string[]
  /** `refused`: by the person who comes, or taken back by the one who leaves. */
  state: (typeof shiftStates)[number]
  endedAtMs?: number
  endText?: string
}

/** `GET /api/v1/shifts?limit=`: newest first. */
export interface ShiftsAnswer {
  shifts: Shift[]
}

/** `POST /api/v1/shifts` and `/api/v1/shifts/end`. */
export interface ShiftAnswer {
  shift: Shift
}

/** Sent to the two persons and to those who oversee others. */
export type ShiftMessage = { type: 'shift.changed'; position: string; shift: Shift }
