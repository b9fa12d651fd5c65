// Question: does the desk rank, time and report alarms as the alarm table says?
import { expect, test } from 'vitest'
import { stepLimits } from '../../../protocols/domain/step-limits.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { acceptDeadline, isWaiting, shownColour } from '../../../web/desk/queue/accept-deadline.ts'
import { AlarmBoard, RedWatch } from '../../../web/desk/queue/alarm-board.ts'
import { isMeant, RowPlaces, rowMovedMs } from '../../../web/desk/queue/press-guard.ts'
import { reportRetryMs, SeenReporter, seenAfterMs } from '../../../web/desk/queue/seen-reporter.ts'
import { applyBoxMessage, stripBoxes } from '../../../web/desk/boxes/village-strip.ts'
import { describeBytes, describeDuration, stopwatch } from '../../../web/shared/durations.ts'
import { chooseLanguage } from '../../../web/shared/language-choice.ts'
import { makeAlarm, makeVillages } from '../../browser/desk-alarms.ts'

const ids = (alarms: readonly { id: string }[]): string[] => alarms.map(({ id }) => id)

test('turns the lamp amber at 75 % and red at 100 % of the limit of each colour', () => {
  for (const colour of colours) {
    const limitMs = stepLimits.accept[colour].limitMs ?? 0
    const lampAt = (ageMs: number): string => acceptDeadline(colour, 1000, 1000 + ageMs).lamp
    expect(lampAt(limitMs * 0.75 - 1)).toBe('in-time')
    expect(lampAt(limitMs * 0.75)).toBe('due')
    expect(lampAt(limitMs - 1)).toBe('due')
    expect(lampAt(limitMs)).toBe('overdue')
  }
})

test('answers an alarm that was red as red, also when it has come down to orange since', () => {
  const alarm = makeAlarm('orange', 'water', 0, { latchedColour: 'red' })
  expect(shownColour(alarm)).toBe('red')
  expect(isWaiting(alarm)).toBe(true)
})

test('keeps a red waiting although a box calls it shelved, and lets a shelved yellow rest', () => {
  expect(isWaiting(makeAlarm('red', 'sos', 0, { state: 'shelved' }))).toBe(true)
  expect(isWaiting(makeAlarm('yellow', 'mains-lost', 0, { state: 'shelved' }))).toBe(false)
})

test('sorts by colour and then the newest, and moves an accepted red out of the way of a waiting blue', () => {
  const board = new AlarmBoard()
  const blue = makeAlarm('blue', 'camera-offline', 9000)
  const red = makeAlarm('red', 'sos', 1000)
  const newerRed = makeAlarm('red', 'gas', 2000)
  const accepted = makeAlarm('red', 'smoke', 3000, { stage: 'accepted', acceptedBy: 'li' })
  board.replace([blue, accepted, red, newerRed])
  const { waiting, answered } = board.view()
  expect(ids(waiting)).toEqual([newerRed.id, red.id, blue.id])
  expect(ids(answered)).toEqual([accepted.id])
})

test('does not let repeated presses move the deadline of the first one after accepting', () => {
  const board = new AlarmBoard()
  const accepted = makeAlarm('red', 'sos', 0, { stage: 'accepted', acceptedBy: 'li' })
  board.put(accepted)
  board.put({ ...accepted, occurrences: 2, needsAnswer: true, changedAtMs: 5000 })
  board.put({ ...accepted, occurrences: 3, needsAnswer: true, changedAtMs: 50_000 })
  expect(board.get(accepted.id)?.waitingSinceMs).toBe(5000)
})

test('announces each red once, and again when it comes back after it was answered', () => {
  const watch = new RedWatch()
  const board = new AlarmBoard()
  const red = makeAlarm('red', 'sos', 0)
  board.put(red)
  expect(watch.update(board.view().waiting)).toHaveLength(1)
  expect(watch.update(board.view().waiting)).toHaveLength(0)
  board.put({ ...red, stage: 'accepted', acceptedBy: 'li' })
  expect(watch.update(board.view().waiting)).toHaveLength(0)
  board.put({ ...red, acceptedBy: 'li', needsAnswer: true })
  expect(watch.update(board.view().waiting)).toHaveLength(1)
})

