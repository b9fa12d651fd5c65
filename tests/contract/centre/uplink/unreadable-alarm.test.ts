// A newer box raises a red alarm of a kind that this centre does not know: its record is receipted, and the box may delete it. Does the
// desk know of it?
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { AlarmsAnswer, DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { CasesAnswer } from '../../../../protocols/desk/cases.ts'
import { dropFolder, makeAlarm, makeEvent, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

let folder: string
let running: CentreUnderTest
let box: TestBox
beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-new').ready()
})
afterAll(async () => {
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

const read = async <T>(path: string): Promise<T> =>
  (await (await running.get(path, running.token('supervisor', 'chief'))).json()) as T
const unreadable = async (): Promise<DeskAlarm[]> =>
  (await read<AlarmsAnswer>('/api/v1/alarms?state=all')).alarms.filter(
    ({ kind }) => kind === 'alarm-unreadable',
  )
const receipted = (lane: 'red' | 'orange' | 'yellow' | 'routine', to: number): Promise<unknown> =>
  until(() => box.receipts.some(({ lanes }) => lanes[lane]?.storedTo === to))
const newer = (sequence: number, part: object = {}): never =>
  ({ ...makeAlarm(sequence, 'raised', { kind: 'flying-saucer', ...part } as never) }) as never

it('raises an alarm of its own with a case before the Receipt goes out, and once for a Report that comes again', async () => {
  const records = [makeAlarm(1, 'raised'), newer(2), newer(3, { place: { phone: 'x'.repeat(100) } })]
  await box.report('red', 1, records)
  await receipted('red', 3)
  expect(await unreadable()).toMatchObject([{ box: 'box-new', colour: 'red', occurrences: 1 }])
  await box.report('red', 1, records)
  await box.report('red', 1, [...records, makeEvent(4)])
  await receipted('red', 4)
  const [alarm] = await unreadable()
  expect(alarm).toMatchObject({ colour: 'red', occurrences: 1 })
  expect(alarm?.text.en).toContain('call the village')
  expect(alarm?.place?.text).toContain('"sequence":2')
  const { cases } = await read<CasesAnswer>('/api/v1/cases')
  expect(cases.some(({ kind, box: of }) => kind === 'alarm-unreadable' && of === 'box-new')).toBe(true)
  expect(await running.centre.registry.metrics()).toContain('gengfu_centre_messages_unreadable_total 1')
})

it.each([
  ['orange', { ...makeEvent(1), type: 'later' }, 2],
  ['yellow', newer(1, { colour: 'yellow' }), 3],
  ['routine', newer(1, { colour: 'blue' }), 4],
] as const)(
  'a record of lane %s that may be an alarm counts as a further one',
  async (lane, record, occurrences) => {
    await box.report(lane, 1, [record as never])
    await receipted(lane, 1)
    expect(await unreadable()).toMatchObject([{ colour: 'red', occurrences }])
  },
)

it('an event of a lower lane that can not be read raises nothing', async () => {
  await box.report('routine', 2, [{ ...makeEvent(1), type: 'later' } as never])
  await receipted('routine', 2)
  expect(await unreadable()).toMatchObject([{ occurrences: 4 }])
})

it('a call that the box could not keep and that can not be read is not lost either', async () => {
  const { alarm, ...at } = newer(1) as { alarm: object }
  await box.client.publishAsync('up/box-new/unkept', JSON.stringify({ v: 1, at, alarm }), { qos: 1 })
  expect(await unreadable()).toMatchObject([{ colour: 'red', occurrences: 5 }])
})

it('a whole Report of red that can not be read counts once, however often its box sends it', async () => {
  for (const lane of ['red', 'red', 'routine'])
    await box.client.publishAsync(`up/box-new/${lane}`, `{"v":1,"lane":"${lane}","epoch":`, { qos: 1 })
  expect(await unreadable()).toMatchObject([{ colour: 'red', occurrences: 6 }])
})
