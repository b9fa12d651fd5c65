// Whatever order, repeats, failed commits and lost Receipts: stored exactly once, and no Receipt ahead of the disk.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReceiverCore, rangesMax } from '../../../centre/receiver/receiver-core.ts'
import { addRange, holesOf, unbrokenTo } from '../../../protocols/kit/ranges.ts'
import { checkReport } from '../../../centre/receiver/check-report.ts'
import type { NumberRange } from '../../../centre/storage/port.ts'
import { lanes } from '../../../protocols/domain/colour.ts'
import { recordSchema, reportSchema, type Report } from '../../../protocols/uplink/report.ts'
import { epoch, makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'

const total = 40

const reportOf = (first: number, count: number): Report => ({
  v: 1,
  epoch,
  lane: 'routine',
  first,
  records: Array.from({ length: count }, (_, i) => makeEvent(first + i)),
})

const deliveries = fc.array(
  fc.record({
    reports: fc.array(fc.tuple(fc.integer({ min: 1, max: total }), fc.integer({ min: 0, max: 8 })), {
      minLength: 1,
      maxLength: 4,
    }),
    doesCommit: fc.boolean(),
  }),
  { maxLength: 30 },
)

test('stores every record exactly once and never receipts what no commit holds', () => {
  fc.assert(
    fc.property(deliveries, (batches) => {
      const core = new ReceiverCore()
      const disk = new Map<number, number>()
      const last = { reports: [[1, total] as [number, number]], doesCommit: true }
      for (const { reports, doesCommit } of [...batches, last]) {
        const arrived = reports.map(([first, count]) => ({
          box: 'box-a',
          report: reportOf(first, Math.min(count, total - first + 1)),
          bodies: [],
        }))
        const plan = core.plan(arrived)
        if (doesCommit) {
          for (const { numbers } of plan.lanes)
            for (const number of numbers) disk.set(number, (disk.get(number) ?? 0) + 1)
          core.settle(plan)
        }
        const lane = core.receipt('box-a', epoch, 0).lanes.routine
        for (let n = 1; n <= (lane?.storedTo ?? 0); n++) expect(disk.has(n)).toBe(true)
        for (const [from, to] of lane?.missing ?? [])
          for (let n = from; n <= to; n++) expect(disk.has(n)).toBe(false)
      }
      expect([...disk.values()].every((count) => count === 1)).toBe(true)
      expect(disk.size).toBe(total)
      expect(core.receipt('box-a', epoch, 0).lanes.routine).toEqual({ storedTo: total, missing: [] })
    }),
  )
})

test('keeps lanes, epochs and boxes apart', () => {
  const core = new ReceiverCore()
  const report = reportOf(1, 2)
  const arrived = [
    { box: 'box-a', report, bodies: [] },
    { box: 'box-b', report, bodies: [] },
    { box: 'box-a', report: { ...report, lane: 'red' as const }, bodies: [] },
    { box: 'box-a', report: { ...report, epoch: 'zzzz9999' }, bodies: [] },
  ]
  const plan = core.plan(arrived)
  expect(plan.repeats).toBe(0)
  expect(plan.lanes).toHaveLength(4)
  core.settle(plan)
  expect(core.latestEpoch('box-a')).toBe('zzzz9999')
  expect(Object.keys(core.receipt('box-a', epoch, 0).lanes)).toEqual(['red', 'routine'])
})

const take = (core: ReceiverCore, report: Report) => {
  const plan = core.plan([{ box: 'box-a', report, bodies: [] }])
  return { plan, changes: core.settle(plan) }
}
const heard = (receipted: number) => ({ routine: { last: Math.max(20, receipted), receipted } })

test('says what an older backup has lost, asks for it, and is content when it is back or declared gone', () => {
  const core = new ReceiverCore()
  take(core, reportOf(1, 5))
  expect(core.hear('box-a', epoch, heard(5))).toEqual([])
  expect(core.receipt('box-a', epoch, 0).lanes.routine).toEqual({ storedTo: 5, missing: [] })

  expect(core.hear('box-a', epoch, heard(12))).toEqual([
    { box: 'box-a', lane: 'routine', missing: [[6, 12]] },
  ])
  expect(core.hear('box-a', epoch, heard(12))).toEqual([])
  expect(core.receipt('box-a', epoch, 0).lanes.routine).toEqual({ storedTo: 5, missing: [], lostTo: 12 })

  expect(take(core, reportOf(13, 2)).changes).toEqual([])
  expect(core.missing('box-a', epoch, 'routine')).toEqual([[6, 12]])
  expect(take(core, reportOf(6, 4)).plan.repeats).toBe(0)
  // The box restarted and reports a lower position: it is still asked.
  expect(core.hear('box-a', epoch, heard(11))).toEqual([])
  expect(core.receipt('box-a', epoch, 0).lanes.routine).toMatchObject({ storedTo: 9, lostTo: 12 })
  const gone = { ...reportOf(12, 1), skipped: [{ from: 10, to: 11, reason: 'no longer there' }] }
  expect(take(core, gone).changes).toEqual([{ box: 'box-a', lane: 'routine', missing: [] }])
  expect(core.receipt('box-a', epoch, 0).lanes.routine).toEqual({ storedTo: 14, missing: [] })
  expect(core.givenUp('box-a', epoch, 'routine')).toBe(2)
})

test('asks for a whole epoch that began after the backup', () => {
  const core = new ReceiverCore()
  expect(core.hear('box-a', epoch, heard(7))).toEqual([{ box: 'box-a', lane: 'routine', missing: [[1, 7]] }])
  expect(core.receipt('box-a', epoch, 0).lanes).toEqual({ routine: { storedTo: 0, missing: [], lostTo: 7 } })
  take(core, reportOf(1, 7))
  expect(core.receipt('box-a', epoch, 0).lanes).toEqual({ routine: { storedTo: 7, missing: [] } })
})

test('refuses a Report that would make more holes than a lane may have', () => {
  const core = new ReceiverCore()
  const arrived = Array.from({ length: rangesMax + 1 }, (_, i) => ({
    box: 'box-a',
    report: reportOf(2 * i + 2, 1),
    bodies: [],
  }))
  expect(core.plan(arrived).refused).toEqual([
    { index: rangesMax, reason: `more than ${rangesMax} holes in lane routine` },
  ])
})

test('ranges hold the numbers put into them, no others, sorted and apart', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 5 })))
  fc.assert(
    fc.property(pieces, (added) => {
      let ranges: NumberRange[] = []
      const numbers = new Set<number>()
      for (const [from, more] of added) {
        ranges = addRange(ranges, from, from + more)
        for (let n = from; n <= from + more; n++) numbers.add(n)
      }
      const listed = ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
      expect(listed).toEqual([...numbers].sort((a, b) => a - b))
      const holes = new Set(
        holesOf(ranges, 100).flatMap(([from, to]) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        ),
      )
      for (let n = 1; n < Math.max(0, ...numbers); n++) expect(holes.has(n)).toBe(!numbers.has(n))
      expect(numbers.has(unbrokenTo(ranges) + 1)).toBe(false)
    }),
  )
})

