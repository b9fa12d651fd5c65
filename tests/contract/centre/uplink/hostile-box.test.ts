// Question: does a centre survive every attack of a box, an exception in a callback of ours, the end of a thread?
import type { Worker } from 'node:worker_threads'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createCentre } from '../../../../centre/centre.ts'
import { parseCentreConfig } from '../../../../centre/config/config.ts'
import { unacknowledgedBytesMax } from '../../../../centre/receiver/connections/unacknowledged-bytes.ts'
import { UplinkBroker } from '../../../../centre/receiver/uplink-broker.ts'
import type { AlarmsAnswer, VillagesAnswer } from '../../../../protocols/desk/api.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
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

// Threads started from sources are bundled first: seconds on a busy machine.
vi.setConfig({ testTimeout: 90_000 })

let folder: string
beforeEach(() => {
  folder = makeFolder()
})
afterEach(() => dropFolder(folder))

it('keeps a dense Report with an object in a column of words in quarantine, and the first name of a box', async () => {
  const running = await startCentre(folder, { config: { boxes: [{ id: 'box-set', name: 'Upper Brook' }] } })
  const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
  try {
    const columns = [[[{ toString: 1, valueOf: 1 }]]]
    const dense = [2, epoch, 4, 1, [], [[1, 1, 0, -1]], [0], [], [1], [1], [1], 'door-1', 'm-1', [], columns]
    await box.client.publishAsync('up/box-a/routine', JSON.stringify(dense), { qos: 1 })
    const heartbeat = {
      v: 1,
      epoch,
      lanes: {},
      boot: 1,
      sinceBootMs: 1,
      atMs: 1,
      clock: 'synced',
      uptimeMs: 1,
    }
    const say = (name: unknown) =>
      box.client.publishAsync('up/box-a/heartbeat', JSON.stringify({ ...heartbeat, name }), { qos: 1 })
    await say('Upper  Brook'.replace('  ', ' '))
    await say('Lower\u202e Brook')
    await say({ toString: 1 })
    await box.report('red', 1, [makeAlarm(1, 'raised')])
    const answer = (await (await running.get('/api/v1/villages', running.token())).json()) as VillagesAnswer
    const summary = answer.villages.flatMap(({ boxes }) => boxes).find(({ id }) => id === 'box-a')
    // The name of another box is refused, and so are the messages after it.
    expect([summary?.name, summary?.pendingName]).toEqual(['box-a', 'Lower Brook'])
    expect((await running.get('/healthz')).status).toBe(200)
    const metric = await running.centre.registry.getSingleMetricAsString(
      'gengfu_centre_messages_unreadable_total',
    )
    expect(metric).toMatch(/ 1$/)
  } finally {
    await box.end()
    await running.centre.stop()
  }
})

it('a callback that throws refuses its client, and others go on; guesses are looked at no more after some', async () => {
  const registry = new Registry()
  const broker = new UplinkBroker({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    isAnonymousAllowed: true,
    logger: pino({ level: 'silent' }),
    clock: createSystemClock(),
    registry,
    onReport: (box, _channel, _topic, _payload, done) => {
      if (box === 'evil-1') throw new TypeError('Cannot convert object to primitive value')
      done()
    },
    onHeartbeat: () => {
      throw new Error('thrown')
    },
    onPicture: () => undefined,

    onSpoke: () => undefined,

    onShutOut: () => undefined,
    onResult: () => Promise.reject(new Error('thrown')),
    onUnstored: () => Promise.resolve(),
    onSubscribed: () => {
      throw new Error('thrown')
    },
  })
  await broker.start()
  const open = (clientId: string, more: object = {}) =>
    connectAsync(broker.urls[0] ?? '', { clientId, reconnectPeriod: 0, ...more }, false)
  const closed = async (act: (client: Awaited<ReturnType<typeof open>>) => unknown): Promise<void> => {
    const client = await open('evil-1')
    client.on('error', () => {})
    const end = new Promise<void>((resolve) => client.once('close', () => resolve()))
    act(client)
    await end
    client.end(true)
  }
  try {
    const well = await open('box-well')
    await closed((client) => client.publish('up/evil-1/red', 'x', { qos: 1 }))
    await closed((client) => client.publish('up/evil-1/heartbeat', 'x', { qos: 0 }))
    await closed((client) => client.publish('up/evil-1/result', 'x', { qos: 1 }))
    await closed((client) => client.subscribe('down/evil-1/receipt'))
    await well.publishAsync('up/box-well/red', 'x', { qos: 1 })
    for (let i = 0; i < 20; i++)
      await open('box-b', { username: 'box-b', password: 'guess' }).catch(() => undefined)
    const refused = await registry.getSingleMetricAsString('gengfu_centre_uplink_refused_total')
    expect(refused).toContain('reason="fault"} 3')
    // One more for each ten seconds that this machine takes.
    expect(refused).toMatch(/reason="credentials"} 1\d\b/)
    expect(refused).toMatch(/reason="throttled"} [1-9]/)
    await well.endAsync(true)
  } finally {
    await broker.stop()
  }
})

