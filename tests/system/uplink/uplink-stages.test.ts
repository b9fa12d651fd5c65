// Do all stages that a centre may send reach the button that raised the alarm, and does closing it end the alarm? The
// centre here is not ours: another implementation sends exactly these.
import { connectAsync } from 'mqtt'
import { afterEach, expect, it, vi } from 'vitest'
import type { AlarmRecord } from '../../../protocols/domain/record.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { createBoxFolder, startBox } from '../../kits/system/box-in-process.ts'
import { createFakeCentre } from '../../kits/system/uplink-fake-centre.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const one of undo.splice(0).toReversed()) await one()
})

it('seen, accepted, dispatched and closed travel down to the button, and the answered alarm ends', async () => {
  const centre = await createFakeCentre(createSeededRandom(1))
  undo.push(() => centre.close())
  const scratch = createBoxFolder()
  undo.push(() => scratch.remove())
  const box = await startBox(scratch.folder, {
    uplink: { url: `mqtt://127.0.0.1:${centre.port}` },
    devices: [{ id: 'button-001', kind: 'button' }],
  })
  undo.push(() => box.gateway.stop())
  const button = await connectAsync(box.mqttUrl, { clientId: 'button-001', protocolVersion: 4 })
  undo.push(() => button.endAsync())
  const heard: string[] = []
  button.on('message', (_, payload) => {
    const { id, stage } = JSON.parse(payload.toString()) as { id: string; stage: string }
    heard.push(`${id} ${stage}`)
  })
  await button.subscribeAsync('gengfu/v1/button-001/receipt', { qos: 1 })
  const press = JSON.stringify({ id: '1-1', button: 'pressed' })
  await button.publishAsync('gengfu/v1/button-001/event', press, { qos: 1 })
  const alarms = (): AlarmRecord[] =>
    centre.stored.flatMap(({ body }) => ((body as AlarmRecord).type === 'alarm' ? [body as AlarmRecord] : []))
  await vi.waitFor(() => expect(alarms()).toHaveLength(1), 10_000)
  const alarm = alarms()[0]?.alarm.id
  const steps = ['seen', 'accepted', 'dispatched', 'closed'] as const
  for (const stage of steps) centre.publish('upper-brook', 'stage', { v: 1, alarm, stage, by: 'li', atMs: 1 })
  const expected = ['stored', 'centre', ...steps].map((stage) => `1-1 ${stage}`)
  await vi.waitFor(() => expect(heard.toSorted()).toEqual(expected.toSorted()), 10_000)
  expect(heard.slice(-2)).toEqual(['1-1 dispatched', '1-1 closed'])
  await vi.waitFor(
    () => expect(alarms().at(-1)).toMatchObject({ change: 'ended', alarm: { id: alarm } }),
    10_000,
  )
}, 80_000)
