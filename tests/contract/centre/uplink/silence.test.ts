// Does the town learn that a village is silent, and that it is heard again, also across a restart?
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AlarmsAnswer, VillagesAnswer } from '../../../../protocols/desk/api.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import { dropFolder, epoch, makeEvent, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

let folder: string
let running: CentreUnderTest | undefined

beforeEach(() => {
  folder = makeFolder()
})
afterEach(async () => {
  await running?.centre.stop()
  dropFolder(folder)
})

async function silentAlarms(centre: CentreUnderTest): Promise<AlarmsAnswer['alarms']> {
  const { alarms } = (await (await centre.get('/api/v1/alarms', centre.token())).json()) as AlarmsAnswer
  return alarms.filter(({ kind }) => kind === 'box-silent')
}

async function presence(centre: CentreUnderTest): Promise<string | undefined> {
  const answer = (await (await centre.get('/api/v1/villages', centre.token())).json()) as VillagesAnswer
  return answer.villages[0]?.boxes[0]?.presence
}

test('raises one orange alarm when a box falls silent and ends it when it is heard after a restart', async () => {
  const clock = new VirtualClock()
  running = await startCentre(folder, { clock })
  const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
  await box.report('routine', 1, [makeEvent(1)])
  expect(await presence(running)).toBe('present')
  clock.advance(100_000)
  expect(await presence(running)).toBe('late')
  expect(await silentAlarms(running)).toEqual([])
  clock.advance(100_000)
  const centre = running
  const [raised] = await until(async () => {
    const found = await silentAlarms(centre)
    return found.length > 0 && found
  })
  expect(raised).toMatchObject({ box: 'box-a', colour: 'orange', state: 'unacknowledged' })
  clock.advance(100_000)
  expect(await silentAlarms(running)).toHaveLength(1)
  await box.end()
  await running.centre.stop()

  running = await startCentre(folder, { clock: new VirtualClock() })
  expect(await silentAlarms(running)).toHaveLength(1)
  const back = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
  const lanes = { routine: { last: 5, receipted: 0 } }
  const time = { boot: 1, sinceBootMs: 1, atMs: 1, clock: 'synced', uptimeMs: 1 }
  const before = back.receipts.length
  await back.client.publishAsync(
    'up/box-a/heartbeat',
    Buffer.from(encodeJson({ v: 1, epoch, lanes, ...time })),
  )
  const again = running
  await until(async () => (await silentAlarms(again)).length === 0)
  // The heartbeat shows that the Receipt never arrived: it is sent again.
  await until(() => back.receipts.length > before)
  expect(back.receipts.at(-1)?.lanes.routine?.storedTo).toBe(1)
  await back.end()
})
