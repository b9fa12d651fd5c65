// Does each receiver get what its rules say, by village, kind, colour, step and time of day?
import { expect, it } from 'vitest'
import { stepFor } from '../../../../centre/outlets/rules.ts'
import type { OutletEvent } from '../../../../centre/storage/outlet-port.ts'
import type { AlarmKind } from '../../../../protocols/domain/alarm.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import { settingsOf } from './outlet-kit.ts'

const monday = (hour: number): number => hour * 60
function event(what: OutletEvent['what'], part: Partial<Case> & { kind?: AlarmKind } = {}): OutletEvent {
  const { kind = 'sos', ...given } = part
  const alarms = [
    {
      id: 'b.1',
      kind,
      colour: 'red' as const,
      device: 'd',
      occurrences: 1,
      isActive: true,
      endsByReading: false,
    },
  ]
  const item = {
    id: 'case-1',
    village: '320612104201',
    colour: 'red',
    state: 'open',
    isDrill: false,
    alarms,
    ...given,
  }
  return {
    case: item as unknown as Case,
    what,
    villageName: '',
    sent: [],
    position: 1,
    who: 'centre',
    atMs: 0,
    text: '',
  }
}
const has = [{ outlet: 'police', step: 'raised' as const }]

it.each<[title: string, rule: object, of: OutletEvent, minute: number, wanted: string | undefined]>([
  ['everything by an empty rule', {}, event('opened'), 0, 'raised'],
  ['a colour that is not named', { colours: ['red'] }, event('opened', { colour: 'yellow' }), 0, undefined],
  ['the alarm that makes it red', { colours: ['red'] }, event('alarm-changed'), 0, 'raised'],
  ['a town by its digits', { villages: ['320612104'] }, event('opened'), 0, 'raised'],
  ['another town', { villages: ['320612105'] }, event('opened'), 0, undefined],
  ['another kind', { kinds: ['fire'] }, event('opened'), 0, undefined],
  ['its own night, over midnight', { from: '20:00', until: '06:00' }, event('opened'), monday(23), 'raised'],
  ['by day', { from: '20:00', until: '06:00' }, event('opened'), monday(12), undefined],
  [
    'the night of Sunday on Monday',
    { from: '20:00', until: '06:00', weekdays: [7] },
    event('opened'),
    monday(3),
    'raised',
  ],
  ['a case that is over', {}, event('alarm-changed', { state: 'archived' }), 0, undefined],
  ['a drill', {}, event('opened', { isDrill: true }), 0, undefined],
  ['only what is long overdue', { steps: ['supervisor'] }, event('opened'), 0, undefined],
  ['what is long overdue', { steps: ['supervisor'] }, event('supervisor-called'), 0, 'supervisor'],
  ['a failing outlet, unless it is named', {}, event('opened', { kind: 'outlet-failed' }), 0, undefined],
  [
    'a failing outlet that is named',
    { kinds: ['outlet-failed'] },
    event('opened', { kind: 'outlet-failed' }),
    0,
    'raised',
  ],
])('sends %s as the rule says', (_title, rule, of, minute, wanted) => {
  expect(stepFor(settingsOf({ rules: [rule] }), of, [], minute)).toBe(wanted)
})

it('raises a case once, and sends the steps that follow only where they are wanted', () => {
  const outlet = settingsOf({ rules: [{}], followUps: ['over', 'again'] })
  expect(stepFor(outlet, event('alarm-joined'), has, 0)).toBe('again')
  expect(stepFor(outlet, event('accepted', { state: 'accepted' }), has, 0)).toBeUndefined()
  expect(stepFor(outlet, event('archived', { state: 'archived' }), has, 0)).toBe('over')
  expect(stepFor(outlet, event('archived', { state: 'archived' }), [], 0)).toBeUndefined()
})

it('does not send the failure of a receiver to the same receiver', () => {
  const of = event('opened', { kind: 'outlet-failed' })
  const alarm = { kind: 'outlet-failed', variant: 'police' } as OutletEvent['alarm']
  const rules = [{ kinds: ['outlet-failed'] }]
  const failing = { ...of, ...(alarm ? { alarm } : {}) }
  expect(stepFor(settingsOf({ rules }), failing, [], 0)).toBeUndefined()
  expect(stepFor(settingsOf({ name: 'county', rules }), failing, [], 0)).toBe('raised')
})
