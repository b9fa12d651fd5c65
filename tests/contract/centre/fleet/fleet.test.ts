// Does the town see what fails next among 300 boxes, by day and by group; is a visit with its photo kept; and does a setting stop at the
// first box that takes it back?
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import type { FleetAnswer, FleetBoxAnswer } from '../../../../protocols/desk/fleet/fleet.ts'
import type { SettingAnswer } from '../../../../protocols/desk/fleet/setting-waves.ts'
import type { WorkAnswer, WorkOrdersAnswer } from '../../../../protocols/desk/fleet/work-orders.ts'
import type { BoxVitals } from '../../../../protocols/uplink/box-vitals.ts'
import type { CentreCommand } from '../../../../protocols/uplink/command.ts'
import { createSteppedClock } from '../../../kits/system/box-in-process.ts'
import {
  dropFolder,
  epoch,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

const dayMs = 86_400_000
const town = '320612104'
const idOf = (at: number): string => `${town}${String(200 + at)}-1`
const total = 300
let folder: string
let running: CentreUnderTest
let keeper: string
const clock = createSteppedClock()
const nowMs = clock.wallMs()

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder, { clock, config: { divisions: [{ code: town, name: '平潮镇' }] } })
  keeper = running.token('maintainer', 'keeper')
  const [url = ''] = running.centre.uplinkUrls
  for (let from = 0; from < total; from += 50)
    await Promise.all(Array.from({ length: 50 }, (_, at) => beat(url, from + at, vitalsOf(from + at))))
  await until(async () => (await fleet()).present === total)
}, 120_000)
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

/** One fault each for the first ones; the others are well. */
function vitalsOf(at: number): BoxVitals {
  const well: BoxVitals = {
    version: at < 100 ? '1.0.0' : '1.1.0',
    model: at % 2 === 0 ? 'Pi 4' : 'Pi 5',
    sim: { card: at < 10 ? 'CMCC' : 'CTCC' },
    cardYears: 9,
  }
  const faults: Partial<BoxVitals>[] = [
    { certificate: { holder: idOf(0), endsAtMs: nowMs + 9 * dayMs } },
    { cardYears: 0.5 },
    { disk: { freeBytes: 90e6, totalBytes: 8e9 } },
    { devices: [{ id: 'door-1', name: '西门', presence: 'present', flatAtMs: nowMs + 20 * dayMs }] },
    { devices: [{ id: 'sos-1', presence: 'silent', quietMs: 9e6 }] },
    { sim: { card: 'CMCC', expiresOn: new Date(nowMs + 5 * dayMs).toISOString().slice(0, 10) } },
    { link: { roundTripMs: 9000 } },
    { waiting: { records: 90_000 } },
    { cameras: [{ id: 'cam-1', zh: '无应答', en: 'no answer' }] },
    { bridges: [{ id: 'z2m' }] },
    { unheard: { count: 8, ofDevices: 9, devices: ['西门 (door-1)'] } },
    { cameras: [{ id: 'cam-2', isFaulty: true, zh: '密码错误', en: 'wrong password' }] },
    { memory: { freeBytes: 9e6, totalBytes: 512e6 } },
    { temperatureC: 86 },
    { isUndervolted: true },
    { isOnMains: false },
    { journal: 'dropping' },
    { journal: 'filling' },
    { journal: 'salvaged' },
    { journal: 'rewound' },
    { sim: { signalPercent: 8 } },
    { devices: [{ id: 'sos-2', presence: 'present', batteryPercent: 9 }] },
    { devices: [{ id: 'sos-3', presence: 'present', signalDbm: -121 }] },
    { findings: [{ code: 'unreadable', facts: { count: 3, topic: 'x/y', why: 'not JSON' } }] },
    {
      findings: [
        { code: 'device-refused', about: 'door-7', facts: { device: 'door-7', why: 'wrong password' } },
      ],
    },
    { findings: [{ code: 'config-idle', about: 'rules.0', facts: { path: 'rules.0', why: 'no siren' } }] },
    { findings: [{ code: 'secret-missing', about: 'a', facts: { path: 'a', file: '/etc/p' } }] },
    { findings: [{ code: 'certificate-wrong', about: 'uplink', facts: { path: 'uplink', why: 'key' } }] },
  ]
  return { ...well, ...faults[at] }
}

async function beat(url: string, at: number, vitals: BoxVitals, box?: TestBox): Promise<void> {
  const one = box ?? (await new TestBox(url, idOf(at)).ready())
  const facts = { v: 1, epoch, lanes: {}, boot: 1, sinceBootMs: 1, atMs: clock.wallMs(), clock: 'synced' }
  const beat = Buffer.from(encodeJson({ ...facts, uptimeMs: 1, vitals } as never))
  await one.client.publishAsync(`up/${idOf(at)}/heartbeat`, beat, { qos: 1 })
  if (!box) await one.end()
}

