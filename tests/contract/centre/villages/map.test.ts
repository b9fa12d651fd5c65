// Question: does the centre give the map in WGS-84 whatever system its sources declare, the tiles in ranges, each plan to those who may see
// the village, and the levels of a gauge from the records that it stores?
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LevelsAnswer } from '../../../../protocols/desk/villages/levels.ts'
import type { SecurityAnswer } from '../../../../protocols/desk/accounts.ts'
import type { MapAnswer } from '../../../../protocols/desk/villages/map.ts'
import {
  deviceHeader,
  type NewLinksAnswer,
  type ResponderAnswer,
} from '../../../../protocols/desk/responder.ts'
import type { EventRecord } from '../../../../protocols/domain/record.ts'
import {
  dropFolder,
  makeAlarm,
  makeEvent,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

const own = '320612104201'
const other = '320612205301'
let folder: string
let town: CentreUnderTest
let box: TestBox
let sequence = 0

beforeAll(async () => {
  folder = makeFolder()
  writeFileSync(join(folder, 'town.pmtiles'), Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256)))
  writeFileSync(join(folder, 'plan.png'), 'a plan')
  const plan = { file: join(folder, 'plan.png') }
  town = await startCentre(folder, {
    config: {
      divisions: [{ code: own, name: '上河村' }],
      map: {
        tiles: { file: join(folder, 'town.pmtiles'), system: 'gcj-02', note: 'town' },
        villages: [
          { id: own, at: { lat: 39.91640428150164, lon: 116.41024449916938, system: 'gcj-02' }, plan },
          { id: other, at: { lat: 39.915, lon: 116.404, system: 'cgcs2000' }, plan },
        ],
      },
    },
  })
  box = await new TestBox(town.centre.uplinkUrls[0] ?? '', `${own}-1`).ready()
})
afterAll(async () => {
  await box.end()
  await town.centre.stop()
  dropFolder(folder)
})

const read = async <T>(path: string, token = town.token('operator')): Promise<T> =>
  (await (await town.get(path, token)).json()) as T

test('answers WGS-84 for every declared system, and leaves out other villages', async () => {
  const all = await read<MapAnswer>('/api/v1/map')
  expect(all.tiles).toEqual({ system: 'gcj-02', note: 'town' })
  expect(all.villages.map(({ id, name }) => [id, name])).toEqual([
    [own, '上河村'],
    [other, undefined],
  ])
  for (const { at } of all.villages) {
    expect(at?.lat).toBeCloseTo(39.915, 6)
    expect(at?.lon).toBeCloseTo(116.404, 6)
  }
  const scoped = await read<MapAnswer>('/api/v1/map', town.token('operator', 's', [own]))
  expect(scoped.villages.map(({ id }) => id)).toEqual([own])
})

