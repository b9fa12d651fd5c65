// The answers of the API and the stream for desks and programs, and their refusals.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { z } from 'zod'
import * as schemas from '../../../centre/api/schemas.ts'
import { createUser } from '../../../centre/cli/accounts.ts'
import { roles, type AlarmsAnswer, type ErrorAnswer, type EventsAnswer } from '../../../protocols/desk/api.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { dropFolder, makeAlarm, makeEvent, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

let folder: string
let running: CentreUnderTest
let box: TestBox
const sockets: WebSocket[] = []
/** The centre under test pushes stored changes to desks only after this promise resolves. */
let mayPush: Promise<void> = Promise.resolve()

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder, {
    wrapStorage: (storage) => ({
      ...storage,
      storeIntake: async (batch) => {
        const stored = await storage.storeIntake(batch)
        await mayPush
        return stored
      },
    }),
  })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', '320612104201-1').ready()
})
afterAll(async () => {
  for (const socket of sockets) socket.terminate()
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

async function answer<T>(schema: z.ZodType, response: Response): Promise<T> {
  const json: unknown = await response.json()
  expect(schema.safeParse(json).error?.issues ?? []).toEqual([])
  return json as T
}

interface StreamClient {
  socket: WebSocket
  messages: { type: string; position: string; [key: string]: unknown }[]
  closed: Promise<number>
}

function openStream(query: string, headers: Record<string, string> = {}): StreamClient {
  const socket = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream${query}`, {
    headers,
  })
  sockets.push(socket)
  const messages: StreamClient['messages'] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())))
  socket.on('error', () => {})
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  return { socket, messages, closed }
}

const alarmId = '320612104201-1.sos-1'

test('shows an alarm on the desk and pushes it, then its stages, each to every stream', async () => {
  const token = running.token()
  const stream = openStream('', { authorization: `Bearer ${token}` })
  await until(() => stream.messages[0]?.type === 'hello')
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await box.report('routine', 1, [makeEvent(2), makeEvent(3)])
  const raised = await until(() => stream.messages.find(({ type }) => type === 'alarm.raised'))
  expect(schemas.deskAlarmSchema.safeParse(raised['alarm']).success).toBe(true)
  const listed = await answer<AlarmsAnswer>(schemas.alarmsAnswer, await running.get('/api/v1/alarms', token))
  expect(listed.alarms).toMatchObject([
    { id: alarmId, village: '320612104201', colour: 'red', stage: 'centre', needsAnswer: false },
  ])
  expect((await running.post(`/api/v1/alarms/${alarmId}/seen`, token)).status).toBe(200)
  expect((await running.post(`/api/v1/alarms/${alarmId}/accept`, token, {})).status).toBe(200)
  expect((await running.post(`/api/v1/alarms/${alarmId}/accept`, token)).status).toBe(200)
  const stages = await until(() => {
    const found = stream.messages.filter(({ type }) => type === 'alarm.stage')
    return found.length === 2 && found
  })
  expect(stages.map(({ alarm }) => (alarm as { stage: string }).stage)).toEqual(['seen', 'accepted'])
  await until(() => box.stages.length === 2)
  expect(box.stages.map(({ stage }) => stage)).toEqual(['seen', 'accepted'])
  const other = await running.post(`/api/v1/alarms/${alarmId}/accept`, running.token('supervisor', 'wang'))
  expect(other.status).toBe(409)
  expect(await other.json()).toMatchObject({
    error: { code: 'already-accepted', message: { en: expect.stringContaining('ops') } },
    alarm: { acceptedBy: 'token:ops' },
  })
})

test('replays what a stream missed, and says resync when it can not', async () => {
  const token = running.token()
  const bearer = { authorization: `Bearer ${token}` }
  const late = openStream('?after=0', bearer)
  await until(() => late.messages.some(({ type }) => type === 'alarm.stage'))
  const types = late.messages.map(({ type }) => type)
  expect([types[0], types.includes('alarm.raised'), types.includes('resync')]).toEqual(['hello', true, false])
  const ahead = openStream('?after=999999', bearer)
  await until(() => ahead.messages.some(({ type }) => type === 'resync'))
})

test('admits a stream by header, first message or cookie of its own page, and no other', async () => {
  const token = running.token()
  const first = openStream('')
  first.socket.on('open', () => first.socket.send(JSON.stringify({ type: 'auth', token })))
  await until(() => first.messages[0]?.type === 'hello')
  const wrong = openStream('')
  wrong.socket.on('open', () => wrong.socket.send(JSON.stringify({ type: 'auth', token: 'nonsense' })))
  expect(await wrong.closed).toBe(4401)
  const host = new URL(running.centre.httpUrl).host
  const cookie = `gengfu_session=${token}`
  const own = openStream('', { cookie, origin: `http://${host}` })
  await until(() => own.messages[0]?.type === 'hello')
  const foreign = openStream('', { cookie, origin: 'http://elsewhere.example' })
  expect(await foreign.closed).toBe(1006)
  const bare = openStream('', { authorization: 'Bearer 00' })
  expect(await bare.closed).toBe(1006)
  const huge = openStream('', { authorization: `Bearer ${token}` })
  await until(() => huge.messages[0])
  huge.socket.send('x'.repeat(5000))
  expect(await huge.closed).toBe(1009)
})

test('walks all records in the order of the box, then what came since, none twice and none left out', async () => {
  const token = running.token()
  const walk = async (after: string): Promise<EventsAnswer> =>
    answer(
      schemas.eventsAnswer,
      await running.get(`/api/v1/events?box=320612104201-1&limit=2&after=${after}`, token),
    )
  const first = await walk('')
  expect(first.events.map(({ record }) => record.sequence)).toEqual([1, 2])
  await box.report('blue', 1, [makeEvent(1000)])
  const second = await walk(first.next)
  expect(second.events.map(({ record }) => record.sequence)).toEqual([3])
  const third = await walk(second.next)
  expect(third.events.map(({ record }) => record.sequence)).toEqual([1000])
  const end = await walk(third.next)
  expect(end).toMatchObject({ events: [], isEnd: true, next: third.next })
  expect((await walk(first.events[0]?.cursor ?? '')).events[0]?.record.sequence).toBe(2)
})

test('lets each role do what it may and refuses the rest in both languages', async () => {
  const expected = {
    operator: 200,
    supervisor: 409,
    maintainer: 403,
    installer: 403,
    auditor: 403,
    admin: 409,
  }
  for (const role of roles) {
    const token = running.token(role, role === 'operator' ? 'ops' : role)
    const accepted = await running.post(`/api/v1/alarms/${alarmId}/accept`, token)
    expect([role, accepted.status]).toEqual([role, expected[role]])
    const villages = await running.get('/api/v1/villages', token)
    expect([role, villages.status]).toEqual([role, 200])
  }
  for (const path of ['/api/v1/alarms', '/api/v1/villages', '/api/v1/events', '/api/v1/me']) {
    const refused = await running.get(path)
    expect(refused.status).toBe(401)
    const { error } = await answer<ErrorAnswer>(schemas.errorSchema, refused)
    expect(error.message.zh).not.toBe('')
  }
  const token = running.token()
  const refusals: [string, number][] = [
    ['/api/v1/alarms?limit=0', 400],
    ['/api/v1/alarms?colour=purple', 400],
    ['/api/v1/alarms?after=nonsense', 400],
    ['/api/v1/events?after=nonsense', 400],
    ['/api/v1/nothing', 404],
  ]
  for (const [path, status] of refusals) {
    const refused = await running.get(path, token)
    expect([path, refused.status]).toEqual([path, status])
    await answer(schemas.errorSchema, refused)
  }
  expect((await running.post('/api/v1/alarms/box-a.none/accept', token)).status).toBe(404)
  expect((await running.get('/healthz')).status).toBe(200)
  expect(await (await running.get('/metrics')).text()).toContain('gengfu_centre_records_stored_total')
})

test('logs in by password with a cookie, refuses wrong ones, then slows down, and logs out for good', async () => {
  const options = { config: { dataDir: folder, storage: running.storage }, clock: createSystemClock() }
  const user = { name: 'li', role: 'operator' as const, password: 'correct horse' }
  await createUser({ ...options, random: createSystemRandom() }, user)
  const login = (password: string) => running.post('/api/v1/login', undefined, { user: 'li', password })
  const good = await login('correct horse')
  const cookie = good.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
  const { token } = await answer<{ token: string }>(schemas.loginAnswer, good)
  const me = await fetch(`${running.centre.httpUrl}/api/v1/me`, {
    headers: { cookie: cookie.split(';')[0] ?? '' },
  })
  expect(await me.json()).toMatchObject({ user: 'li', role: 'operator' })
  expect((await running.post('/api/v1/logout', token)).status).toBe(200)
  expect((await running.get('/api/v1/me', token)).status).toBe(401)
  for (let i = 0; i < 5; i++) expect((await login('wrong')).status).toBe(401)
  expect((await login('correct horse')).status).toBe(429)
}, 60_000)

test('describes every route it serves, with schemas', async () => {
  const description = (await (await running.get('/api/v1/openapi.json')).json()) as {
    openapi: string
    paths: Record<string, Record<string, { responses: Record<string, { content: object }> }>>
  }
  expect(Object.keys(description.paths)).toEqual(
    expect.arrayContaining([
      '/api/v1/alarms',
      '/api/v1/alarms/{id}/accept',
      '/api/v1/events',
      '/api/v1/villages',
    ]),
  )
  const contentTypes: Record<string, string> = {
    '/api/v1/pictures/{sha256}': 'image/jpeg',
    '/api/v1/picture-links/{token}': 'image/jpeg',
    '/api/v1/figures/report': 'text/html',
    '/api/v1/cases/{caseId}/attachments/{sha256}': 'application/pdf',
    '/api/v1/ledgers': 'text/html',
    '/api/v1/stream': 'text/event-stream',
    '/api/v1/map/tiles': 'application/octet-stream',
    '/api/v1/work-orders/{workId}/photos/{sha256}': 'image/jpeg',
    '/api/v1/fleet/boxes/{boxId}/bundles/{bundleName}': 'application/octet-stream',
    '/api/v1/map/plans/{villageId}': 'application/octet-stream',
    '/api/v1/device-list': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    '/metrics': 'text/plain',
  }
  // They send the browser on, and answer nothing themselves.
  const redirects = ['/api/v1/oidc/start', '/api/v1/oidc/callback']
  for (const [path, methods] of Object.entries(description.paths))
    for (const { responses } of Object.values(methods)) {
      const wanted = redirects.includes(path) ? undefined : (contentTypes[path] ?? 'application/json')
      const said = Object.keys(responses['200']?.content ?? {})
      expect([path, wanted === undefined ? '302' in responses : said.includes(wanted)]).toEqual([path, true])
      for (const content of Object.values(responses['200']?.content ?? {}))
        expect(content).toHaveProperty('schema')
    }
})

test('a change that a stream has read from the database comes once, also when this centre hears of it later', async () => {
  const bearer = { authorization: `Bearer ${running.token()}` }
  let push: () => void = () => undefined
  mayPush = new Promise((resolve) => (push = resolve))
  const reported = box.report('orange', 1, [makeAlarm(9, 'raised', { id: 'door-9', colour: 'orange' })])
  const isStored = (): Promise<boolean> =>
    running
      .get('/api/v1/alarms', running.token())
      .then(async (found) => (await found.text()).includes('door-9'))
  await until(isStored)
  const stream = openStream('?after=0', bearer)
  const isIt = ({ type, alarm }: { type: string; alarm?: unknown }): boolean =>
    type === 'alarm.raised' && (alarm as { id: string }).id.endsWith('door-9')
  await until(() => stream.messages.some(isIt))
  // A later change shows that everything before it was pushed.
  push()
  await reported
  await box.report('orange', 2, [
    makeAlarm(10, 'raised', { id: 'door-10', colour: 'orange', device: 'd-10' }),
  ])
  await until(() =>
    stream.messages.some(({ alarm }) => (alarm as { id?: string } | undefined)?.id?.endsWith('door-10')),
  )
  expect(stream.messages.filter(isIt)).toHaveLength(1)
})
