// An alarm's records may arrive in any order across lanes: the row ends the same, and never goes back.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyAlarmRecord, needsAnswer, toDeskAlarm, type DeskRow } from '../../../centre/alarms/desk-row.ts'
import { acceptAlarm, seeAlarm } from '../../../centre/cases/case-steps.ts'
import { findChainBreak, trailHash, trailStart, type TrailEntry } from '../../../centre/cases/trail.ts'
import { presenceOf } from '../../../centre/villages/presence.ts'
import { makeAlarm } from '../../contract/centre/centre-parts.ts'

const life = [
  makeAlarm(1, 'raised', { colour: 'yellow' }),
  makeAlarm(2, 'repeated', { colour: 'yellow', occurrences: 2 }),
  makeAlarm(3, 'escalated', { colour: 'red', occurrences: 3 }),
  makeAlarm(4, 'ended', { colour: 'red', occurrences: 3, state: 'normal' }),
]

function applyAll(records: typeof life): DeskRow | undefined {
  let row: DeskRow | undefined
  for (const record of records) {
    const before = row?.newest.sequence ?? 0
    row = applyAlarmRecord(row, 'box-a', { epoch: 1, sequence: record.sequence }, record, 1000).row
    expect(row.newest.sequence).toBeGreaterThanOrEqual(before)
  }
  return row
}

test('ends in the same row whatever the order and however often each record comes', () => {
  const expected = applyAll(life)
  fc.assert(
    fc.property(fc.shuffledSubarray([...life, ...life], { minLength: 8 }), (records) => {
      expect(applyAll(records)).toEqual(expected)
    }),
  )
  expect(expected?.raised.sinceBootMs).toBe(10)
})

test('takes a later epoch as newer although its sequences begin again', () => {
  const row = applyAll(life.slice(0, 3))
  const applied = applyAlarmRecord(
    row,
    'box-a',
    { epoch: 2, sequence: 1 },
    makeAlarm(1, 'ended', { state: 'normal' }),
    2000,
  )
  expect(applied).toMatchObject({ news: 'ended', row: { alarm: { state: 'normal' } } })
})

test('gives an alarm to the first who accepts, idempotently, and opens it again when it occurs again', () => {
  const raised = applyAlarmRecord(
    undefined,
    'box-a',
    { epoch: 1, sequence: 1 },
    makeAlarm(1, 'raised'),
    1000,
  ).row
  const first = acceptAlarm(raised, 'li', 2000)
  if (first.type !== 'accepted') throw new Error('refused')
  expect(acceptAlarm(first.row, 'li', 3000)).toMatchObject({ isNew: false, row: { acceptedAtMs: 2000 } })
  expect(acceptAlarm(first.row, 'wang', 3000)).toEqual({ type: 'held' })
  expect(seeAlarm(first.row, 3000)).toBeUndefined()
  const again = applyAlarmRecord(
    first.row,
    'box-a',
    { epoch: 1, sequence: 2 },
    makeAlarm(2, 'repeated', { occurrences: 2 }),
    4000,
  ).row
  expect(needsAnswer(again)).toBe(true)
  expect(acceptAlarm(again, 'wang', 5000)).toMatchObject({ isNew: true, row: { acceptedBy: 'wang' } })
})

test('finds the entry of a trail that was changed afterwards', () => {
  const entries: TrailEntry[] = [1, 2, 3].map((n) => ({
    alarm: 'a',
    atMs: n,
    who: 'li',
    what: 'seen',
    why: '',
  }))
  let previous = trailStart
  const sealed = entries.map((entry) => ({ ...entry, hash: (previous = trailHash(previous, entry)) }))
  expect(findChainBreak(sealed)).toBe(-1)
  expect(findChainBreak(sealed.map((entry, i) => (i === 1 ? { ...entry, who: 'wang' } : entry)))).toBe(1)
})

test('calls a box late after 90 s and silent after 180 s, and unknown until it ever spoke', () => {
  expect(presenceOf(89_999, 0, 0, true)).toBe('present')
  expect(presenceOf(90_000, 0, 0, true)).toBe('late')
  expect(presenceOf(180_000, 0, 0, true)).toBe('silent')
  expect(presenceOf(179_999, 0, undefined, true)).toBe('unknown')
  expect(presenceOf(180_000, 0, undefined, true)).toBe('silent')
  expect(presenceOf(10_000_000, 0, undefined, false)).toBe('unknown')
})

test('shows when it occurred again, counted once however often it is sent and changed since', () => {
  const order = (sequence: number) => ({ epoch: 1, sequence })
  const apply = (row: DeskRow | undefined, record: (typeof life)[number], atMs: number) =>
    applyAlarmRecord(row, 'box-a', order(record.sequence), record, atMs).row
  const raised = apply(undefined, makeAlarm(1, 'raised'), 1000)
  expect(toDeskAlarm(raised, 'mill')).not.toHaveProperty('againReceivedAtMs')
  const again = apply(raised, makeAlarm(5, 'repeated', { occurrences: 2 }), 9000)
  const later = apply(again, makeAlarm(6, 'updated', { occurrences: 2 }), 20_000)
  expect(toDeskAlarm(later, 'mill')).toMatchObject({ againReceivedAtMs: 9000, again: { sinceBootMs: 50 } })
})
