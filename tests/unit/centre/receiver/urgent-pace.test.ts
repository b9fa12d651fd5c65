// Does one box that floods red keep its own pace, is all of it stored, and does the red of another box wait for none of it?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { ReceiverCore } from '../../../../centre/receiver/receiver-core.ts'
import { ReportIntake } from '../../../../centre/receiver/report-intake.ts'
import { urgentBurst, urgentPerSecond } from '../../../../centre/receiver/pace/urgent-pace.ts'
import type { IntakeBatch } from '../../../../centre/storage/port.ts'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import { makeEvent } from '../../../contract/centre/centre-parts.ts'
import { CountingClock } from '../../../kits/system/counting-clock.ts'

const recordsPerReport = 500
/** A run of the intake begins and ends. */
const someTurns = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

function createIntake() {
  const clock = new CountingClock()
  const stored = new Map<string, number>()
  const intake = new ReportIntake({
    core: new ReceiverCore(),
    storage: {
      storeIntake: ({ lanes }: IntakeBatch) => {
        for (const { box, numbers } of lanes) stored.set(box, (stored.get(box) ?? 0) + numbers.length)
        return Promise.resolve({ changes: [], spoilt: [], conflicts: [] })
      },
    } as never,
    clock,
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
  })
  const sent = new Map<string, number>()
  const offer = (box: string, count: number): void => {
    const first = (sent.get(box) ?? 0) + 1
    sent.set(box, first + count - 1)
    const records = Array.from({ length: count }, (_, at) => makeEvent(first + at))
    const payload = encodeJson({ v: 1, epoch: `epoch0${box}`, lane: 'red', first, records })
    intake.offer(box, 'red', `up/${box}/red`, Buffer.from(payload), () => undefined)
  }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, stored, intake, offer, settle }
}

test('a box above its pace waits, another one does not, and nothing is lost', async () => {
  const { clock, stored, intake, offer, settle } = createIntake()
  const reports = urgentBurst / recordsPerReport + 20
  for (let at = 0; at < reports; at++) offer('evil', recordsPerReport)
  await settle()
  const atOnce = stored.get('evil') ?? 0
  expect(atOnce).toBeGreaterThanOrEqual(urgentBurst)
  expect(atOnce).toBeLessThan(urgentBurst + 3 * recordsPerReport)
  offer('village', 1)
  await settle()
  expect(stored.get('village')).toBe(1)
  clock.advance(1000)
  await settle()
  const afterASecond = (stored.get('evil') ?? 0) - atOnce
  expect(afterASecond).toBeGreaterThan(0)
  expect(afterASecond).toBeLessThanOrEqual(urgentPerSecond + recordsPerReport)
  await intake.drain()
  expect(stored.get('evil')).toBe(reports * recordsPerReport)
})

test('a flood of small Reports above the pace leaves one timer, and no work for each of them again and again', async () => {
  const { clock, stored, intake, offer, settle } = createIntake()
  for (let at = 0; at < urgentBurst / recordsPerReport + 20; at++) offer('evil', recordsPerReport)
  await settle()
  for (let at = 0; at < 300; at++) {
    offer('evil', 1)
    await someTurns()
  }
  expect(clock.timers).toBeLessThanOrEqual(1)
  offer('village', 1)
  await settle()
  expect(stored.get('village')).toBe(1)
  expect(clock.timers).toBe(1)
  await intake.drain()
  expect(clock.timers).toBe(0)
})
