// The armed, bypassed, tested and shelved items, as lines in the reader's language.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import {
  guardHolds,
  type GuardEntry,
  type GuardHoldKind,
  type GuardTimes,
} from '../../protocols/domain/guard.ts'
import { describeDuration } from './durations.ts'
import { fill, language, say } from './language.ts'

export const guardWords = {
  title: { zh: '布防与停用', en: 'Armed and set aside' },
  armed: { zh: '已布防', en: 'armed' },
  disarmed: { zh: '未布防', en: 'not armed' },
  bypassed: { zh: '已旁路', en: 'bypassed' },
  maintenance: { zh: '维护测试中', en: 'on test' },
  shelved: { zh: '已搁置', en: 'shelved' },
  wholeBox: { zh: '整个网关', en: 'the whole box' },
  default: { zh: '按配置', en: 'as configured' },
  schedule: { zh: '按时间表', en: 'by the schedule' },
  by: { zh: '操作人 {who}', en: 'by {who}' },
  for: { zh: '已 {age}', en: 'for {age}' },
  left: { zh: '还剩 {age}', en: '{age} left' },
  over: { zh: '即将结束', en: 'ends now' },
  armedCount: { zh: '布防 {armed}/{all}', en: '{armed} of {all} armed' },
  more: { zh: '另有 {count} 项', en: 'and {count} more' },
  nothing: { zh: '没有布防、旁路或维护。', en: 'Nothing is armed, bypassed or on test.' },
} satisfies Record<string, BilingualText>

export interface GuardLine {
  key: string
  state: 'armed' | 'disarmed' | GuardHoldKind
  name: string
  by: string
  /** The duration so far, or the remaining time. */
  time: string | undefined
}

const nameOf = ({ id, name }: GuardEntry): string => (id === 'box' ? say(guardWords.wholeBox) : (name ?? id))

function byText(by: string): string {
  if (by === 'default' || by === 'schedule') return say(guardWords[by])
  return by === '' ? '' : fill(guardWords.by, { who: by })
}

/** Suppressed items first: an alarm there may be invisible. */
export function guardLines(guard: GuardTimes, nowMs: number): GuardLine[] {
  const age = (ms: number): string => describeDuration(ms, language.value)
  const holds = guardHolds.flatMap((state) =>
    guard[state].map((one) => ({
      key: `${state} ${one.id}`,
      state,
      name: nameOf(one),
      by: byText(one.by),
      time:
        one.untilMs > nowMs ? fill(guardWords.left, { age: age(one.untilMs - nowMs) }) : say(guardWords.over),
    })),
  )
  const zones = guard.zones.map((zone) => ({
    key: `zone ${zone.id}`,
    state: zone.isArmed ? ('armed' as const) : ('disarmed' as const),
    name: nameOf(zone),
    by: byText(zone.by),
    time: zone.sinceMs === undefined ? undefined : fill(guardWords.for, { age: age(nowMs - zone.sinceMs) }),
  }))
  return [...holds, ...zones]
}

/** `1 of 2 armed`; undefined if there is nothing to arm. */
export function armedText({ zones }: GuardTimes): string | undefined {
  if (zones.length === 0) return undefined
  const armed = zones.filter(({ isArmed }) => isArmed).length
  return fill(guardWords.armedCount, { armed, all: zones.length })
}
