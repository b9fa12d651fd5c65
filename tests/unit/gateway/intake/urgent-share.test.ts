// Which records of a device that repeats its alarm keep their lane, and which leave it to the calls of others.
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { inputsAtOnce, UrgentShare, waitingMin } from '../../../../gateway/intake/urgent-share.ts'
import type { LanePositions } from '../../../../gateway/journal/port.ts'
import type { AlarmChange, AlarmState } from '../../../../protocols/domain/alarm.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { makeAlarm, makeEvent } from '../../../contract/centre/centre-parts.ts'

function createShare(waiting = waitingMin) {
  const positions = Object.fromEntries(
    lanes.map((lane) => [lane, { last: lane === 'red' ? waiting : 0, receipted: 0 }]),
  ) as LanePositions
  const share = new UrgentShare({ journal: { positions: () => positions }, metrics: new Registry() })
  let sequence = 0
  /** The lanes of the event and of its alarm. */
  const place = (
    change: AlarmChange,
    atMs: number,
    state: AlarmState = 'unacknowledged',
    device = 'a',
  ): Lane[] =>
    share
      .place(
        device,
        [
          { lane: 'red', record: makeEvent(++sequence) },
          { lane: 'red', record: makeAlarm(++sequence, change, { id: `sos-${device}`, state }) },
        ],
        atMs,
      )
      .map(({ lane }) => lane)
  return { place, positions }
}
const red = ['red', 'red']
const moved = ['blue', 'blue']

test('a device that repeats its alarm has its share of the red lane, then one repeat a second; others have theirs', () => {
  const { place } = createShare()
  expect(place('raised', 0)).toEqual(red)
  for (let press = 1; press < inputsAtOnce; press++) expect(place('repeated', 0)).toEqual(red)
  expect(place('repeated', 10)).toEqual(moved)
  expect(place('raised', 10, 'unacknowledged', 'b')).toEqual(red)
  expect(place('repeated', 1100)).toEqual(red)
  expect(place('repeated', 1200)).toEqual(moved)
})

test('nothing is moved while the centre keeps up', () => {
  const { place } = createShare(waitingMin - 1)
  place('raised', 0)
  for (let press = 0; press < 500; press++) expect(place('repeated', press)).toEqual(red)
})

test('what the desk does not know yet keeps its lane, whatever the device has used', () => {
  const { place } = createShare()
  place('raised', 0)
  for (let press = 0; press < inputsAtOnce; press++) place('repeated', 0)
  expect(place('escalated', 0)).toEqual(red)
  expect(place('ended', 0, 'normal')).toEqual(red)
  expect(place('raised', 0)).toEqual(red)
  // While it flaps it stands on the desk, and it never looks returned while it is not.
  expect(place('returned', 0, 'returned-unacknowledged')).toEqual(moved)
  expect(place('repeated', 0)).toEqual(moved)
  expect(place('returned', 1500, 'returned-unacknowledged')).toEqual(red)
  expect(place('repeated', 1500)).toEqual(red)
  expect(place('returned', 1500, 'returned-unacknowledged')).toEqual(moved)
})
