// Does a village without a town reach its receivers, from its own journal and through every crash? A real journal, and receivers behind
// real sockets.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import {
  boxOutletSchema,
  checkBoxOutlets,
  type BoxOutletSettings,
} from '../../../../gateway/config/outlets/outlet-settings.ts'
import { openJournal } from '../../../../gateway/journal/journal.ts'
import type { Journal } from '../../../../gateway/journal/port.ts'
import { BoxOutlets } from '../../../../gateway/outlets/box-outlets.ts'
import { boxWaitingMax } from '../../../../gateway/outlets/box-queue.ts'
import { createSharedOutlet } from '../../../../platform/outlets/create-outlet.ts'
import type { AnswerKey, Outlet, OutletEvents } from '../../../../platform/outlets/port.ts'
import { createOutletFigures } from '../../../../platform/outlets/queue/outlet-figures.ts'
import type { Alarm, AlarmChange } from '../../../../protocols/domain/alarm.ts'
import type { AlarmRecord } from '../../../../protocols/domain/record.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const soon = { timeout: 20_000, interval: 20 }
let folder: string
let journal: Journal
let running: BoxOutlets[] = []
let servers: Server[] = []

const open = (): Promise<Journal> =>
  openJournal({
    folder,
    clock,
    random,
    logger: pino({ level: 'silent' }),
    bootId: 'boot-a',
    commitWindowMs: 20,
  })

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gengfu-box-outlets-'))
  journal = await open()
})
afterEach(async () => {
  for (const outlets of running) await outlets.stop()
  for (const server of servers) server.close()
  running = []
  servers = []
  await journal.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Receiver {
  url: string
  /** Bodies of the messages it has taken. */
  got: { case: string; step: string; colour: string; words: string }[]
  ids: string[]
  status: number
  /** Between the message and the answer. */
  answerMs: number
}

async function receiver(): Promise<Receiver> {
  const made: Receiver = { url: '', got: [], ids: [], status: 200, answerMs: 0 }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => (body += part.toString()))
    request.on('end', () => {
      made.ids.push(String(request.headers['webhook-id']))
      if (made.status === 200) made.got.push(flat(JSON.parse(body) as Record<string, unknown>))
      response.statusCode = made.status
      setTimeout(() => response.end('{}'), made.answerMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alarms`
  return made
}

/** The facts, wherever the template puts them. */
function flat(body: Record<string, unknown>): Receiver['got'][number] {
  const data = (body['data'] ?? body) as Receiver['got'][number]
  return { ...data, words: JSON.stringify(body) }
}

const webhook = (name: string, url: string, more: object = {}): BoxOutletSettings =>
  boxOutletSchema.parse({ name, type: 'webhook', url, rules: [{}], ...more })

interface Village {
  outlets: BoxOutlets
  troubles: Map<string, string>
  answers: [alarm: string, key: AnswerKey, who: string][]
}

async function start(
  settings: readonly BoxOutletSettings[],
  create: (one: BoxOutletSettings) => Outlet = (one) =>
    createSharedOutlet(one, { clock, random, timeZone: 'Asia/Shanghai' }),
): Promise<Village> {
  const troubles = new Map<string, string>()
  const answers: Village['answers'] = []
  const outlets = new BoxOutlets({
    outlets: settings.map((one) => ({ settings: one, outlet: create(one) })),
    box: { id: 'upper-brook', name: '上溪村' },
    timeZone: 'Asia/Shanghai',
    journal,
    clock,
    random,
    logger: pino({ level: 'silent' }),
    figures: createOutletFigures(new Registry(), 'gateway'),
    onTrouble: (kind, words) => (words === undefined ? troubles.delete(kind) : troubles.set(kind, words)),
    takeAnswer: (alarm, key, who) => {
      answers.push([alarm, key, who])
      return Promise.resolve()
    },
  })
  running.push(outlets)
  await outlets.start()
  return { outlets, troubles, answers }
}

let count = 0
function record(change: AlarmChange, part: Partial<Alarm> = {}): AlarmRecord {
  const colour = part.colour ?? 'red'
  return {
    type: 'alarm',
    sequence: journal.nextSequence(),
    boot: 1,
    sinceBootMs: 1,
    atMs: clock.wallMs(),
    clock: 'synced',
    change,
    alarm: {
      id: `sos-${++count}`,
      device: 'button-1',
      kind: 'sos',
      colour,
      latchedColour: colour,
      state: 'unacknowledged',
      occurrences: 1,
      place: { household: '张三家' },
      text: { zh: '求助', en: 'help' },
      ...part,
    },
  }
}

async function commit(made: AlarmRecord): Promise<string> {
  await journal.append({ records: [{ lane: made.alarm.latchedColour, record: made }], isUrgent: true })
  return made.alarm.id
}

const isQueued = async (id: string): Promise<boolean> =>
  (await journal.loadState('outlet:')).some(([, row]) => (row as { case: string }).case === id)

it('hands an alarm over by its rule, and what follows it to the receiver that has it', async () => {
  const police = await receiver()
  const office = await receiver()
  await start([
    webhook('police', police.url, { rules: [{ colours: ['red'] }] }),
    webhook('office', office.url, { rules: [{ colours: ['yellow'] }] }),
  ])
  const id = await commit(record('raised'))
  await commit(record('acknowledged', { id, state: 'acknowledged' }))
  await commit(record('ended', { id, state: 'normal' }))
  await vi.waitFor(() => expect(police.got.map(({ step }) => step)).toEqual(['raised', 'over']), soon)
  expect(police.got[0]?.case).toBe(id)
  expect(police.got[0]?.words).toContain('张三家')
  expect(office.got).toEqual([])
})

it('lets no drill leave, except to an outlet for drills', async () => {
  const police = await receiver()
  const school = await receiver()
  await start([webhook('police', police.url), webhook('school', school.url, { drills: true })])
  await commit(record('raised', { isDrill: true }))
  await vi.waitFor(() => expect(school.got).toHaveLength(1), soon)
  const real = await commit(record('raised'))
  await vi.waitFor(() => expect(police.got.map((one) => one.case)).toEqual([real]), soon)
})

it('tries again with the same id, raises the alarm, and ends it when the receiver works', async () => {
  const police = await receiver()
  police.status = 503
  const { troubles } = await start([webhook('police', police.url, { alarmAfterSeconds: 5 })])
  await commit(record('raised'))
  await vi.waitFor(() => expect(troubles.get('outlet-failed')).toContain('police: 503'), soon)
  police.status = 200
  await vi.waitFor(() => expect(police.got).toHaveLength(1), { ...soon, timeout: 40_000 })
  expect(new Set(police.ids).size).toBe(1)
  expect(police.ids.length).toBeGreaterThan(1)
  await vi.waitFor(() => expect(troubles.size).toBe(0), soon)
})

it('gives up what is refused for good, and says so', async () => {
  const police = await receiver()
  police.status = 410
  const { troubles } = await start([webhook('police', police.url)])
  await commit(record('raised'))
  await vi.waitFor(() => expect(troubles.get('outlet-failed')).toContain('410'), soon)
  expect(police.ids).toHaveLength(1)
})

it('a receiver that never answers holds up no other', async () => {
  const dead = createServer(() => undefined)
  await new Promise<void>((resolve) => dead.listen(0, '127.0.0.1', resolve))
  servers.push(dead)
  const police = await receiver()
  const url = `http://127.0.0.1:${(dead.address() as AddressInfo).port}/`
  await start([webhook('dead', url, { timeoutSeconds: 60 }), webhook('police', police.url)])
  await commit(record('raised'))
  await vi.waitFor(() => expect(police.got).toHaveLength(1), soon)
  dead.closeAllConnections()
})

it('sends after a start what was stored before it, once: the alarm was committed and the program ended', async () => {
  const police = await receiver()
  police.status = 503
  const settings = [webhook('police', police.url)]
  const first = await start(settings)
  const queued = await commit(record('raised'))
  await vi.waitFor(async () => expect(await isQueued(queued)).toBe(true), soon)
  await first.outlets.stop()
  const unseen = await commit(record('raised', { device: 'button-2' }))
  await journal.close()
  journal = await open()
  police.status = 200
  // The program ends while the receiver has not answered yet: its answer still counts.
  police.answerMs = 100
  const second = await start(settings)
  await vi.waitFor(
    () => expect(police.got.map((one) => one.case).toSorted()).toEqual([queued, unseen].toSorted()),
    soon,
  )
  await second.outlets.stop()
  await journal.close()
  journal = await open()
  police.answerMs = 0
  await start(settings)
  const last = await commit(record('raised', { device: 'button-3' }))
  await vi.waitFor(() => expect(police.got.at(-1)?.case).toBe(last), soon)
  expect(police.got).toHaveLength(3)
})

it('begins with what happens after the first outlet is configured, and forgets its queue with the last', async () => {
  await commit(record('raised'))
  const police = await receiver()
  police.status = 503
  const first = await start([webhook('police', police.url)])
  const id = await commit(record('raised', { device: 'button-2' }))
  await vi.waitFor(async () => expect(await isQueued(id)).toBe(true), soon)
  expect((await journal.loadState('outlet:')).length).toBe(1)
  await first.outlets.stop()
  await (await start([])).outlets.stop()
  expect(await journal.loadState('outlet')).toEqual([])
})

it('fails what waits for an outlet that is gone', async () => {
  const police = await receiver()
  police.status = 503
  const first = await start([webhook('police', police.url)])
  const id = await commit(record('raised'))
  await vi.waitFor(async () => expect(await isQueued(id)).toBe(true), soon)
  await first.outlets.stop()
  await start([webhook('office', police.url)])
  const [row] = await journal.loadState('outlet:')
  expect(row?.[1]).toMatchObject({ state: 'failed', outlet: 'police' })
})

it('bounds the queue of a dead receiver: what is too many fails, and is an alarm', async () => {
  const hanging: Outlet = { preview: () => '', send: () => new Promise(() => undefined) }
  const { troubles } = await start([webhook('police', 'http://127.0.0.1:9/')], () => hanging)
  const many = Array.from({ length: boxWaitingMax + 5 }, (_, at) => record('raised', { device: `b-${at}` }))
  await journal.append({
    records: many.map((one) => ({ lane: 'red' as const, record: one })),
    isUrgent: true,
  })
  await vi.waitFor(async () => {
    const rows = (await journal.loadState('outlet:')).map(([, row]) => row as { state: string })
    expect(rows.filter(({ state }) => state === 'failed')).toHaveLength(5)
  }, soon)
  await vi.waitFor(() => expect(troubles.has('outlet-failed')).toBe(true), soon)
})

it('takes the answer of a person as an answer to the alarm, and a late one confirms', async () => {
  let events: OutletEvents | undefined
  const sent: string[] = []
  const sms: Outlet = {
    preview: () => '',
    start: (given) => void (events = given),
    send: ([message]) => {
      sent.push(message?.id ?? '')
      return Promise.resolve({ state: 'handed-over', words: 'sent' })
    },
  }
  const { answers } = await start([webhook('keepers', 'http://127.0.0.1:9/')], () => sms)
  const id = await commit(record('raised'))
  await vi.waitFor(() => expect(sent).toHaveLength(1), soon)
  await events?.answered(sent[0] ?? '', 'accept', '4 1234', '138****0000')
  expect(answers).toEqual([[id, 'accept', '138****0000']])
  await vi.waitFor(async () => {
    const [row] = await journal.loadState('outlet:')
    expect(row?.[1]).toMatchObject({ state: 'confirmed', words: '138****0000: 4 1234' })
  }, soon)
  await events?.answered('g-unknown', 'accept', '4', 'other')
  expect(answers).toHaveLength(1)
})

it('counts a receiver as silent when its supervision is not answered, until it is', async () => {
  const events: OutletEvents[] = []
  const quiet: Outlet = {
    preview: () => '',
    start: (given) => void events.push(given),
    send: () => Promise.resolve({ state: 'handed-over', words: 'OK' }),
  }
  const { troubles } = await start([webhook('police', 'http://127.0.0.1:9/')], () => quiet)
  events[0]?.heard(false, 'no answer to NULL')
  await vi.waitFor(() => expect(troubles.get('outlet-silent')).toContain('no answer to NULL'), soon)
  events[0]?.heard(true, 'ACK')
  await vi.waitFor(() => expect(troubles.size).toBe(0), soon)
})

it('shows how each receiver is, and tests one with the bytes: a dry run sends nothing', async () => {
  const police = await receiver()
  police.status = 503
  const { outlets, troubles } = await start([
    webhook('police', police.url, { label: '派出所', drills: true }),
  ])
  await commit(record('raised'))
  await vi.waitFor(async () => expect(await outlets.list()).toMatchObject([{ waiting: 1 }]), soon)
  const dry = await outlets.test('police', 'li', true)
  expect(dry?.bytes).toMatch(/^POST http:.*"isTest":true/s)
  expect(dry).not.toHaveProperty('state')
  expect(await outlets.test('police', 'li', false)).toMatchObject({ state: 'failed', words: '503 {}' })
  expect(await outlets.list()).toMatchObject([
    {
      name: 'police',
      label: '派出所',
      type: 'webhook',
      takesDrills: true,
      trouble: '503 {}',
      lastWords: '503 {}',
    },
  ])
  await vi.waitFor(() => expect(troubles.has('outlet-failed')).toBe(true), soon)
  police.status = 200
  expect(await outlets.test('police', 'li', false)).toMatchObject({ state: 'handed-over' })
  expect(await outlets.test('absent', 'li', true)).toBeUndefined()
  await vi.waitFor(async () => expect((await outlets.list())[0]).not.toHaveProperty('trouble'), soon)
})

it('sends the alarm about an outlet to the others that ask for it, and not to that outlet', async () => {
  const police = await receiver()
  const broken = await receiver()
  broken.status = 410
  const rules = [{ kinds: ['sos', 'outlet-failed'] }]
  const { troubles } = await start([
    webhook('police', police.url, { rules }),
    webhook('broken', broken.url, { rules }),
  ])
  await commit(record('raised'))
  await vi.waitFor(() => expect(troubles.has('outlet-failed')).toBe(true), soon)
  const about = await commit(
    record('raised', { kind: 'outlet-failed', device: 'upper-brook', colour: 'orange' }),
  )
  await vi.waitFor(() => expect(police.got.at(-1)?.case).toBe(about), soon)
  expect(broken.ids).toHaveLength(1)
})

it('refuses a rule by villages, and people on duty: a box has one village and no roster', () => {
  const rules = [{ villages: ['320612104201'] }]
  expect(checkBoxOutlets([webhook('police', 'https://police.example/', { rules })])).toMatchObject([
    { path: 'outlets.0.rules.0.villages' },
  ])
  const sms = {
    name: 'sms',
    type: 'sms',
    numbers: ['13800000000'],
    http: { url: 'https://sms.example/', body: '{text}' },
  }
  expect(boxOutletSchema.safeParse(sms).success).toBe(true)
  expect(boxOutletSchema.safeParse({ ...sms, duty: { roles: ['grid-keeper'] } }).success).toBe(false)
  const twice = [webhook('a', 'https://a.example/'), webhook('a', 'http://b.example/')]
  expect(checkBoxOutlets(twice).map(({ path }) => path)).toEqual(['outlets.1.name', 'outlets.1.url'])
})
