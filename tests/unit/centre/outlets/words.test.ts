// Does a receiver read what, where and how to call, in its language, and a drill as a drill?
import { expect, it } from 'vitest'
import { testMessage, type OutletMessage } from '../../../../platform/outlets/message.ts'
import { sentence } from '../../../../platform/outlets/words.ts'

const { isTest: _test, ...base } = testMessage('g-1', Date.UTC(2026, 2, 1, 0, 30), 'centre')
const message: OutletMessage = {
  ...base,
  case: 'case-7',
  colour: 'red',
  isDrill: false,
  variant: 'duress',
  villageName: '上溪村',
  place: { household: '张三家', phone: '13800000000' },
}
const utcOffsetMin = (): number => 480

it.each([
  ['zh', false, '红色 紧急求助（被胁迫），报警：上溪村 张三家，03-01 08:30，电话 13800000000（case-7）'],
  [
    'en',
    true,
    '[DRILL] red: Emergency call (under duress), alarm; 上溪村 张三家; 03-01 08:30; tel. 13800000000 (case-7)',
  ],
] as const)('writes one sentence in %s', (language, isDrill, wanted) => {
  expect(sentence({ ...message, isDrill }, { language, utcOffsetMin })).toBe(wanted)
})
