// Does the town get what needs attention first, once per connection and every few minutes, and never waits a heartbeat for it?
import { expect, test } from 'vitest'
import { HeartbeatVitals, vitalsOf } from '../../../../gateway/health/vitals.ts'
import type { HealthAnswer, HealthDevice } from '../../../../protocols/console/api.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { boxVitalsSchema, vitalsEveryMs } from '../../../../protocols/uplink/box-vitals.ts'

const devices: HealthDevice[] = [
  { id: 'good', presence: 'present', batteryPercent: 90 },
  { id: 'low', presence: 'present', batteryPercent: 12, flatAtMs: 2e9 },
  { id: 'lower', presence: 'present', batteryPercent: 11, flatAtMs: 1e9 },
  { id: 'gone', presence: 'silent', lastHeardAgoMs: 9e6 },
]

const health = (part: Partial<HealthAnswer> = {}): HealthAnswer =>
  ({
    box: { id: 'b', name: 'b', village: 'b', version: '1.2.3', boot: 1, sinceBootMs: 1 },
    clock: { quality: 'synced', atMs: 0 },
    link: { state: 'connected', forMs: 1, roundTripMs: 80 },
    lanes: Object.fromEntries(
      lanes.map((lane) => [lane, { last: 10, receipted: 7, oldestWaitingMs: lane === 'blue' ? 500 : 5 }]),
    ),
    devices: { known: 4, present: 3, list: devices },
    cameras: [
      { id: 'c1', name: '路口', isOffline: true, problem: { zh: '无应答', en: 'no answer' } },
      { id: 'c2', name: '广场', isOffline: false },
    ],
    bridges: [
      { id: 'z2m', dialect: 'zigbee2mqtt', isConnected: false },
      { id: 'lora', dialect: 'chirpstack', isConnected: true },
    ],
    disk: { freeBytes: 1, totalBytes: 2 },
    journal: { state: 'sound' },
    quarantine: { count: 0, latest: [] },
    flash: { writtenBytes: 1, cardYears: 3 },
    board: { model: 'Pi' },
    certificate: { holder: 'b', endsAtMs: 5 },
    ...part,
  }) as unknown as HealthAnswer

test('names the silent ones first, then those whose battery ends first, and leaves out what is well', () => {
  expect(vitalsOf(health())).toMatchObject({
    version: '1.2.3',
    model: 'Pi',
    cardYears: 3,
    waiting: { records: lanes.length * 3, oldestMs: 500 },
    silentDevices: 1,
    devices: [{ id: 'gone', quietMs: 9e6 }, { id: 'lower' }, { id: 'low' }],
    cameras: [{ id: 'c1', zh: '无应答' }],
    bridges: [{ id: 'z2m' }],
    certificate: { endsAtMs: 5 },
  })
})

test('names devices that were not heard since the start, a camera with a bad picture, and what the box found in its files', () => {
  const problem = { zh: '画面全黑', en: 'the picture is dark' }
  const vitals = vitalsOf(
    health({
      devices: {
        known: 3,
        present: 1,
        list: [
          { id: 'heard', kind: 'contact', presence: 'present' },
          { id: 'lost', kind: 'button', name: '西门', presence: 'unknown', isUnheard: true },
          { id: 'early', kind: 'button', presence: 'unknown' },
        ],
      },
      cameras: [{ id: 'c3', name: '桥', zone: 'z', picture: 'dark', isOffline: false, problem }],
      quarantine: { count: 2, latest: [{ agoMs: 1, topic: 'x/y', bytes: 1, problem: 'not JSON' }] },
      findings: [{ code: 'config-idle', about: 'rules.0', facts: { path: 'rules.0', why: 'w'.repeat(999) } }],
    }),
  )
  expect(vitals).toMatchObject({
    unheard: { count: 1, ofDevices: 3, devices: ['西门 (lost)'] },
    cameras: [{ id: 'c3', isFaulty: true, ...problem }],
    findings: [
      { code: 'config-idle', facts: { why: 'w'.repeat(200) } },
      { code: 'unreadable', facts: { count: 2, topic: 'x/y' } },
    ],
  })
  expect(boxVitalsSchema.safeParse(vitals).success).toBe(true)
})

test('a fault that comes or goes is in the next heartbeat, a slow link is not', async () => {
  let nowMs = 0
  let now = health()
  const news = new HeartbeatVitals({ monotonicMs: () => nowMs, onFailed: () => expect.fail('read') })
  await news.start(async () => now)
  expect(news.next(true).vitals?.cameras).toHaveLength(1)
  /** Two heartbeats: the first one has it read. */
  const minuteLater = async () => {
    nowMs += 61_000
    news.next(true)
    await news.refresh()
    nowMs += 30_000
    return news.next(true).vitals
  }
  now = health({ link: { state: 'connected', forMs: 1, roundTripMs: 9000 } })
  expect(await minuteLater()).toBe(undefined)
  now = health({ cameras: [] })
  expect((await minuteLater())?.cameras).toEqual([])
})

test('is in one heartbeat, again after some minutes, and again with another connection', async () => {
  let nowMs = 0
  const failures: unknown[] = []
  const news = new HeartbeatVitals({ monotonicMs: () => nowMs, onFailed: (error) => failures.push(error) })
  expect(news.next(true)).toEqual({})
  await news.start(async () => health())
  expect(news.next(true).vitals?.version).toBe('1.2.3')
  expect(news.next()).toEqual({})
  nowMs += 30_000
  expect(news.next(true)).toEqual({})
  nowMs += vitalsEveryMs
  expect(news.next(true).vitals).toBeDefined()
  news.connected()
  expect(news.next(true).vitals).toBeDefined()
  const failing = new HeartbeatVitals({ monotonicMs: () => 0, onFailed: (error) => failures.push(error) })
  await failing.start(() => Promise.reject(new Error('no')))
  expect(failing.next(true)).toEqual({})
  expect(failures).toHaveLength(1)
})
