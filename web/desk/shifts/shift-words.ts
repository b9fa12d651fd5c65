// The sentences about hand-overs of shifts, in both languages.
import type { Shift } from '../../../protocols/desk/shifts.ts'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const shiftWords = {
  title: { zh: '交接班', en: 'Hand-over of shifts' },
  hint: {
    zh: '交班人签字后，接班人签字；案件随之转到接班人。',
    en: 'The person who leaves signs, then the person who comes: the cases go with the second signature.',
  },
  to: { zh: '接班人（用户名）', en: 'Next person (user name)' },
  text: { zh: '交代事项', en: 'Note for the next shift' },
  offer: { zh: '签字交班', en: 'Sign and hand over' },
  sign: { zh: '签字接班', en: 'Sign and take over' },
  refuse: { zh: '拒绝', en: 'Refuse' },
  withdraw: { zh: '撤回', en: 'Withdraw' },
  none: { zh: '还没有交接班。', en: 'No hand-overs yet.' },
  line: {
    zh: '{leaving} → {entering}，案件 {count} 件',
    en: '{leaving} → {entering}, {count} {count|case|cases}',
  },
} as const satisfies Record<string, BilingualText>

export const shiftStateWords: Record<Shift['state'], BilingualText> = {
  offered: { zh: '等待接班人签字', en: 'waits for the second signature' },
  signed: { zh: '双方已签字', en: 'signed by both' },
  refused: { zh: '已拒绝或撤回', en: 'refused or withdrawn' },
}
