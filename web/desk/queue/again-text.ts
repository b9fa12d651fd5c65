// The text about further occurrences, with number and time: the time of the last press, not of the first or of its
// acceptance.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { describeDuration } from '../../shared/durations.ts'
import type { Language } from '../../shared/language-choice.ts'

type Counted = Pick<DeskAlarm, 'kind' | 'occurrences' | 'againReceivedAtMs'>

/** 1st, 2nd, 3rd, 11th, 21st. */
export function ordinal(count: number): string {
  const tens = count % 100
  const ending = tens >= 11 && tens <= 13 ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[count % 10]
  return `${count}${ending ?? 'th'}`
}

export function againText(alarm: Counted, nowMs: number, language: Language): string | undefined {
  const { kind, occurrences, againReceivedAtMs } = alarm
  if (occurrences < 2) return undefined
  const isPress = kind === 'sos'
  if (againReceivedAtMs === undefined)
    return language === 'zh' ? `第 ${occurrences} 次` : `${occurrences} times`
  const age = describeDuration(Math.max(0, nowMs - againReceivedAtMs), language)
  if (language === 'zh') return `${age}前再次${isPress ? '按下' : '发生'}，第 ${occurrences} 次`
  return `${isPress ? 'pressed again' : 'again'} ${age} ago, ${ordinal(occurrences)}`
}
