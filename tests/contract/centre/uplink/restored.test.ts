// Question: does a centre with a restored older backup report its loss, to people and to the box, until it is
// recovered?
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type {
  AlarmsAnswer,
  EventsAnswer,
  StreamMessage,
  VillagesAnswer,
} from '../../../../protocols/desk/api.ts'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
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

async function connectBox(): Promise<TestBox> {
  const box = new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a')
  boxes.push(box)
  return box.ready()
}

async function ask<T>(path: string): Promise<T> {
  return (await (await running.get(path, running.token())).json()) as T
}

/** Stops the centre, runs `act` with its folder, and starts it again. */
async function whileStopped(act: () => void): Promise<void> {
  for (const box of boxes.splice(0)) await box.end()
  await running.centre.stop()
  act()
  running = await startCentre(folder)
}

const backup = (): string => join(folder, 'backup')
const takeBackup = (): void => {
  mkdirSync(backup())
  for (const name of readdirSync(folder).filter((file) => file.startsWith('centre.db')))
    cpSync(join(folder, name), join(backup(), name))
}
const restoreBackup = (): void => {
  for (const name of readdirSync(folder).filter((file) => file.startsWith('centre.db')))
    rmSync(join(folder, name))
  cpSync(backup(), folder, { recursive: true })
}

const heartbeat = (box: TestBox, receipted: number): void => {
  const lanes = { routine: { last: receipted, receipted }, red: { last: 1, receipted: 1 } }
  const time = { boot: 1, sinceBootMs: 9000, atMs: 1_760_000_000_000, clock: 'synced', uptimeMs: 9000 }
  box.client.publish('up/box-a/heartbeat', Buffer.from(encodeJson({ v: 1, epoch, lanes, ...time })))
}
const laneProgress = async () =>
  (await ask<VillagesAnswer>('/api/v1/villages')).villages[0]?.boxes[0]?.lanes ?? {}

/** Everything that a desk at position `after` gets. */
function listen(after: string): StreamMessage[] {
  const told: StreamMessage[] = []
  const url = `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream?after=${after}`
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${running.token()}` } })
  socket.on('message', (data: Buffer) => told.push(JSON.parse(data.toString()) as StreamMessage))
  return told
}

test('names the lost numbers on the API and the stream, asks the box for them, and is whole again', async () => {
  const first = await connectBox()
  await first.report('routine', 1, [makeEvent(1), makeEvent(2)])
  await whileStopped(takeBackup)
  const second = await connectBox()
  await second.report('red', 1, [makeAlarm(3, 'raised')])
  await second.report('routine', 3, [makeEvent(4), makeEvent(5), makeEvent(6)])
  await whileStopped(restoreBackup)

  const box = await connectBox()
  const told = listen('')
  await until(() => told.some(({ type }) => type === 'hello'))
  heartbeat(box, 5)
  const receipt = await until(() => box.receipts.find(({ lanes }) => lanes.red))
  expect(receipt.lanes).toEqual({
    red: { storedTo: 0, missing: [], lostTo: 1 },
    routine: { storedTo: 2, missing: [], lostTo: 5 },
  })
  expect(await laneProgress()).toMatchObject({
    red: { storedTo: 0, missing: [[1, 1]] },
    routine: { storedTo: 2, announced: 5, missing: [[3, 5]] },
  })
  const gaps = () => told.flatMap((message) => (message.type === 'box.gap' ? [message] : []))
  await until(() => gaps().length === 2)
  expect(gaps()).toMatchObject([
    { lane: 'red', missing: [[1, 1]] },
    { lane: 'routine', missing: [[3, 5]] },
  ])

  // The desk shows it, and so does /healthz.
  const own = async () =>
    (await ask<AlarmsAnswer>('/api/v1/alarms')).alarms.filter(({ kind }) => kind === 'centre-rewound')
  const [alarm] = await until(async () => (await own()).length > 0 && own())
  expect(alarm).toMatchObject({ box: '-centre', colour: 'orange', state: 'unacknowledged' })
  expect(alarm?.text.en).toContain('box-a')
  const health = async () => (await running.get('/healthz')).json()
  expect(await health()).toMatchObject({ ok: true, boxesAhead: 1 })
  expect(await running.centre.registry.metrics()).toContain('gengfu_centre_boxes_ahead 1')

  await box.report('red', 1, [makeAlarm(3, 'raised')])
  await box.report('routine', 4, [makeEvent(5), makeEvent(6)], {
    skipped: [{ from: 3, to: 3, reason: 'no longer in the journal of the box' }],
  })
  await until(() => gaps().length === 4)
  expect(gaps().slice(2)).toMatchObject([{ missing: [] }, { missing: [] }])
  const progress = await laneProgress()
  expect(progress.red).toEqual({ storedTo: 1, announced: 1, missing: [] })
  expect(progress.routine).toEqual({ storedTo: 5, announced: 5, missing: [], givenUp: 1 })
  expect(await health()).toMatchObject({ boxesAhead: 0 })
  await whileStopped(() => undefined)
  expect((await laneProgress()).routine).toMatchObject({ storedTo: 5, givenUp: 1 })
  expect(await own()).toHaveLength(1)
})

test('a desk and a reader of events that stood ahead of the backup miss nothing that comes back', async () => {
  const first = await connectBox()
  await first.report('routine', 1, [makeEvent(1)])
  await whileStopped(takeBackup)
  const second = await connectBox()
  const before = listen('')
  await second.report('red', 1, [makeAlarm(2, 'raised')])
  await second.report('red', 2, [makeAlarm(3, 'raised', { id: 'sos-2' })])
  await second.report('routine', 2, [makeEvent(4), makeEvent(5)])
  await until(() => before.filter(({ type }) => type === 'alarm.raised').length === 2)
  const position = before.findLast(({ type }) => type === 'alarm.raised')?.position ?? ''
  const cursor = (await ask<EventsAnswer>('/api/v1/events?limit=500')).next
  await whileStopped(restoreBackup)

  const box = await connectBox()
  await box.report('red', 1, [makeAlarm(2, 'raised'), makeAlarm(3, 'raised', { id: 'sos-2' })])
  await box.report('red', 3, [makeAlarm(6, 'raised', { id: 'sos-3' })])
  await box.report('routine', 2, [makeEvent(4), makeEvent(5), makeEvent(7)])
  const told = listen(position)
  await until(() => told.length > 1)
  expect(told.map(({ type }) => type)).toContain('resync')

  const sequences = (await ask<EventsAnswer>(`/api/v1/events?limit=500&after=${cursor}`)).events.map(
    ({ record }) => record.sequence,
  )
  expect(sequences.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7])
})