it('reads no more of a box than some Reports that are not acknowledged; the rest waits at the box, and nothing is lost', async () => {
  const waiting: (() => void)[] = []
  let bytes = 0
  const broker = new UplinkBroker({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    isAnonymousAllowed: true,
    logger: pino({ level: 'silent' }),
    clock: createSystemClock(),
    registry: new Registry(),
    onReport: (box, _channel, _topic, payload, done) => {
      if (box !== 'box-much') return done()
      bytes += payload.byteLength
      waiting.push(done)
    },
    onHeartbeat: () => undefined,
    onPicture: () => undefined,
    onSpoke: () => undefined,
    onShutOut: () => undefined,
    onResult: async () => undefined,
    onUnstored: async () => undefined,
    onSubscribed: () => undefined,
  })
  await broker.start()
  const open = (clientId: string) =>
    connectAsync(broker.urls[0] ?? '', { clientId, reconnectPeriod: 0 }, false)
  const [much, well] = [await open('box-much'), await open('box-well')]
  try {
    const payload = Buffer.alloc(64 * 1024, 'x')
    const sent = Array.from({ length: 100 }, () => much.publishAsync('up/box-much/red', payload, { qos: 1 }))
    await until(() => bytes >= unacknowledgedBytesMax)
    for (let i = 0; i < 50; i++) await well.publishAsync('up/box-well/red', 'x', { qos: 1 })
    expect(bytes).toBeLessThan(unacknowledgedBytesMax + 5 * payload.length)
    let isDone = false
    void Promise.all(sent).then(() => (isDone = true))
    await until(() => {
      for (const done of waiting.splice(0)) done()
      return isDone
    })
    expect(bytes).toBe(100 * payload.length)
  } finally {
    much.end(true)
    well.end(true)
    await broker.stop()
  }
})

it('a box over its share keeps its lower lanes and has its red stored; the desk names the box', async () => {
  const boxLimits = { burstMegabytes: 1, megabytesPerDay: 1, diskMegabytes: 1 }
  const uplink = { listeners: [{ host: '127.0.0.1', port: 0 }], anonymous: true, boxLimits }
  const running = await startCentre(folder, { config: { uplink } })
  const box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-much').ready()
  const last = (lane: 'red' | 'routine') => box.receipts.at(-1)?.lanes[lane]?.storedTo ?? 0
  const much = (sequence: number) => ({ ...makeEvent(sequence), readings: { pad: 'x'.repeat(6000) } })
  const kinds = async () => {
    const { alarms } = (await (
      await running.get('/api/v1/alarms?state=active', running.token())
    ).json()) as AlarmsAnswer
    return alarms.map(({ box: id, kind, colour }) => `${id} ${kind} ${colour}`).toSorted()
  }
  try {
    let sent = 0
    while (!(await kinds()).includes('box-much box-over-limit orange')) {
      const records = Array.from({ length: 20 }, (_, i) => much(sent + i + 1))
      await box.report('routine', sent + 1, records)
      sent += records.length
    }
    const stored = await until(() => last('routine') > 0 && last('routine'))
    expect(stored).toBeLessThan(250)
    // Acknowledged without a Receipt: the box keeps them.
    await box.report('routine', stored + 1, [much(stored + 1)])
    await box.report('red', 1, [makeAlarm(stored + 2, 'raised')])
    await until(() => last('red') === 1)
    expect(last('routine')).toBe(stored)
    expect(await kinds()).toEqual(['box-much box-over-limit orange', 'box-much sos red'])
    const metrics = await running.centre.registry.metrics()
    expect(metrics).toMatch(/gengfu_centre_reports_put_off_total{why="(rate|disk)"} [1-9]/)
    expect(metrics).toContain('gengfu_centre_boxes_over_limit 1')
  } finally {
    await box.end()
    await running.centre.stop()
  }
})

it.each([0, 1])('ends when a thread of storage has ended: number %i', async (which) => {
  const workers: Worker[] = []
  const note = (worker: Worker): void => void workers.push(worker)
  process.on('worker', note)
  let fatal: Error | undefined
  const parsed = parseCentreConfig({ dataDir: folder, http: { host: '127.0.0.1', port: 0 } })
  if (!parsed.ok) throw new Error('config')
  const centre = createCentre({
    config: parsed.value,
    logger: pino({ level: 'silent' }),
    clock: createSystemClock(),
    random: createSystemRandom(),
    onFatal: (failure) => (fatal = failure),
  })
  try {
    await centre.start()
    process.off('worker', note)
    await workers[which]?.terminate()
    await until(() => fatal !== undefined)
    expect(fatal).toMatchObject({ code: 'ended' })
  } finally {
    process.off('worker', note)
    await centre.stop().catch(() => undefined)
  }
})