test('sends the tiles in ranges, and neither tiles nor plans to a person who may not', async () => {
  const ranged = (token: string | undefined, range: string) =>
    fetch(`${town.centre.httpUrl}/api/v1/map/tiles`, {
      headers: { range, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    })
  const part = await ranged(town.token('operator'), 'bytes=10-13')
  expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-13/1000'])
  expect([...new Uint8Array(await part.arrayBuffer())]).toEqual([10, 11, 12, 13])
  expect((await ranged(undefined, 'bytes=10-13')).status).toBe(401)

  const plan = (village: string, token: string) => town.get(`/api/v1/map/plans/${village}`, token)
  const scoped = town.token('operator', 's2', [own])
  const mine = await plan(own, scoped)
  expect([mine.status, mine.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(await mine.text()).toBe('a plan')
  expect((await plan(other, scoped)).status).toBe(404)
  expect((await plan('nowhere', town.token('admin'))).status).toBe(404)
})

test('takes the picture of a plan from a desk, which counts before the one of the configuration, and takes it back', async () => {
  const leader = town.token('supervisor', 'lead', [own])
  const upload = (village: string, token: string, body: Uint8Array | string) =>
    fetch(`${town.centre.httpUrl}/api/v1/map/plans/${village}/upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: Buffer.from(body),
    })
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 7])
  expect((await upload(own, town.token('operator'), jpeg)).status).toBe(403)
  expect((await upload(other, leader, jpeg)).status).toBe(404)
  expect((await upload('..', leader, jpeg)).status).toBe(404)
  expect((await upload(own, leader, '<svg onload="x"/>')).status).toBe(415)
  expect((await upload(own, leader, jpeg)).status).toBe(200)
  const shown = await town.get(`/api/v1/map/plans/${own}`, leader)
  expect([shown.headers.get('content-type'), shown.headers.get('content-security-policy')]).toEqual([
    'image/jpeg',
    expect.stringContaining('sandbox'),
  ])
  const planOf = async (): Promise<unknown> =>
    (await read<MapAnswer>('/api/v1/map', leader)).villages[0]?.plan?.source
  expect(await planOf()).toBe('desk')
  expect((await town.post(`/api/v1/map/plans/${own}/remove`, leader, {})).status).toBe(200)
  expect(await planOf()).toBeUndefined()
  expect((await town.post(`/api/v1/map/plans/${own}/remove`, leader, {})).status).toBe(404)
  const changes = await until(async () => {
    const { entries } = await read<SecurityAnswer>('/api/v1/security', town.token('admin'))
    const found = entries.filter(({ what }) => what.startsWith('plan-'))
    return found.length > 1 ? found : undefined
  })
  expect(changes.map(({ what, who, detail }) => [what, who, detail])).toEqual([
    ['plan-removed', 'token:lead', own],
    ['plan-arrived', 'token:lead', own],
  ])
})

test('tells the person who is sent where it is, in WGS-84 and from the plan', async () => {
  sequence += 1
  await box.report('red', 1, [
    makeAlarm(sequence, 'raised', { id: 'sos', place: { plan: { x: 0.5, y: 0.5 } } }),
  ])
  const operator = town.token('operator')
  const alarm = `/api/v1/alarms/${own}-1.sos`
  await until(async () => (await town.post(`${alarm}/accept`, operator)).ok)
  const sent = await town.post(`${alarm}/dispatch`, operator, { to: ['li'], text: '' })
  const { links } = (await sent.json()) as NewLinksAnswer
  const token = links[0]?.path.split('#')[1] ?? ''
  const answer = await fetch(`${town.centre.httpUrl}/api/v1/respond`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, [deviceHeader]: 'a'.repeat(32) },
  })
  const { view } = (await answer.json()) as ResponderAnswer
  // The plan has no place on the map: the village's own position counts.
  expect(view.plan).toEqual({ x: 0.5, y: 0.5 })
  expect(view.at?.lat).toBeCloseTo(39.915, 6)
  expect(view.at?.lon).toBeCloseTo(116.404, 6)
})

function level(mm: number, atMs: number, device = 'gauge'): EventRecord {
  sequence += 1
  const event = { ...makeEvent(sequence), device, messageId: `m-${sequence}`, readings: { waterLevelMm: mm } }
  return { ...event, atMs }
}

test('reads the levels of one gauge from the records, with the stages that its box has listed', async () => {
  const nowMs = Date.now()
  const minutes = (count: number): number => nowMs - count * 60_000
  sequence += 1
  const list = {
    ...makeEvent(sequence),
    what: 'village-list',
    facts: {
      hash: '0123456789abcdef',
      part: 1,
      parts: 1,
      devices: [
        {
          id: 'gauge',
          kind: 'water',
          plan: { x: 0.2, y: 0.4 },
          stages: [
            { stage: 'warning', mm: 3000 },
            { stage: 'guarantee', mm: 3500 },
          ],
        },
      ],
    },
  }
  const { device: _d, messageId: _m, readings: _r, ...log } = list
  await box.report('routine', 1, [
    { ...log, type: 'log' },
    level(900, minutes(60 * 30)),
    level(2000, minutes(50)),
    level(1, minutes(45), 'another'),
    level(2400, minutes(40)),
  ])
  // The event of an alarm goes with it, in another lane.
  await box.report('yellow', 1, [
    level(3010, minutes(30)),
    makeAlarm(++sequence, 'raised', { id: 'w', device: 'gauge', kind: 'water', colour: 'yellow' }),
  ])
  const answer = await until(async () => {
    const found = await read<LevelsAnswer>(`/api/v1/boxes/${own}-1/levels?device=gauge&hours=24`)
    return found.samples.length >= 3 && found
  })
  expect(answer).toEqual({
    samples: [
      [Math.round(minutes(50)), 2000],
      [Math.round(minutes(40)), 2400],
      [Math.round(minutes(30)), 3010],
    ],
    stages: [
      { stage: 'warning', mm: 3000 },
      { stage: 'guarantee', mm: 3500 },
    ],
  })
  const longer = await read<LevelsAnswer>(`/api/v1/boxes/${own}-1/levels?device=gauge&hours=48`)
  expect(longer.samples[0]?.[1]).toBe(900)
  // An old alarm is looked at: the levels before it, and none after.
  const endMs = Math.round(minutes(35))
  const old = await read<LevelsAnswer>(`/api/v1/boxes/${own}-1/levels?device=gauge&hours=1&until=${endMs}`)
  expect(old.samples.map(([, mm]) => mm)).toEqual([2000, 2400])
  const { villages } = await read<{ villages: { boxes: { devices: object[] }[] }[] }>('/api/v1/registry')
  expect(villages[0]?.boxes[0]?.devices).toEqual([
    { id: 'gauge', kind: 'water', plan: { x: 0.2, y: 0.4 }, alarms: ['water'] },
  ])
})