test('reports as seen after a moment on the screen, not before, and again when a report fails', async () => {
  const clock = new VirtualClock()
  const sent: string[] = []
  let isFailing = true
  const reporter = new SeenReporter({
    clock,
    isPageVisible: () => true,
    report: async (id) => {
      sent.push(id)
      if (isFailing) throw new Error('unreachable')
    },
    isWorthRetrying: () => true,
  })
  reporter.show('brief')
  reporter.show('long')
  clock.advance(seenAfterMs - 1)
  reporter.hide('brief')
  clock.advance(1)
  expect(sent).toEqual(['long'])
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  isFailing = false
  clock.advance(reportRetryMs)
  expect(sent).toEqual(['long', 'long'])
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  reporter.show('long')
  clock.advance(seenAfterMs)
  expect(sent).toHaveLength(2)
})

test('stops reporting when this person may not', async () => {
  const clock = new VirtualClock()
  const sent: string[] = []
  const reporter = new SeenReporter({
    clock,
    isPageVisible: () => true,
    report: async (id) => {
      sent.push(id)
      throw new Error('forbidden')
    },
    isWorthRetrying: () => false,
  })
  reporter.show('one')
  clock.advance(seenAfterMs)
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  reporter.show('two')
  clock.advance(seenAfterMs * 10)
  expect(sent).toEqual(['one'])
})

test('takes a press for meant unless the row has just moved under a still pointer', () => {
  const places = new RowPlaces()
  places.update(['a', 'b'], 0)
  places.update(['new', 'a', 'b'], 1000)
  const press = { sincePointerMs: Infinity, sinceRefusedMs: Infinity, isKeyboard: false }
  const at = (id: string, nowMs: number): { sinceMovedMs: number } => ({
    sinceMovedMs: places.sinceMovedMs(id, nowMs),
  })
  expect(isMeant({ ...press, ...at('a', 1100) })).toBe(false)
  expect(isMeant({ ...press, ...at('a', 1100), sincePointerMs: 50 })).toBe(true)
  expect(isMeant({ ...press, ...at('a', 1100), sinceRefusedMs: 200 })).toBe(true)
  expect(isMeant({ ...press, ...at('a', 1100), isKeyboard: true })).toBe(true)
  expect(isMeant({ ...press, ...at('a', 1001 + rowMovedMs) })).toBe(true)
})

test('puts silent boxes and gaps first in the strip, and clears a gap when the centre says so', () => {
  const villages = makeVillages(0)
  expect(stripBoxes(villages, []).map(({ presence, missing }) => [presence, missing])).toEqual([
    ['silent', 0],
    ['present', 3],
    ['present', 0],
  ])
  const next = applyBoxMessage(villages, {
    type: 'box.gap',
    position: '1',
    box: 'upper-brook',
    lane: 'routine',
    missing: [],
  })
  expect(stripBoxes(next, []).every(({ missing }) => missing === 0)).toBe(true)
})

test('adds a box and a village that it hears of for the first time', () => {
  const box = { id: 'new-1', name: '新村', presence: 'present' as const, lanes: {} }
  const villages = applyBoxMessage([], { type: 'box.presence', position: '1', box, village: 'new-1' })
  expect(villages[0]?.boxes).toEqual([box])
})

test('writes lengths of time and sizes as short as they stay clear', () => {
  expect(describeDuration(125_900, 'en')).toBe('2 min 5 s')
  expect(describeDuration(0, 'zh')).toBe('0 秒')
  expect(describeDuration(90_000_000, 'zh')).toBe('1 天 1 小时')
  expect(stopwatch(3_725_000)).toBe('1:02:05')
  expect(stopwatch(42_000)).toBe('0:42')
  expect(describeBytes(16_000_000_000)).toBe('16.0 GB')
})

test('speaks the language that was chosen, else the first one the browser knows of the two', () => {
  expect(chooseLanguage('en', ['zh-CN'])).toBe('en')
  expect(chooseLanguage(null, ['fr-FR', 'zh-Hant-TW', 'en'])).toBe('zh')
  expect(chooseLanguage('klingon', ['en-GB', 'zh'])).toBe('en')
  expect(chooseLanguage(null, [])).toBe('zh')
})
