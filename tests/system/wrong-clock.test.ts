// Question: does a clock that is wrong by decades, in either direction, reorder, expire or lose anything?
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HealthAnswer } from '../../protocols/console/api.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import { BoxClock } from '../../gateway/clock/box-clock.ts'
import { openJournal } from '../../gateway/journal/journal.ts'
import { VirtualClock, createSystemClock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { pino } from 'pino'
import {
  createBoxFolder,
  createSteppedClock,
  sendEvents,
  startBox,
  type BoxFolder,
} from '../kits/system/box-in-process.ts'
import { expandBody } from '../../gateway/journal/short-event.ts'

let box: BoxFolder
beforeEach(() => {
  box = createBoxFolder()
})
afterEach(() => box.remove())

const fiftyYearsMs = 50 * 365.25 * 86_400_000

function records(folder: string): JournalRecord[] {
  const db = new Database(join(folder, 'box', 'journal.db'), { readonly: true })
  try {
    return ['red', 'routine']
      .flatMap(
        (lane) => db.prepare(`SELECT body FROM lane_${lane} ORDER BY number`).pluck().all() as string[],
      )
      .map((body) => JSON.parse(expandBody(body)) as JournalRecord)
  } finally {
    db.close()
  }
}

it('orders, expires and loses nothing when the wall clock jumps 50 years back and forth', async () => {
  const clock = createSteppedClock()
  const { gateway, mqttUrl, consoleUrl } = await startBox(box.folder, {}, { clock })
  let counter = 0
  for (const step of [0, -fiftyYearsMs, fiftyYearsMs, -56 * 365.25 * 86_400_000, 0]) {
    clock.offsetMs = step
    await sendEvents(mqttUrl, 'button-1', [{ id: `1-${++counter}`, button: 'pressed' }])
    await sendEvents(mqttUrl, 'door-1', [{ id: `1-${counter}`, contact: 'closed' }])
  }
  // A repeat of the very first message is still a repeat.
  await sendEvents(mqttUrl, 'button-1', [{ id: '1-1', button: 'pressed' }])
  const health = (await (await fetch(`${consoleUrl}api/v1/health`)).json()) as HealthAnswer
  expect(health.alarms.list).toMatchObject([{ device: 'button-1', kind: 'sos', occurrences: 5 }])
  await gateway.stop()
  const kept = records(box.folder)
  const presses = kept.filter((record) => record.type === 'event' && record.device === 'button-1')
  expect(presses.map((record) => record.type === 'event' && record.messageId)).toEqual([
    '1-1',
    '1-2',
    '1-3',
    '1-4',
    '1-5',
  ])
  const steady = presses.map(({ sinceBootMs }) => sinceBootMs)
  expect([...steady].sort((a, b) => a - b)).toEqual(steady)
  expect(new Set(presses.map(({ clock: quality }) => quality))).toEqual(new Set(['unsynced']))
})

it('keeps an alarm standing over a boot into 1970', async () => {
  const first = await startBox(box.folder, {}, { sinceBootMs: () => 3_600_000, bootId: 'boot-a' })
  await sendEvents(first.mqttUrl, 'button-1', [{ id: '1-1', button: 'pressed' }])
  await first.gateway.stop()
  const clock = createSteppedClock()
  clock.offsetMs = -createSystemClock().wallMs()
  const second = await startBox(box.folder, {}, { clock, sinceBootMs: () => 5000, bootId: 'boot-b' })
  const health = (await (await fetch(`${second.consoleUrl}api/v1/health`)).json()) as HealthAnswer
  expect(health.box.boot).toBe(2)
  expect(health.alarms.list).toMatchObject([{ device: 'button-1', kind: 'sos' }])
  // Steady time continues at the end of the first boot; the years between do not count.
  expect(health.alarms.list[0]?.raisedAgoMs).toBeLessThan(60_000)
  await second.gateway.stop()
})

it('reads records of an unsynced boot with repaired times once the clock is known, and says so', async () => {
  const open = () =>
    openJournal({
      folder: box.folder,
      clock: createSystemClock(),
      random: createSystemRandom(),
      logger: pino({ level: 'silent' }),
      bootId: 'boot-a',
      commitWindowMs: 0,
    })
  const journal = await open()
  const record = (sequence: number, boot: number, clock: 'unsynced' | 'synced') =>
    ({ type: 'log', sequence, boot, sinceBootMs: 1000 * sequence, atMs: 5, clock, what: 'test' }) as const
  await journal.append({
    records: [record(1, 1, 'unsynced'), record(2, 1, 'synced'), record(3, 2, 'unsynced')].map((one) => ({
      lane: 'routine',
      record: one,
    })),
    isUrgent: true,
  })
  await journal.repairTimes(1, 1_000_000)
  const expected = [
    { atMs: 1_001_000, clock: 'repaired' },
    { atMs: 5, clock: 'synced' },
    { atMs: 5, clock: 'unsynced' },
  ]
  const read = async (from: typeof journal) =>
    (await from.read('routine', 0, { recordsMax: 10, bytesMax: 10_000 })).map(
      ({ body }) => JSON.parse(body) as JournalRecord,
    )
  expect(await read(journal)).toMatchObject(expected)
  await journal.close()
  const again = await open()
  expect(await read(again)).toMatchObject(expected)
  await again.close()
})

it("takes the centre's time when the system keeps none, and corrects it when they drift apart", () => {
  const clock = new VirtualClock(0)
  const box = new BoxClock({ clock, sinceBootMs: () => clock.monotonicMs(), boot: 1, steadyBaseMs: 0 })
  const told: number[] = []
  box.onSynced(() => told.push(box.bootWallMs()))
  clock.advance(10_000)
  expect(box.now()).toMatchObject({ clock: 'unsynced', atMs: 10_000 })
  const centreMs = Date.UTC(2026, 5, 1)
  box.hearCentreTime({ wallMs: centreMs, isKept: true })
  expect(box.now()).toMatchObject({ clock: 'synced', atMs: centreMs, sinceBootMs: 10_000 })
  expect(told).toEqual([centreMs - 10_000])
  clock.stepWall(fiftyYearsMs)
  box.hearCentreTime({ wallMs: centreMs + 1000, isKept: true })
  expect(box.now().atMs).toBe(centreMs + 1000)
})
