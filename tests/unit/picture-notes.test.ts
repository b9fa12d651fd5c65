// Do notes about pictures stay out of the alarms' lanes, but for the first picture of an alarm and one that a person asked for?
import { expect, it } from 'vitest'
import { PictureNotes } from '../../gateway/picture-notes.ts'

const taken = 'snapshot-taken'

it('the first picture of an alarm hurries in its colour, all others follow behind every alarm', () => {
  const notes = new PictureNotes()
  const place = (moment: string, alarm: string): unknown => notes.place(taken, 'red', { moment, alarm })
  const follows = { lane: 'blue', isUrgent: false }
  expect(place('before', 'a')).toEqual(follows)
  expect(place('at-once', 'a')).toEqual({ lane: 'red', isUrgent: true })
  // Of the other cameras.
  expect(place('at-once', 'a')).toEqual(follows)
  expect(place('after-2s', 'a')).toEqual(follows)
  expect(place('at-once', 'b')).toEqual({ lane: 'red', isUrgent: true })
  expect(notes.place('snapshot-failed', 'red', { moments: ['at-once'], alarms: ['c'] })).toEqual(follows)
})

it('what a person asked for hurries, with the colour of its alarm when it is about one', () => {
  const notes = new PictureNotes()
  expect(notes.place(taken, 'orange', { moment: 'on-demand' })).toEqual({ lane: 'orange', isUrgent: true })
  expect(notes.place(taken, undefined, { moment: 'on-demand' })).toEqual({ lane: 'routine', isUrgent: true })
  expect(notes.place(taken, undefined, { moment: 'schedule' })).toEqual({ lane: 'routine', isUrgent: false })
  expect(notes.place('camera-state', undefined, {})).toEqual({ lane: 'routine', isUrgent: false })
})

it('remembers a bounded number of alarms', () => {
  const notes = new PictureNotes()
  for (let i = 0; i <= 100; i++) notes.place(taken, 'red', { moment: 'at-once', alarm: `a-${i}` })
  const again = (alarm: string): boolean => notes.place(taken, 'red', { moment: 'at-once', alarm }).isUrgent
  expect(again('a-100')).toBe(false)
  expect(again('a-0')).toBe(true)
})
