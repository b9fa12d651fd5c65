// Durations and times of day for people, in both languages, as short as they stay clear.

export { describeDuration } from '../../protocols/kit/duration.ts'

/** As on a stopwatch: `0:42`, `15:00`, `8:00:00`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const tail = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${tail}` : tail
}

/** How far this machine's time is ahead of UTC at that moment, in minutes. */
export const deskOffsetMin = (atMs: number): number => -new Date(atMs).getTimezoneOffset()

/** `14:03:22` today, with the date on any other day; `offsetMin` ahead of UTC, or in the reader's own time zone. */
export function timeOfDay(atMs: number, nowMs: number, offsetMin?: number): string {
  const at = shifted(atMs, offsetMin)
  const time = at.slice(11, 19)
  return at.slice(0, 10) === shifted(nowMs, offsetMin).slice(0, 10) ? time : `${at.slice(0, 10)} ${time}`
}

/** The local time there, as ISO 8601. An invalid time is shown as the first of all. */
function shifted(atMs: number, offsetMin: number | undefined): string {
  const ms = atMs + (offsetMin ?? deskOffsetMin(atMs)) * 60_000
  return new Date(Math.abs(ms) < 8.64e15 ? ms : 0).toISOString()
}

const sizes = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** `512 B`, `1.4 GB`. */
export function describeBytes(bytes: number): string {
  let value = Math.max(0, bytes)
  let index = 0
  while (value >= 1000 && index < sizes.length - 1) {
    value /= 1000
    index += 1
  }
  return `${index === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizes[index] ?? 'TB'}`
}
