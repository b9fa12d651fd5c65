// Question: does a box that had to salvage its journal into a new epoch double nothing, lose nothing, and move no alarm
// back? And are the times of a boot without a clock shown right once its start is known?
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { AlarmsAnswer, DeskAlarm, EventsAnswer, StreamMessage } from '../../../protocols/desk/api.ts'
import type { JournalRecord, LogRecord } from '../../../protocols/domain/record.ts'
import {
  dropFolder,
  epoch,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
} from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

const second = 'salvaged2'
const third = 'salvaged3'

let folder: string
let running: CentreUnderTest
const boxes: TestBox[] = []

beforeEach(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
})
afterEach(async () => {
  for (const box of boxes.splice(0)) await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

async function connectBox(name = 'box-a'): Promise<TestBox> {
  const box = new TestBox(running.centre.uplinkUrls[0] ?? '', name)
  boxes.push(box)
  return box.ready()
}

async function ask<T>(path: string): Promise<T> {
  return (await (await running.get(path, running.token())).json()) as T
}
const stored = async (box = 'box-a'): Promise<EventsAnswer['events']> =>
  (await ask<EventsAnswer>(`/api/v1/events?box=${box}&limit=1000`)).events
const rows = async (): Promise<DeskAlarm[]> => (await ask<AlarmsAnswer>('/api/v1/alarms?state=all')).alarms

const wasIn = <T extends JournalRecord>(place: string, record: T, sequence: number): T => ({
  ...record,
  sequence,
  was: { epoch: place, sequence: record.sequence },
})

describe('a salvaged journal', () => {
  test('is receipted completely, and only records that the centre lacked are stored', async () => {
    const box = await connectBox()
    await box.report('routine', 1, [makeEvent(1), makeEvent(2)])
    await box.report(
      'routine',
      1,
      [wasIn(epoch, makeEvent(2), 1), wasIn(epoch, makeEvent(3), 2), { ...makeEvent(3), messageId: '2-1' }],
      { epoch: second },
    )
    const receipt = await until(() => box.receipts.find((one) => one.epoch === second))
    expect(receipt.lanes.routine).toEqual({ storedTo: 3, missing: [] })
    const ids = (await stored()).map(({ record }) => (record.type === 'event' ? record.messageId : ''))
    expect(ids).toEqual(['1-1', '1-2', '1-3', '2-1'])
  })

  test('counts an original that comes after its salvaged copy as a repeat', async () => {
    const box = await connectBox()
    await box.report('routine', 1, [makeEvent(1)])
    await box.report('routine', 1, [wasIn(epoch, makeEvent(2), 1)], { epoch: second })
    await box.report('red', 1, [wasIn(epoch, makeAlarm(4, 'raised'), 2)], { epoch: second })
    await box.report('routine', 2, [makeEvent(2), makeEvent(3)])
    await box.report('red', 1, [makeAlarm(4, 'raised')])
    const receipt = await until(() => box.receipts.findLast((one) => one.epoch === epoch && one.lanes.red))
    expect(receipt.lanes).toMatchObject({ routine: { storedTo: 3 }, red: { storedTo: 1 } })
    const ids = (await stored()).map(({ record }) => (record.type === 'event' ? record.messageId : 'alarm'))
    expect(ids.toSorted()).toEqual(['1-1', '1-2', '1-3', 'alarm'])
    expect(await rows()).toMatchObject([{ occurrences: 1 }])
  })

  test('stays without doubles when it is salvaged twice, also across a restart of the centre', async () => {
    const first = await connectBox()
    await first.report('routine', 1, [makeEvent(1)])
    await first.report('routine', 1, [wasIn(epoch, makeEvent(2), 1)], { epoch: second })
    await first.end()
    await running.centre.stop()
    running = await startCentre(folder)
    const again = await connectBox()
    const saved = [
      wasIn(epoch, makeEvent(1), 1),
      wasIn(epoch, makeEvent(2), 2),
      wasIn(epoch, makeEvent(3), 3),
    ]
    await again.report('routine', 1, saved, { epoch: third })
    await again.report('routine', 1, saved, { epoch: third })
    await until(() => again.receipts.find((one) => one.epoch === third && one.lanes.routine?.storedTo === 3))
    const ids = (await stored()).map(({ record }) => (record.type === 'event' ? record.messageId : ''))
    expect(ids).toEqual(['1-1', '1-2', '1-3'])
  })

  test('takes nothing away from another box that counted the same', async () => {
    const [one, other] = [await connectBox('box-a'), await connectBox('box-b')]
    await one.report('routine', 1, [makeEvent(1)])
    await other.report('routine', 1, [wasIn(epoch, makeEvent(1), 1)], { epoch: second })
    await until(() => other.receipts.length > 0)
    expect(await stored('box-b')).toHaveLength(1)
  })

  test('leaves one row per alarm, as its newest change made it, and who accepted it', async () => {
    const box = await connectBox()
    const raised = makeAlarm(1, 'raised')
    const updated = makeAlarm(2, 'updated', { text: { zh: '二', en: 'two' } })
    const repeated = makeAlarm(3, 'repeated', { occurrences: 2, text: { zh: '三', en: 'three' } })
    // The second one was being sent when the journal broke.
    await box.report('red', 1, [raised])
    await box.report('red', 3, [repeated])
    const accepted = await running.post('/api/v1/alarms/box-a.sos-1/accept', running.token('operator', 'li'))
    expect(accepted.status).toBe(200)
    await box.report(
      'red',
      1,
      [raised, updated, repeated].map((record, i) => wasIn(epoch, record, i + 1)),
      {
        epoch: second,
      },
    )
    await until(() => box.receipts.find((one) => one.epoch === second))
    expect(await stored()).toHaveLength(3)
    expect(await rows()).toMatchObject([
      {
        id: 'box-a.sos-1',
        occurrences: 2,
        acceptedBy: 'token:li',
        needsAnswer: false,
        text: { en: 'three' },
      },
    ])
    await box.report('red', 4, [makeAlarm(4, 'ended', { occurrences: 2, state: 'normal' })], {
      epoch: second,
    })
    await until(async () => (await rows())[0]?.state === 'normal')
  })
})

describe('a boot that began without knowing the time', () => {
  const bootWallMs = 1_790_000_000_000
  const unsynced = <T extends JournalRecord>(record: T): T => ({ ...record, clock: 'unsynced', atMs: 1234 })
  const synced = (sequence: number, facts: object = { boot: 1, bootWallMs }): LogRecord => ({
    type: 'log',
    sequence,
    boot: 1,
    sinceBootMs: sequence * 10,
    atMs: bootWallMs + sequence * 10,
    clock: 'synced',
    what: 'clock-synced',
    facts: facts as Record<string, unknown>,
  })
  const repaired = (sequence: number) => ({ atMs: bootWallMs + sequence * 10, clock: 'repaired' })

  test('is shown with repaired times, on the desk at once, while what was stored stays as it came', async () => {
    const box = await connectBox()
    await box.report('routine', 1, [unsynced(makeEvent(1))])
    await box.report('red', 1, [unsynced(makeAlarm(2, 'raised'))])
    await until(async () => (await rows())[0]?.raised.clock === 'unsynced')
    const told: StreamMessage[] = []
    const stream = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
      headers: { authorization: `Bearer ${running.token()}` },
    })
    stream.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as StreamMessage))
    await until(() => told.some(({ type }) => type === 'hello'))

    await box.report('routine', 2, [synced(3), unsynced(makeEvent(4))])
    const update = await until(() => told.find((message) => message.type === 'alarm.updated'))
    expect(update).toMatchObject({ alarm: { id: 'box-a.sos-1', raised: repaired(2) } })
    stream.close()
    expect((await rows())[0]?.raised).toEqual({ boot: 1, sinceBootMs: 20, ...repaired(2) })
    expect((await stored()).map(({ record }) => [record.sequence, record.clock, record.atMs])).toEqual([
      [1, 'repaired', bootWallMs + 10],
      [2, 'repaired', bootWallMs + 20],
      [3, 'synced', bootWallMs + 30],
      [4, 'repaired', bootWallMs + 40],
    ])

    // Nothing was rewritten: a later, better time of the boot applies to the same records.
    await box.report('routine', 4, [synced(5, { boot: 1, bootWallMs: bootWallMs + 5 })])
    await until(async () => (await stored())[0]?.record.atMs === bootWallMs + 15)
  })

  test('repairs no other boot, no other box and no other epoch, but the salvaged records of the same boot', async () => {
    const [box, other] = [await connectBox('box-a'), await connectBox('box-b')]
    await box.report('routine', 1, [
      unsynced(makeEvent(1)),
      { ...unsynced(makeEvent(2)), boot: 2 },
      synced(3),
    ])
    await other.report('routine', 1, [unsynced(makeEvent(1))])
    await box.report('routine', 1, [unsynced(makeEvent(1)), wasIn(epoch, unsynced(makeEvent(4)), 2)], {
      epoch: second,
    })
    await until(() => other.receipts.length > 0 && box.receipts.some((one) => one.epoch === second))
    expect((await stored('box-b')).map(({ record }) => record.clock)).toEqual(['unsynced'])
    expect((await stored()).map(({ record }) => record.clock)).toEqual([
      'repaired',
      'unsynced',
      'synced',
      'unsynced',
      'repaired',
    ])
  })

  test('stays unrepaired when the box says something that is no time', async () => {
    const box = await connectBox()
    const odd = [
      {},
      { boot: '1', bootWallMs },
      { boot: 1, bootWallMs: 'now' },
      { boot: 1, bootWallMs: -1 },
      { boot: 1.5, bootWallMs },
    ]
    await box.report('routine', 1, [unsynced(makeEvent(1)), ...odd.map((facts, i) => synced(i + 2, facts))])
    await until(() => box.receipts.length > 0)
    expect((await stored())[0]?.record).toMatchObject({ clock: 'unsynced', atMs: 1234 })
  })
})