const json = async <T>(answer: Promise<Response>, status = 200): Promise<T> => {
  const got = await answer
  const text = await got.text()
  expect([got.status, text]).toEqual([status, text])
  return JSON.parse(text) as T
}
const fleet = (query = ''): Promise<FleetAnswer> => json(running.get(`/api/v1/fleet${query}`, keeper))

it('names each planted fault once, with its remedy, the next to fail first', async () => {
  const { faults, boxes } = await fleet()
  expect(boxes).toBe(total)
  expect(faults.map(({ box, code }) => [box, code])).toEqual([
    [idOf(9), 'bridge-down'],
    [idOf(8), 'camera-dead'],
    [idOf(27), 'certificate-wrong'],
    [idOf(4), 'device-silent'],
    [idOf(16), 'journal-dropping'],
    [idOf(15), 'on-battery'],
    [idOf(14), 'undervoltage'],
    [idOf(5), 'sim-expires'],
    [idOf(0), 'certificate-ends'],
    [idOf(3), 'battery-ends'],
    [idOf(1), 'card-worn'],
    [idOf(21), 'battery-low'],
    [idOf(7), 'buffer-waits'],
    [idOf(11), 'camera-faulty'],
    [idOf(25), 'config-idle'],
    [idOf(24), 'device-refused'],
    [idOf(10), 'devices-unheard'],
    [idOf(2), 'disk-low'],
    [idOf(13), 'hot'],
    [idOf(17), 'journal-filling'],
    [idOf(19), 'journal-rewound'],
    [idOf(18), 'journal-salvaged'],
    [idOf(6), 'link-slow'],
    [idOf(12), 'memory-low'],
    [idOf(26), 'secret-missing'],
    [idOf(22), 'signal-weak'],
    [idOf(20), 'sim-weak'],
    [idOf(23), 'unreadable'],
  ])
  for (const { problem, remedy } of faults)
    expect([problem.zh, problem.en, remedy.zh, remedy.en].every((text) => text.length > 3)).toBe(true)
  expect(faults.find(({ code }) => code === 'battery-ends')?.problem.en).toContain('西门 (door-1)')
})

it('groups by town, model, version and SIM, and shows one group alone', async () => {
  const keys = async (grouping: string) =>
    (await fleet(`?grouping=${grouping}`)).groups.map(({ key, boxes, failing }) => [key, boxes, failing])
  expect(await keys('town')).toEqual([[town, total, 7]])
  expect((await fleet()).groups[0]?.name).toBe('平潮镇')
  expect(await keys('model')).toEqual([
    ['Pi 4', 150, 4],
    ['Pi 5', 150, 3],
  ])
  expect(await keys('version')).toEqual([
    ['1.0.0', 100, 7],
    ['1.1.0', 200, 0],
  ])
  const cmcc = await fleet('?grouping=sim&group=CTCC')
  expect([cmcc.boxes, cmcc.faults.length]).toEqual([289, 17])
  const only = await fleet('?code=battery-ends')
  expect(only.faults.map(({ box }) => box)).toEqual([idOf(3)])
})

it('a silent box keeps what it reported, also over a restart of the centre, and its stale link is no fault', async () => {
  clock.offsetMs += 11_000
  await until(async () => {
    const text = await (await running.get('/metrics')).text()
    return text.includes('gengfu_centre_boxes_failing 7')
  })
  await running.centre.stop()
  running = await startCentre(folder, { clock, config: { divisions: [{ code: town, name: '平潮镇' }] } })
  keeper = running.token('maintainer', 'keeper')
  const { faults } = await fleet()
  expect(faults.map(({ code }) => code)).toContain('battery-ends')
  const one = await json<FleetBoxAnswer>(running.get(`/api/v1/fleet/boxes/${idOf(3)}`, keeper))
  expect(one).toMatchObject({ presence: 'unknown', vitals: { model: 'Pi 5' }, bundles: [], work: [] })
}, 60_000)

