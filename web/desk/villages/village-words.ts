// The sentences of the page of villages about batteries and links, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const villageWords = {
  batteries: { zh: '本月将耗尽的电池：{count}', en: 'Batteries that go flat this month: {count}' },
  noBatteries: { zh: '没有。', en: 'None.' },
  plan: { zh: '平面图', en: 'Plan' },
} as const satisfies Record<string, BilingualText>
