// Lengths of time and times of day as people read them, in both languages, as short as they stay clear.

export { describeDuration } from '../../protocols/kit/duration.ts'

/** As on a stopwatch: `0:42`, `15:00`, `8:00:00`. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const tail = `${hours > 0 ? String(minutes).padStart(2, '0') : minutes}:${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${tail}` : tail
}

/** `14:03:22` today, with month and day on any other day; in the reader's own time zone. */
export function timeOfDay(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  if (at.toDateString() === new Date(nowMs).toDateString()) return time
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`
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
