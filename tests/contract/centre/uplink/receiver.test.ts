// Does a box ever get "stored" before it is? Real MQTT, real SQLite, and a disk that can be delayed or broken.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventsAnswer } from '../../../../protocols/desk/api.ts'
import type { Storage } from '../../../../centre/storage/port.ts'
import { StorageFailure } from '../../../../centre/storage/storage-failure.ts'
import {
  dropFolder,
  epoch,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

let folder: string
let running: CentreUnderTest | undefined
const boxes: TestBox[] = []

beforeEach(() => {
  folder = makeFolder()
})
afterEach(async () => {
  for (const box of boxes.splice(0)) await box.end()
  await running?.centre.stop()
  running = undefined
  dropFolder(folder)
})

async function start(options: Parameters<typeof startCentre>[1] = {}): Promise<CentreUnderTest> {
  running = await startCentre(folder, options)
  return running
}

async function connectBox(name: string, credentials: { username?: string; password?: string } = {}) {
  const box = new TestBox(running?.centre.uplinkUrls[0] ?? '', name, credentials)
  boxes.push(box)
  return box.ready()
}

async function stored(box: string): Promise<EventsAnswer['events']> {
  if (!running) throw new Error('no centre runs')
  const answer = await running.get(`/api/v1/events?box=${box}&limit=1000`, running.token())
  return ((await answer.json()) as EventsAnswer).events
}

test('answers PUBACK and Receipt only after the commit, and neither while the disk is held up', async () => {
  let release: (() => void) | undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  let isStored = false
  await start({
    wrapStorage: (storage): Storage => ({
      ...storage,
      storeIntake: async (batch) => {
        await held
        const changes = await storage.storeIntake(batch)
        isStored = true
        return changes
      },
    }),
  })
  const box = await connectBox('box-a')
  let isAcknowledged = false
  const sent = box.report('red', 1, [makeAlarm(1, 'raised')]).then(() => {
    isAcknowledged = true
    expect(isStored).toBe(true)
  })
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect([isAcknowledged, box.receipts.length]).toEqual([false, 0])
  release?.()
  await sent
  const receipt = await until(() => box.receipts[0])
  expect(receipt.lanes.red).toEqual({ storedTo: 1, missing: [] })
})

test('drops the connection without PUBACK or Receipt when the commit fails, and takes the same Report later', async () => {
  let isBroken = true
  await start({
    wrapStorage: (storage): Storage => ({
      ...storage,
      storeIntake: (batch) =>
        isBroken
          ? Promise.reject(new StorageFailure('SQLITE_FULL', 'database or disk is full'))
          : storage.storeIntake(batch),
    }),
  })
  const first = await connectBox('box-a')
  const closed = new Promise<void>((resolve) => first.client.once('close', () => resolve()))
  let isAcknowledged = false
  first.report('red', 1, [makeAlarm(1, 'raised')]).then(
    () => (isAcknowledged = true),
    () => {},
  )
  await closed
  expect([isAcknowledged, first.receipts.length]).toEqual([false, 0])
  expect((await running?.get('/healthz'))?.status).toBe(503)
  isBroken = false
  const second = await connectBox('box-a')
  await second.report('red', 1, [makeAlarm(1, 'raised')])
  expect((await until(() => second.receipts[0])).lanes.red?.storedTo).toBe(1)
  expect(await stored('box-a')).toHaveLength(1)
  expect((await running?.get('/healthz'))?.status).toBe(200)
})

test('stores a repeated Report once and answers its Receipt again', async () => {
  await start()
  const box = await connectBox('box-a')
  const records = [makeEvent(1), makeEvent(2), makeEvent(3)]
  await box.report('routine', 1, records)
  await until(() => box.receipts[0])
  await box.report('routine', 1, records)
  const again = await until(() => box.receipts[1])
  expect(again.lanes.routine).toEqual({ storedTo: 3, missing: [] })
  expect((await stored('box-a')).map(({ number }) => number)).toEqual([1, 2, 3])
})

test('names the holes when Reports come out of order, and counts skipped numbers as settled', async () => {
  await start()
  const box = await connectBox('box-a')
  await box.report('routine', 5, [makeEvent(5)])
  expect((await until(() => box.receipts[0])).lanes.routine).toEqual({ storedTo: 0, missing: [[1, 4]] })
  await box.report('routine', 1, [makeEvent(1)], { skipped: [{ from: 2, to: 4, reason: 'evicted' }] })
  expect((await until(() => box.receipts[1])).lanes.routine).toEqual({ storedTo: 5, missing: [] })
})

test('sends a connecting box the stored numbers of its epoch, also after a restart of the centre', async () => {
  await start()
  const first = await connectBox('box-a')
  await first.report('yellow', 1, [makeEvent(1), makeEvent(2)])
  await running?.centre.stop()
  await start()
  const second = await connectBox('box-a')
  const receipt = await until(() => second.receipts[0])
  expect(receipt).toMatchObject({ epoch, lanes: { yellow: { storedTo: 2, missing: [] } } })
})

test('acknowledges an unreadable Report and keeps it in quarantine, without a Receipt', async () => {
  await start()
  const box = await connectBox('box-a')
  await box.client.publishAsync('up/box-a/red', Buffer.from('{"v":1,"nonsense"'), { qos: 1 })
  await box.client.publishAsync('up/box-a/red', Buffer.from([0x1f, 0x8b, 1, 2, 3]), { qos: 1 })
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await until(() => box.receipts[0])
  expect(box.receipts).toHaveLength(1)
  const metrics = await running?.centre.registry.getMetricsAsJSON()
  const unreadable = metrics?.find(({ name }) => name === 'gengfu_centre_messages_unreadable_total')
  expect(unreadable?.values[0]?.value).toBe(2)
})

test('lets a box publish and subscribe under its own name only', async () => {
  await start()
  const thief = await connectBox('box-b')
  for (const topic of ['down/box-a/receipt', 'down/+/receipt', '#', 'up/box-b/red'])
    await expect(thief.client.subscribeAsync(topic, { qos: 1 })).rejects.toThrow(/Subscribe error/)
  const closed = new Promise<void>((resolve) => thief.client.once('close', () => resolve()))
  thief.client.publish('up/box-a/red', '{}', { qos: 1 })
  await closed
  expect(await stored('box-a')).toHaveLength(0)
})

test('refuses an unknown box where strangers are not admitted', async () => {
  await start({ config: { uplink: { listeners: [{ host: '127.0.0.1', port: 0 }] } } })
  await expect(connectBox('box-a')).rejects.toThrow(/Not authorized/)
})

test('re-sends the stage to a box that was away when an operator accepted', async () => {
  const { token, post } = await start()
  const box = await connectBox('box-a')
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await box.end()
  const answer = await post('/api/v1/alarms/box-a.sos-1/accept', token('operator', 'li'))
  expect(answer.status).toBe(200)
  const again = await connectBox('box-a')
  expect(await until(() => again.stages[0])).toMatchObject({
    alarm: 'sos-1',
    stage: 'accepted',
    by: 'token:li',
  })
})

test('stores nothing over a record with the same number that is another one, and names the number; a true repeat is none', async () => {
  await start()
  const box = await connectBox('box-a')
  await box.report('routine', 1, [makeEvent(1), makeEvent(2)])
  await until(() => box.receipts.some(({ lanes }) => lanes.routine?.storedTo === 2))
  const before = (await stored('box-a')).map(({ record }) => record)
  await box.report('routine', 1, [makeEvent(1), makeEvent(2)])
  // As sent by a box whose data folder went back: the number again, but of a later moment.
  await box.report('routine', 2, [makeEvent(9)])
  const receipt = await until(() => box.receipts.find(({ lanes }) => lanes.routine?.conflict !== undefined))
  expect(receipt.lanes.routine).toMatchObject({ storedTo: 1, conflict: 2 })
  expect((await stored('box-a')).map(({ record }) => record)).toEqual(before)
  // A stored row damaged since then is no conflict, and the Report of the box is accepted.
  const db = new Database(join(folder, 'centre.db'))
  db.exec("UPDATE records SET body = '{spoilt' WHERE number = 1")
  db.close()
  const count = box.receipts.length
  await box.report('routine', 1, [makeEvent(1)])
  await until(() => box.receipts.length > count)
  expect(box.receipts.at(-1)?.lanes.routine).toMatchObject({ storedTo: 1, conflict: 2 })
})
