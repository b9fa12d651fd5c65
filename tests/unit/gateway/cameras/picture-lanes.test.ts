// Do records about pictures stay out of the alarms' lanes, except the first picture of an alarm and one that a person
// requested?
import { expect, it } from 'vitest'
import { PictureLanes } from '../../../../gateway/cameras/pictures/picture-lanes.ts'

const taken = 'snapshot-taken'

it('the first picture of an alarm hurries in its colour, all others follow behind every alarm', () => {
  const lanes = new PictureLanes()
  const place = (moment: string, alarm: string): unknown => lanes.placeOf(taken, 'red', { moment, alarm })
  const follows = { lane: 'blue', isUrgent: false }
  expect(place('before', 'a')).toEqual(follows)
  expect(place('at-once', 'a')).toEqual({ lane: 'red', isUrgent: true })
  // Of the other cameras.
  expect(place('at-once', 'a')).toEqual(follows)
  expect(place('after-2s', 'a')).toEqual(follows)
  expect(place('at-once', 'b')).toEqual({ lane: 'red', isUrgent: true })
  expect(lanes.placeOf('snapshot-failed', 'red', { moments: ['at-once'], alarms: ['c'] })).toEqual(follows)
})

it('what a person asked for hurries, with the colour of its alarm when it is about one', () => {
  const lanes = new PictureLanes()
  expect(lanes.placeOf(taken, 'orange', { moment: 'on-demand' })).toEqual({ lane: 'orange', isUrgent: true })
  expect(lanes.placeOf(taken, undefined, { moment: 'on-demand' })).toEqual({
    lane: 'routine',
    isUrgent: true,
  })
  expect(lanes.placeOf(taken, undefined, { moment: 'schedule' })).toEqual({
    lane: 'routine',
    isUrgent: false,
  })
  expect(lanes.placeOf('camera-state', undefined, {})).toEqual({ lane: 'routine', isUrgent: false })
})

it('remembers a bounded number of alarms', () => {
  const lanes = new PictureLanes()
  for (let i = 0; i <= 100; i++) lanes.placeOf(taken, 'red', { moment: 'at-once', alarm: `a-${i}` })
  const again = (alarm: string): boolean => lanes.placeOf(taken, 'red', { moment: 'at-once', alarm }).isUrgent
  expect(again('a-100')).toBe(false)
  expect(again('a-0')).toBe(true)
})