it('a work order is made of a fault, has visits and photos, and ends with the repair', async () => {
  const order = { box: idOf(3), code: 'battery-ends', about: 'door-1' }
  const { work } = await json<WorkAnswer>(running.post('/api/v1/work-orders', keeper, order))
  expect(work).toMatchObject({
    state: 'open',
    by: 'token:keeper',
    problem: { en: expect.stringContaining('西门') as string },
  })
  // The same fault again is the same order.
  expect((await json<WorkAnswer>(running.post('/api/v1/work-orders', keeper, order))).work.id).toBe(work.id)
  expect((await fleet('?code=battery-ends')).faults[0]?.work).toBe(work.id)
  const visit = (body: object, status = 200) =>
    json<WorkAnswer>(running.post(`/api/v1/work-orders/${work.id}/visit`, keeper, body), status)
  await visit({ text: '门锁着', isDone: false })
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9])
  const send = (bytes: Buffer, type: string) =>
    fetch(`${running.centre.httpUrl}/api/v1/work-orders/${work.id}/photos`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keeper}`, 'content-type': type },
      body: new Uint8Array(bytes),
    })
  const { work: seen } = await json<WorkAnswer>(send(jpeg, 'image/jpeg'))
  expect(seen.photos).toMatchObject([{ type: 'image/jpeg', by: 'token:keeper' }])
  expect((await send(Buffer.from('<svg>'), 'image/jpeg')).status).toBe(415)
  const photo = await running.get(`/api/v1/work-orders/${work.id}/photos/${seen.photos[0]?.sha256}`, keeper)
  expect(Buffer.from(await photo.arrayBuffer())).toEqual(jpeg)
  expect(photo.headers.get('content-security-policy')).toContain('sandbox')
  const { work: done } = await visit({ text: '换了电池', isDone: true })
  expect([done.state, done.visits.length]).toEqual(['done', 2])
  await visit({ text: 'again', isDone: false }, 404)
  const list = await json<WorkOrdersAnswer>(running.get('/api/v1/work-orders?state=all', keeper))
  expect(list.work.map(({ id, state }) => [id, state])).toEqual([[work.id, 'done']])
  expect((await json<WorkOrdersAnswer>(running.get('/api/v1/work-orders', keeper))).work).toEqual([])
  // Of another town: not there.
  const elsewhere = running.token('maintainer', 'far', ['330000000'])
  expect(
    (await running.get(`/api/v1/work-orders/${work.id}/photos/${seen.photos[0]?.sha256}`, elsewhere)).status,
  ).toBe(404)
  expect((await running.post('/api/v1/work-orders', elsewhere, order)).status).toBe(404)
})

it('a setting goes wave after wave as a patch, and stops at the first box that takes it back', async () => {
  const [url = ''] = running.centre.uplinkUrls
  const asked: CentreCommand[] = []
  const boxes = await Promise.all([0, 1, 2].map((at) => new TestBox(url, idOf(at)).ready()))
  for (const [at, box] of boxes.entries()) {
    box.client.on('message', (topic, payload) => {
      if (!topic.endsWith('/command')) return
      const command = JSON.parse(payload.toString()) as CentreCommand
      asked.push(command)
      const result =
        at === 1
          ? { state: 'failed', reason: { code: 'config-taken-back', zh: '已退回', en: 'taken back' } }
          : { state: 'done' }
      const answer = { v: 1, id: command.id, atMs: 1, clock: 'synced', ...result }
      box.client.publish(`up/${box.box}/result`, Buffer.from(JSON.stringify(answer)), { qos: 1 })
    })
    await box.client.subscribeAsync(`down/${box.box}/command`, { qos: 1 })
    await beat(url, at, vitalsOf(at), box)
  }
  const setting = {
    set: { limits: { batteryLowPercent: 25 } },
    why: 'winter',
    waves: [{ boxes: [idOf(0)] }, { boxes: [idOf(1)] }, { boxes: [idOf(2)] }],
    termHours: 1,
    restHours: 0,
  }
  expect(
    (await running.post('/api/v1/fleet/setting', running.token('supervisor', 's'), setting)).status,
  ).toBe(403)
  await json(running.post('/api/v1/fleet/setting', keeper, setting))
  expect((await running.post('/api/v1/fleet/setting', keeper, setting)).status).toBe(409)
  const state = (): Promise<SettingAnswer> => json(running.get('/api/v1/fleet/setting', keeper))
  await until(async () => (await state()).progress?.state === 'stopped')
  const { progress } = await state()
  expect(progress?.reason).toEqual({ box: idOf(1), what: 'went-back' })
  expect(progress?.boxes[idOf(0)]?.state).toBe('done')
  expect(new Set(asked.map(({ do: what, isPatch }) => `${what} ${isPatch}`))).toEqual(
    new Set(['config true']),
  )
  // The third one was never asked; another change may begin.
  expect(Object.keys(progress?.boxes ?? {}).sort()).toEqual([idOf(0), idOf(1)])
  await json(running.post('/api/v1/fleet/setting', keeper, { ...setting, waves: [{ boxes: [idOf(2)] }] }))
  await until(async () => (await state()).progress?.state === 'finished')
  await Promise.all(boxes.map((box) => box.end()))
}, 90_000)
