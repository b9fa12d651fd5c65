// Does the link to the next centre connect as a box does, store each answer before it counts, and come back by itself?
import { connect as connectTcp } from 'node:net'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UplinkBroker } from '../../../../centre/receiver/uplink-broker.ts'
import type { UpwardAnswer, UpwardState } from '../../../../centre/storage/port.ts'
import { UpwardLink } from '../../../../centre/upward/upward-link.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'
import { encodeJson } from '../../../../protocols/uplink/codec.ts'
import { until } from '../../../contract/centre/centre-parts.ts'

const [town, county] = ['town-1', { id: 'case-7' }]
const logger = pino({ level: 'silent' })
const clock = createSystemClock()
let broker: UplinkBroker
let link: UpwardLink
let reports: string[]
let results: object[]
let heartbeats: number
let subscribed: number
let answers: UpwardAnswer[]
let state: UpwardState

const createBroker = (port = 0): UplinkBroker =>
  new UplinkBroker({
    listeners: [{ host: '127.0.0.1', port }],
    isAnonymousAllowed: true,
    onSpoke: () => undefined,
    onShutOut: () => undefined,
    clock,
    logger,
    registry: new Registry(),
    onReport: (box, channel, _topic, payload, done) => {
      reports.push(`${box} ${channel} ${Buffer.from(payload).toString()}`)
      done()
    },
    onResult: (_box, payload) =>
      Promise.resolve(void results.push(JSON.parse(Buffer.from(payload).toString()) as object)),
    onPicture: () => undefined,
    onHeartbeat: () => heartbeats++,
    onUnstored: () => Promise.resolve(),
    onSubscribed: () => subscribed++,
  })

beforeEach(async () => {
  reports = []
  results = []
  answers = []
  heartbeats = 0
  subscribed = 0
  state = {
    epoch: 'aaaaaaaa',
    lanes: Object.fromEntries(lanes.map((lane) => [lane, { last: 0, receipted: 0 }])) as UpwardState['lanes'],
  }
  broker = createBroker()
  await broker.start()
  link = new UpwardLink({
    settings: { url: broker.urls[0] ?? '', id: town, name: 'Town' },
    state: structuredClone(state),
    storage: {
      upwardState: () => Promise.resolve(structuredClone(state)),
      upwardRecords: (lane, after) =>
        Promise.resolve(
          after < state.lanes[lane].last ? [{ number: after + 1, body: '{"type":"alarm"}' }] : [],
        ),
      settleUpward: (lane, storedTo) => {
        state.lanes[lane].receipted = storedTo
        return Promise.resolve()
      },
      renewUpward: () => Promise.resolve(structuredClone(state)),
      takeUpwardAnswer: (answer) => {
        answers.push(answer)
        return Promise.resolve(
          (answer.case === county.id
            ? { type: 'done', alarms: [], changes: [] }
            : { type: 'missing' }) as never,
        )
      },
    },
    boxes: () => ({ known: 3, present: 2 }),
    onStep: () => undefined,
    clock,
    random: createSeededRandom(7),
    logger,
  })
  link.start()
  await until(() => subscribed > 0)
})
afterEach(async () => {
  await link.stop()
  await broker.stop()
})
const say = (channel: 'receipt' | 'stage' | 'command', message: object): boolean =>
  broker.publish(town, channel, Buffer.from(encodeJson(message)), 1)

it('sends its heartbeat and what waits, and settles it on the Receipt alone', async () => {
  await expect.poll(() => heartbeats).toBeGreaterThan(0)
  state.lanes.red.last = 1
  link.look()
  await expect.poll(() => reports.filter((line) => line.startsWith(`${town} red`)).length).toBeGreaterThan(0)
  expect(state.lanes.red.receipted).toBe(0)
  const receipt = { v: 1, epoch: 'aaaaaaaa', lanes: { red: { storedTo: 1, missing: [] } }, centreTimeMs: 0 }
  say('receipt', receipt)
  await expect.poll(() => state.lanes.red.receipted).toBe(1)
})

it('stores stages of its cases, and leaves other stages alone', async () => {
  say('stage', { v: 1, alarm: county.id, stage: 'stored', atMs: 1 })
  say('stage', { v: 1, alarm: county.id, stage: 'accepted', by: 'county', atMs: 2 })
  await expect.poll(() => answers).toMatchObject([{ case: county.id, stage: 'accepted', who: 'county' }])
})

it('takes an instruction on a case that it has, and refuses every other command with a reason', async () => {
  const command = (id: string, more: object): object => ({
    v: 1,
    id,
    do: 'device',
    device: 'centre',
    by: 'county',
    sentAtMs: Date.now(),
    leftMs: 60_000,
    ...more,
  })
  say('command', command('k-1', { alarm: county.id, order: { do: 'instruct', text: 'send a boat' } }))
  say('command', command('k-2', { alarm: 'case-9', order: { do: 'instruct', text: 'send a boat' } }))
  say('command', command('k-3', { do: 'siren', seconds: 5 }))
  await expect.poll(() => results.length).toBe(3)
  expect(results).toMatchObject([
    { id: 'k-1', state: 'done' },
    { id: 'k-2', state: 'refused', reason: { code: 'not-for-a-centre' } },
    { id: 'k-3', state: 'refused' },
  ])
  expect(answers.map(({ case: id }) => id)).toEqual([county.id, 'case-9'])
})

it('connects again by itself when the next centre is back', async () => {
  const port = Number(new URL((broker.urls[0] ?? '').replace('mqtt', 'http')).port)
  await broker.stop()
  await expect
    .poll(
      () =>
        new Promise((resolve) =>
          connectTcp(port, '127.0.0.1')
            .on('error', () => resolve(true))
            .on('connect', () => resolve(false)),
        ),
    )
    .toBe(true)
  state.lanes.red.last = 1
  link.look()
  broker = createBroker(port)
  await broker.start()
  await expect.poll(() => subscribed, { timeout: 30_000 }).toBeGreaterThan(1)
  await expect.poll(() => reports.length, { timeout: 30_000 }).toBeGreaterThan(0)
})
