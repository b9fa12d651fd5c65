// The names of each kind of alarm, state and place on the pages. The alarm's own text has the rest.
import type { AlarmKind, AlarmState, BilingualText } from '../../protocols/domain/alarm.ts'
import { alarmTable, type AlarmRow } from '../../protocols/domain/alarm-table.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { ClockQuality } from '../../protocols/domain/event.ts'

/** The kind and, if it has one, the variant: `水位 · 保证水位`. */
export function kindWords(kind: AlarmKind, variant: string | undefined): BilingualText {
  const row: AlarmRow | undefined = alarmTable[kind]
  const name = row?.name ?? { zh: kind, en: kind }
  if (variant === undefined) return name
  const detail = row?.variants?.[variant]?.name ?? { zh: variant, en: variant }
  return { zh: `${name.zh} · ${detail.zh}`, en: `${name.en} · ${detail.en}` }
}

/** States that change the operator's work; the others need no word. */
export const stateWords: Partial<Record<AlarmState, BilingualText>> = {
  'returned-unacknowledged': { zh: '现场已恢复', en: 'returned to normal' },
  shelved: { zh: '已搁置', en: 'shelved' },
  suppressed: { zh: '已抑制', en: 'suppressed' },
  'out-of-service': { zh: '停用检修', en: 'out of service' },
}

export const laneWords: Record<Lane, BilingualText> = {
  red: { zh: '红色', en: 'red' },
  orange: { zh: '橙色', en: 'orange' },
  yellow: { zh: '黄色', en: 'yellow' },
  blue: { zh: '蓝色', en: 'blue' },
  routine: { zh: '日常', en: 'routine' },
  picture: { zh: '图片', en: 'pictures' },
}

export const clockWords: Record<ClockQuality, BilingualText> = {
  unsynced: { zh: '未校准', en: 'not set' },
  synced: { zh: '已校准', en: 'in step' },
  repaired: { zh: '事后修正', en: 'corrected later' },
}
