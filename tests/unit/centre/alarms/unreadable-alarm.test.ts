// Which records that can not be read may be an alarm, of which colour, and what the centre's own alarm says of them.
import { expect, test } from 'vitest'
import {
  alarmOfUnreadable,
  colourIn,
  colourOfUnreadable,
  worse,
} from '../../../../centre/alarms/unreadable-alarm.ts'
import { occurrencesMax } from '../../../../protocols/domain/limits.ts'

test.each([
  ['red', { type: 'event' }, 'red'],
  ['orange', 'no object', 'orange'],
  ['yellow', { type: 'alarm' }, 'yellow'],
  ['yellow', { type: 'event' }, undefined],
  // An alarm in the lane of routine: as urgent as it says, or yellow.
  ['routine', { type: 'alarm', alarm: { colour: 'red' } }, 'red'],
  ['routine', { type: 'alarm', alarm: { colour: 'green' } }, 'yellow'],
  ['routine', { type: 'later', alarm: { colour: 'red' } }, undefined],
  ['picture', null, undefined],
] as const)('lane %s with %j: %s', (lane, record, colour) => {
  expect(colourOfUnreadable(lane, record)).toBe(colour)
})

test('a call without a colour that can be read is red', () => {
  expect(colourIn({ alarm: { colour: 'blue' } }, 'red')).toBe('blue')
  for (const value of [undefined, null, [], { alarm: 'x' }, { alarm: { colour: 1 } }])
    expect(colourIn(value, 'red')).toBe('red')
})

test('the more urgent one counts, the first of equals, and an open alarm never falls', () => {
  const [red, orange] = [
    { colour: 'red', beginning: 'a' },
    { colour: 'orange', beginning: 'b' },
  ] as const
  expect(worse(undefined, orange)).toBe(orange)
  expect(worse(red, orange)).toBe(red)
  expect(worse(orange, red)).toBe(red)
  const box = { id: 'box-a', name: '上溪村' }
  const first = alarmOfUnreadable('id-1', box, red, undefined)
  expect(first).toMatchObject({
    id: 'id-1',
    device: 'box-a',
    colour: 'red',
    occurrences: 1,
    place: { text: 'a' },
  })
  const open = { ...first, occurrences: occurrencesMax }
  expect(alarmOfUnreadable('id-2', box, orange, open)).toMatchObject({
    id: 'id-1',
    colour: 'red',
    latchedColour: 'red',
    occurrences: occurrencesMax,
  })
  expect(alarmOfUnreadable('id-2', box, orange, first).text.en).toContain('red')
})
