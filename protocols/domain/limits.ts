// The largest numbers, texts and nesting that either program stores or shows. Both use the same limits, so that the
// centre refuses no valid record of a box.

/** Arrays and objects inside each other. JSON.stringify and every walk over a value recurse: thousands of levels end a stack. */
export const nestingMax = 16
/** Numbers of a lane, 1 to this: at a thousand records per second, 35 years. Sums of thousands of ranges stay exact. */
export const laneNumberMax = 2 ** 40
/** A box's own order of records. It is raised by a million at each start; a sum with such a step stays a safe integer. */
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

/** One record as JSON, in UTF-16 units: an event of 8 KB with every character escaped, and the fields around it. */
export const recordCharsMax = 64 * 1024
/** Most of an alarm's readings in a desk's row, as JSON. The record itself keeps all of them. */
export const alarmReadingsCharsMax = 4 * 1024
/** Largest row sent to a desk, as JSON; a larger one was stored by an older version and is left out of lists. */
export const shownRowCharsMax = 32 * 1024

export const isWallMs = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= wallMsMax