/** Damages one place of a Report: a value of another kind, or a missing key. */
const wrongValues = fc.constantFrom(null, -1, 0, 1.5, 2 ** 53, '', 'x'.repeat(81), 'red', [], {}, true, 1e308)
const damage = fc.record({
  path: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
  value: wrongValues,
  drop: fc.boolean(),
})

function damaged(value: unknown, path: readonly number[], put: unknown, drop: boolean): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return put
  const keys = Object.keys(value)
  const key = keys[(path[0] ?? 0) % Math.max(1, keys.length)]
  if (key === undefined) return put
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  if (path.length === 1 && drop && !Array.isArray(value)) delete copy[key]
  else copy[key] = damaged(copy[key], path.slice(1), put, drop)
  return copy
}

test('checks a Report as its schema does, whole or damaged anywhere', () => {
  const record = fc.constantFrom(
    makeEvent(1),
    { ...makeEvent(2), deviceAtMs: 5 },
    makeAlarm(3, 'raised', { variant: 'held', zone: 'home', readings: {}, isDrill: true }),
    { ...makeAlarm(4, 'ended'), cause: 2 },
    { ...makeEvent(6), was: { epoch: 'efgh5678', sequence: 9 } },
    {
      type: 'log',
      sequence: 5,
      boot: 1,
      sinceBootMs: 0,
      atMs: 0,
      clock: 'unsynced',
      what: 'armed',
      facts: {},
    },
  )
  const report = fc.record({
    v: fc.constant(1),
    epoch: fc.constant(epoch),
    lane: fc.constantFrom(...lanes),
    first: fc.integer({ min: 1, max: 9 }),
    records: fc.array(record, { maxLength: 3 }),
    skipped: fc.array(fc.constant({ from: 1, to: 2, reason: 'evicted' }), { maxLength: 2 }),
  })
  const seen = { whole: 0, refused: 0 }
  fc.assert(
    fc.property(report, fc.option(damage), (whole, harm) => {
      const value = harm ? damaged(whole, harm.path, harm.value, harm.drop) : whole
      const isSound = reportSchema.safeParse(value).success
      seen[isSound ? 'whole' : 'refused'] += 1
      expect([value, checkReport(value).ok]).toEqual([value, isSound])
    }),
    { numRuns: 1500 },
  )
  // The comparison is useful only if both results occurred often.
  expect(Math.min(seen.whole, seen.refused)).toBeGreaterThan(100)
  expect(recordSchema.safeParse(makeAlarm(1, 'raised')).success).toBe(true)
})
