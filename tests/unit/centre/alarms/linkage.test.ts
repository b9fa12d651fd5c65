// Which water alarms warn which villages, when a warning is over, and how a travel time is learned.
import { expect, test } from 'vitest'
import {
  arrivalsMax,
  bulletinText,
  endsAtMs,
  followed,
  isHigh,
  learnedMinutes,
  rulesFor,
  unknownTravelMinutes,
  warningText,
} from '../../../../centre/alarms/linkage.ts'
import type { DeskRow } from '../../../../centre/alarms/desk-row.ts'
import type { Linkage, LinkageWarning } from '../../../../protocols/desk/villages/linkages.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'

const rule: Linkage = {
  id: 'brook',
  from: { place: '320612104201' },
  colour: 'orange',
  to: [{ village: '320612104202' }],
}
const row = (part: Partial<Alarm> = {}, epoch = 1): DeskRow =>
  ({
    box: '320612104201-1',
    alarm: { device: 'gauge-1', kind: 'water', colour: 'orange', state: 'unacknowledged', ...part },
    newest: { epoch, sequence: 1 },
  }) as DeskRow

test('a rule is about every gauge of its village, of its box, or about one device', () => {
  const ids = (one: Linkage, of = row()): number => rulesFor([one], of).length
  expect(ids(rule)).toBe(1)
  expect(ids({ ...rule, from: { place: '320612104201-1' } })).toBe(1)
  expect(ids({ ...rule, from: { place: '320612104201-2' } })).toBe(0)
  expect(ids({ ...rule, from: { place: '320612104201', device: 'gauge-2' } })).toBe(0)
  // Only gauges of boxes: no other kind, and no warning of the centre itself.
  expect(ids(rule, row({ kind: 'sos' }))).toBe(0)
  expect(ids(rule, row({}, 0))).toBe(0)
})

test.each([
  ['red', 'unacknowledged', true],
  ['orange', 'acknowledged', true],
  ['yellow', 'unacknowledged', false],
  ['orange', 'normal', false],
  ['red', 'out-of-service', false],
] as const)('water at %s and %s is high: %s', (colour, state, expected) => {
  expect(isHigh(rule, row({ colour, state }))).toBe(expected)
})

test('a travel time is the middle of the latest arrivals, at least a minute, and unknown without one', () => {
  expect(learnedMinutes([])).toBeUndefined()
  expect(learnedMinutes([30])).toBe(30)
  expect(learnedMinutes([10, 50, 30])).toBe(30)
  expect(learnedMinutes([0.2])).toBe(1)
  // Those before the latest do not count.
  expect(learnedMinutes([...Array.from({ length: arrivalsMax }, () => 20), 900, 900, 900])).toBe(20)
})

test('a warning is over a travel time after the gauge upstream is down, and not before', () => {
  const warning = { raisedAtMs: 0, minutes: 40 } as LinkageWarning
  expect(endsAtMs(warning)).toBeUndefined()
  expect(endsAtMs({ ...warning, sourceOverAtMs: 1000 })).toBe(1000 + 40 * 60_000)
  const { minutes: _known, ...unknown } = warning
  expect(endsAtMs({ ...unknown, sourceOverAtMs: 1000 })).toBe(1000 + unknownTravelMinutes * 60_000)
})

test('the texts say where the water comes from and how long it takes, in both languages', () => {
  const upstream = {
    name: '上溪村',
    alarm: { colour: 'orange', variant: 'guarantee', place: { device: '石桥水位' } },
  } as const
  const text = warningText(upstream, 40)
  expect(text.zh).toMatch(/上溪村 石桥水位.*保证水位.*40 分钟/)
  expect(text.en).toMatch(/上溪村 石桥水位.*guarantee level.*40 min/)
  expect(warningText(upstream, undefined).en).toContain('not known')
  expect(bulletinText('{from}: {minutes}', upstream, 40)).toBe('上溪村: 40')
})

test('a warning rises with the level at once, and falls colour by colour when the water of each has passed', () => {
  const minuteMs = 60_000
  const at = (minutes: number): number => minutes * minuteMs
  const first = { colour: 'orange', minutes: 30 } as LinkageWarning
  const red = followed(first, 'red', at(0))
  expect(red).toEqual({ ...first, colour: 'red' })
  // Down to orange, and a source that is over and comes back at orange.
  const falling = followed(red, 'orange', at(10))
  expect(falling).toEqual({ ...red, fellAtMs: { red: at(10) } })
  const over = followed(falling, undefined, at(20))
  expect(over).toMatchObject({
    colour: 'red',
    sourceOverAtMs: at(20),
    fellAtMs: { red: at(10), orange: at(20) },
  })
  expect(followed(over, 'orange', at(25))).toEqual(falling)
  expect(followed(over, 'red', at(25))).toEqual(red)
  // The red water has passed, then the orange one.
  expect(followed(over, undefined, at(40) - 1).colour).toBe('red')
  const lowered = followed(over, undefined, at(40))
  expect(lowered).toMatchObject({ colour: 'orange', sourceOverAtMs: at(20) })
  expect(followed(lowered, undefined, at(49)).colour).toBe('orange')
  expect(endsAtMs(lowered)).toBe(at(50))
  expect(followed(falling, 'orange', at(40))).toEqual({ ...first, colour: 'orange' })
  // One that an older program stored.
  const older = { ...first, colour: 'red', sourceOverAtMs: at(5) } as const
  expect(followed(older, 'orange', at(6))).toMatchObject({ colour: 'red', fellAtMs: { red: at(5) } })
})
