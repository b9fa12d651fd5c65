// The names in topics and URLs, and their strict patterns: no other text ever becomes part of either.

/** Lower-case letters, digits, dot, dash, underscore; 1 to 64 characters; it contains no wildcard. */
export const deviceIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** `320612104201-1` (12-digit division code and a number) or a slug such as `upper-brook`. */
export const boxIdPattern = /^[a-z0-9][a-z0-9-]{0,47}$/

/** A device's own id of a message: `7-42` (boot count, counter) by custom; any printable ASCII text. */
export const messageIdPattern = /^[\x20-\x7e]{1,64}$/

export function isDeviceId(text: unknown): text is string {
  return typeof text === 'string' && deviceIdPattern.test(text)
}

export function isBoxId(text: unknown): text is string {
  return typeof text === 'string' && boxIdPattern.test(text)
}

/** The village a box belongs to: the division code before the number, or the whole slug. */
export function villageOf(boxId: string): string {
  const numbered = /^(\d{12})-\d+$/.exec(boxId)
  return numbered?.[1] ?? boxId
}

/** The town of a coded village: the first nine digits of its code; undefined for a slug. */
export function townOf(villageId: string): string | undefined {
  return /^\d{12}$/.test(villageId) ? villageId.slice(0, 9) : undefined
}
