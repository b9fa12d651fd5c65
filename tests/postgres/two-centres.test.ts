// Are two centres over one database one town: for desks, for boxes that move between them, and when one of them is cut off?
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AlarmsAnswer } from '../../protocols/desk/api.ts'
import {
  dropFolder,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../contract/centre/centre-parts.ts'
import { townDatabase } from '../kits/postgres/town-database.ts'
import { WebSocket } from 'ws'

let folders: string[]
let one: CentreUnderTest
let two: CentreUnderTest
const boxes: TestBox[] = []

beforeAll(async () => {
  folders = [makeFolder(), makeFolder()]
  const url = await townDatabase(folders[0] ?? '')
  const config = { storage: { url } }
  one = await startCentre(folders[0] ?? '', { config })
  two = await startCentre(folders[1] ?? '', { config })
})
afterAll(async () => {
  for (const box of boxes) await box.end().catch(() => undefined)
  await Promise.all([one.centre.stop(), two.centre.stop()])
  folders.forEach(dropFolder)
})

async function boxAt(centre: CentreUnderTest, id: string): Promise<TestBox> {
  const box = await new TestBox(centre.centre.uplinkUrls[0] ?? '', id).ready()
  boxes.push(box)
  return box
}

const alarmsAt = async (centre: CentreUnderTest, token: string): Promise<string[]> => {
  const answer = (await (await centre.get('/api/v1/alarms', token)).json()) as AlarmsAnswer
  return answer.alarms.map(({ id }) => id)
}

test('a red press at one centre is on the desks of both, once, and an answer given at the other reaches the box', async () => {
  const token = one.token()
  const heard: string[] = []
  const socket = new WebSocket(`${two.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
    headers: { authorization: `Bearer ${token}` },
  })
  socket.on('message', (data: Buffer) => heard.push((JSON.parse(data.toString()) as { type: string }).type))
  await new Promise((resolve) => socket.once('open', resolve))
  const box = await boxAt(one, 'village-a')
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await until(() => heard.includes('alarm.raised'))
  expect(await alarmsAt(two, token)).toEqual(['village-a.sos-1'])
  const accepted = await two.post('/api/v1/alarms/village-a.sos-1/accept', token)
  expect(accepted.status).toBe(200)
  await until(() => box.stages.some(({ stage }) => stage === 'accepted'))
  expect(heard.filter((type) => type === 'alarm.raised')).toHaveLength(1)
  socket.close()
})

test('a command asked at one centre reaches a box at the other', async () => {
  const token = two.token('admin', 'second')
  const box = await boxAt(one, 'village-b')
  await box.report('routine', 1, [makeEvent(1)])
  const commands: unknown[] = []
  box.client.on('message', (topic, payload) => {
    if (topic.endsWith('/command')) commands.push(JSON.parse(payload.toString()))
  })
  await box.client.subscribeAsync('down/village-b/command', { qos: 1 })
  // Known to the other centre as soon as it has read that the box is there.
  const asked = await until(async () => {
    const answer = await two.post('/api/v1/boxes/village-b/commands', token, { do: 'arm' })
    return answer.status === 404 ? undefined : answer
  })
  expect(await asked.json()).toMatchObject({ command: { box: 'village-b' } })
  await until(() => commands.length > 0)
})

test('the centre that lost a box stores nothing of it and sends no Receipt; the one that has it goes on where it was', async () => {
  const old = await boxAt(one, 'village-c')
  await old.report('routine', 1, [makeEvent(1), makeEvent(2)])
  const now = await boxAt(two, 'village-c')
  await now.report('routine', 3, [makeEvent(3)])
  await until(() => now.receipts.some(({ lanes }) => lanes.routine?.storedTo === 3))
  const before = old.receipts.length
  // The session of the other centre still stands: what comes through it is refused, and it ends.
  const ended = new Promise<void>((resolve) => old.client.once('close', () => resolve()))
  old.report('routine', 4, [makeEvent(4)]).catch(() => undefined)
  await ended
  expect(old.receipts.length).toBe(before)
  expect(await one.centre.registry.getSingleMetricAsString('gengfu_centre_fence_losses_total')).toContain(
    ' 1',
  )
  await now.report('routine', 4, [makeEvent(4), makeEvent(5)])
  await until(() => now.receipts.some(({ lanes }) => lanes.routine?.storedTo === 5))
})

test('one of the two has the duties, and the other takes them within seconds when that one stops', async () => {
  const dutiesOf = async ({ centre }: CentreUnderTest): Promise<boolean> =>
    (await centre.registry.getSingleMetricAsString('gengfu_centre_has_duties')).endsWith(' 1')
  expect([await dutiesOf(one), await dutiesOf(two)].filter(Boolean)).toHaveLength(1)
  const [holder, other] = (await dutiesOf(one)) ? [one, two] : [two, one]
  await holder.centre.stop()
  await until(() => dutiesOf(other))
})
