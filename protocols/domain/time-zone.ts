// The offset of a time zone at a moment, daylight saving and history included, from the tables in Node and browsers.

const minuteMs = 60_000
const dayMs = 86_400_000
/** Offsets change on quarters of an hour at the finest. */
const sliceMs = 15 * minuteMs

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()
function formatOf(name: string): Intl.DateTimeFormat {
  let format = formats.get(name)
  if (!format) {
    const parts = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    } as const
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      calendar: 'gregory',
      ...parts,
    })
    formats.set(name, format)
  }
  return format
}

function measure(name: string, atMs: number): number {
  const part: Record<string, number> = {}
  for (const { type, value } of formatOf(name).formatToParts(atMs)) part[type] = Number(value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = part
  return Math.round((Date.UTC(year, month - 1, day, hour, minute) - atMs) / minuteMs)
}

/**
 * The last day computed for each zone, because every alarm asks for it; undefined if the offset changes on that day.
 */
const latestDay = new Map<string, { day: number; offsetMin: number | undefined }>()

/** Minutes to add to UTC for the local time there. */
export function offsetMinAt(name: string, wallMs: number): number {
  const day = Math.floor(wallMs / dayMs)
  let known = latestDay.get(name)
  if (known?.day !== day) {
    const first = measure(name, day * dayMs)
    const isSame = first === measure(name, (day + 1) * dayMs)
    latestDay.set(name, (known = { day, offsetMin: isSame ? first : undefined }))
  }
  return known.offsetMin ?? measure(name, Math.floor(wallMs / sliceMs) * sliceMs)
}
