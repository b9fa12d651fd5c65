// Does a Report deliver exactly its permitted content to the centre?
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { boxAlarm } from '../../../../centre/alarms/desk-row.ts'
import { parseArrivedReport } from '../../../../centre/receiver/parse-arrived.ts'
import { alarmReadingsCharsMax, recordCharsMax, wallMsMax } from '../../../../protocols/domain/limits.ts'
import type { Alarm } from '../../../../protocols/domain/alarm.ts'
import { epoch, makeAlarm, makeEvent } from '../../../contract/centre/centre-parts.ts'

const parse = (records: readonly unknown[], more: object = {}) =>
  parseArrivedReport(
    'box-a',
    'red',
    Buffer.from(JSON.stringify({ v: 1, epoch, lane: 'red', first: 1, records, ...more })),
  )

it('removes hidden and direction-changing characters from every text, names of readings included', () => {
  const text = { zh: '求\u202e助\u0000', en: 'line\none\u001b[31m' }
  const parsed = parse([
    makeAlarm(1, 'raised', { text, zone: 'ho\u2066me' }),
    { ...makeEvent(2), readings: { 'a\u200bb': 'x\ty', table: [{ c: '\u009b1m' }] } },
  ])
  if (!parsed.ok) throw new Error('not read')
  expect(parsed.value.bodies.join('')).not.toMatch(/[\u009b\u200b\u202e\u2066]|\\u00|\\n|\\t/)
  expect(parsed.value.report.records).toMatchObject([
    { alarm: { text: { zh: '求助', en: 'line one[31m' }, zone: 'home' } },
    { readings: { ab: 'x y', table: [{ c: '1m' }] } },
  ])
})

it('keeps a record as it came when there is nothing to take out, joiners and plain signs included', () => {
  const record = { ...makeEvent(1), readings: { note: '家\u200d“开” ünï' }, later: { a: 1 } }
  const parsed = parse([record])
  expect(parsed.ok && JSON.parse(parsed.value.bodies[0] ?? '')).toEqual(record)
})

it('leaves out a device clock beyond every calendar, and keeps the press', () => {
  const parsed = parse([{ ...makeEvent(1), deviceAtMs: wallMsMax * 10 }])
  expect(parsed.ok && JSON.parse(parsed.value.bodies[0] ?? '')).toEqual(makeEvent(1))
})

it.each([
  ['a lane number beyond 2^40', [makeEvent(1)], { first: 2 ** 40 + 1 }],
  ['a skipped range beyond 2^40', [], { skipped: [{ from: 1, to: 2 ** 41, reason: 'x' }] }],
  ['a skipped range over what is sent', [makeEvent(1)], { skipped: [{ from: 1, to: 1, reason: 'x' }] }],
])('refuses %s', (_name, records, more) => {
  expect(parse(records, more).ok).toBe(false)
})

it.each([
  ['a wall time beyond the year 9999', { ...makeEvent(1), atMs: 1e300 }],
  ['a nesting of 17 levels', { ...makeEvent(1), readings: { x: nested(17) } }],
  ['a nesting of 17 levels in a field that we do not know', { ...makeEvent(1), later: nested(18) }],
  ['a record too long', { ...makeEvent(1), readings: { x: 'x'.repeat(recordCharsMax) } }],
  ['the alarm that only a centre raises', makeAlarm(1, 'raised', { kind: 'box-silent' })],
])('takes nothing of %s: a note stands in its place', (_name, record) => {
  const parsed = parse([record])
  expect(parsed.ok && parsed.value.report.records).toMatchObject([{ type: 'log', what: 'record-unreadable' }])
  expect(parsed.ok && parsed.value.faulty).toMatchObject([{ number: 1 }])
})

it('takes sixteen levels', () => {
  expect(parse([{ ...makeEvent(1), readings: { x: nested(16) } }]).ok).toBe(true)
})

it('expands a dense form only to its limit: one long name in a thousand records', () => {
  const rows = 1000
  const name = 'n'.repeat(8000)
  const ones = Array<number>(rows).fill(1)
  const dense = [2, epoch, 0, 1, [], [[1, 1, 0, name]], Array(rows).fill(0), [], ones, ones, ones]
  const texts = [Array(rows).fill('d').join(' '), Array(rows).fill('m').join(' '), [], [[ones]]]
  const packed = gzipSync(Buffer.from(JSON.stringify([...dense, ...texts])))
  expect(packed.byteLength).toBeLessThan(10_000)
  expect(parseArrivedReport('box-a', 'red', packed).ok).toBe(false)
})

it('keeps only the permitted fields of an alarm, and a few KB of it', () => {
  const { alarm } = makeAlarm(1, 'raised')
  const forged = { ...alarm, acceptedBy: 'Wang Min', boxName: 'X', stage: 'closed', box: 'victim' } as Alarm
  expect(boxAlarm(forged)).toEqual(alarm)
  const readings = { pad: 'x'.repeat(alarmReadingsCharsMax) }
  expect(boxAlarm({ ...alarm, readings })).toEqual(alarm)
  expect(boxAlarm({ ...alarm, readings: { button: 'held' } }).readings).toEqual({ button: 'held' })
})

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = [value]
  return value
}
