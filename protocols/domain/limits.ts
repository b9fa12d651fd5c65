// The largest numbers, texts and nesting that either program stores or shows. One place for both: what the box admits, the
// centre admits, so that no honest record is refused on its way.

/** Arrays and objects inside each other. JSON.stringify and every walk over a value recurse: thousands of levels end a stack. */
export const nestingMax = 16
/** Numbers of a lane, 1 to this: at a thousand records a second, 35 years. Sums of thousands of ranges stay exact. */
export const laneNumberMax = 2 ** 40
/** A box's own order of records. It leaps by a million at each start; a sum with a leap stays a safe integer. */
export const sequenceMax = 2 ** 50
/** Boots of a box. */
export const bootMax = 2 ** 31
/** Milliseconds of one boot: 139 years. */
export const sinceBootMsMax = 2 ** 42
/** Wall time in ms since 1970, either side: the year 9999. With `sinceBootMsMax` added it is still a time that a Date can hold. */
export const wallMsMax = 253_402_300_799_999
/** How often one alarm occurred. */
export const occurrencesMax = 2 ** 31
/** A count in a heartbeat, bytes included. */
export const countMax = 2 ** 50

/** Longest texts, in UTF-16 units. */
export const textLengths = { alarm: 2000, variant: 40, zone: 64, name: 200, logWord: 80, reason: 80 } as const

/** One record as JSON, in UTF-16 units: an event of 8 KB with every character escaped, and what stands around it. */
export const recordCharsMax = 64 * 1024
/** What a desk's row keeps of an alarm's readings, as JSON. The record itself keeps all of them. */
export const alarmReadingsCharsMax = 4 * 1024
/** One row as a desk is sent it, as JSON; one above this was stored by an older program and is left out of lists. */
export const shownRowCharsMax = 32 * 1024

export const isWallMs = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= wallMsMax
