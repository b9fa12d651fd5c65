// Does one record that can not be read hold up the others of its lane?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { parseArrivedReport } from '../../../../centre/receiver/parse-arrived.ts'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import { ReportIntake } from '../../../../centre/receiver/report-intake.ts'
import { recordUnreadable } from '../../../../centre/receiver/faulty-records.ts'
import type { IntakeBatch } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { recordCharsMax } from '../../../../protocols/domain/limits.ts'
import { epoch, makeAlarm, makeEvent } from '../../../contract/centre/centre-parts.ts'

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
const bytesOf = (records: unknown[], more: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ v: 1, epoch, lane: 'red', first: 7, records, ...more }))

const faults: [string, unknown][] = [
  ['is nested too deep', { ...makeEvent(2), readings: { a: nested(20) } }],
  ['is too long', { ...makeEvent(2), readings: { a: 'x'.repeat(recordCharsMax) } }],
  ['has a field that is no text', { ...makeEvent(2), device: { toString: 1 } }],
  ['is of an unknown type', { ...makeEvent(2), type: 'newer' }],
  ['is no object', null],
  ['has no times', { type: 'event' }],
]

it.each(faults)('a record that %s is set aside, and the records around it are read', (_title, fault) => {
  const parsed = parseArrivedReport('box-a', 'red', bytesOf([makeEvent(1), fault, makeAlarm(3, 'raised')]))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const { report, bodies, faulty = [] } = parsed.value
  expect(report.records.map(({ type }) => type)).toEqual(['event', 'log', 'alarm'])
  expect(report.records[1]).toMatchObject({ what: recordUnreadable })
  expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(report.records)
  expect(faulty.map(({ number }) => number)).toEqual([8])
  // Sent again, it becomes the same note: no other record under its number.
  const again = parseArrivedReport('box-a', 'red', bytesOf([makeEvent(1), fault, makeAlarm(3, 'raised')]))
  expect(again.ok && again.value.bodies).toEqual(bodies)
})

it.each([
  ['its epoch', { epoch: 'X' }],
  ['its first number', { first: 0 }],
  ['its lane', { lane: 'blue' }],
  ['its list', { records: {} }],
])('a Report whose fault is %s is none', (_title, more) => {
  expect(parseArrivedReport('box-a', 'red', bytesOf([makeEvent(1), null], more)).ok).toBe(false)
})

it('the lane goes on behind it: all numbers are receipted, and the record is in quarantine once', async () => {
  const kept: IntakeBatch[] = []
  const core = new ReceiverCore()
  const intake = new ReportIntake({
    core,
    storage: {
      storeIntake: (batch: IntakeBatch) => {
        kept.push(batch)
        return Promise.resolve({ changes: [], spoilt: [], conflicts: [] })
      },
    } as never,
    clock: new VirtualClock(),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
  })
  const records = [makeEvent(1), ...faults.map(([, fault]) => fault), makeAlarm(9, 'raised')]
  const error = await new Promise((resolve) =>
    intake.offer('box-a', 'red', 'up/box-a/red', bytesOf(records, { first: 1 }), resolve),
  )
  expect(error).toBeUndefined()
  expect(core.receipt('box-a', epoch, 1).lanes.red).toEqual({ storedTo: records.length, missing: [] })
  const [quarantined = []] = kept.map((batch) => batch.quarantined)
  expect(quarantined).toHaveLength(1)
  expect(Buffer.from(quarantined[0]?.payload ?? []).toString()).toContain('"newer"')
})
