// How times about people are written: in the language of the page, by the clock of this desk.
import type { DutyHours } from '../../../protocols/desk/roster.ts'
import { language, say } from '../../shared/language.ts'
import { dayWords, peopleWords } from './people-words.ts'

const locale = (): string => (language.value === 'zh' ? 'zh-CN' : 'en-GB')

export const dayText = (atMs: number): string => new Date(atMs).toLocaleDateString(locale())

export const timeText = (atMs: number): string =>
  new Date(atMs).toLocaleString(locale(), {
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })

export function hoursText(hours: readonly DutyHours[]): string {
  if (hours.length === 0) return say(peopleWords.always)
  return hours
    .map(({ days, from, to }) => {
      const names = days.map((day) => dayWords[day - 1]).filter((one) => one !== undefined)
      return `${names.map(say).join(' ')} ${from}–${to}`
    })
    .join('; ')
}
