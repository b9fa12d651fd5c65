// Storage's part of retention: rows older than their term, by kind.

/** In the order of the sweep: cases before the alarms that they contain. */
export const expiredKinds = ['routine', 'records', 'cases', 'alarms', 'commands', 'quarantine'] as const
/** `routine`: records of the lanes routine and picture; `records`: those of the alarm lanes. */
export type ExpiredKind = (typeof expiredKinds)[number]

export interface ExpiredQuery {
  kind: ExpiredKind
  /** ms since 1970. */
  beforeMs: number
  /** `next` of the page before; 0 for the first. */
  after: number
  limit: number
}

export interface ExpiredPage {
  ids: number[]
  next: number
  isEnd: boolean
}

export interface RetentionReaderCalls {
  expired(query: ExpiredQuery): ExpiredPage
}

export interface RetentionWriterCalls {
  /** Deletes these rows in one transaction and returns how many were deleted. Open alarms, cases and commands stay. */
  dropExpired(kind: ExpiredKind, ids: number[]): number
  /** Counts the space of the next records that an older version stored; false when none is left. */
  countStoredBytes(): boolean
  /** Enters the next old rows into the search index; false when none is left. */
  catchUpSearch(): boolean
}
