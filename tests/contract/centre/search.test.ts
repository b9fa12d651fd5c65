// Can people and programs find what they look for: by words, place and time, on the stream, in ledgers, figures and daily reports?
import { get } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { AlarmsAnswer, VillagesAnswer } from '../../../protocols/desk/api.ts'
import type { CaseAnswer, CasesAnswer } from '../../../protocols/desk/cases.ts'
import type { DailyAnswer } from '../../../protocols/desk/daily.ts'
import type { Figures } from '../../../protocols/desk/figures.ts'
import { dayAt } from '../../../protocols/uplink/daily-report.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

const [own, other] = ['320612104201', '320612205301']
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let boxes: Record<string, TestBox>
let chief: string
const sequences: Record<string, number> = {}

beforeAll(async () => {
  folder = makeFolder()
  // 22:00 in China.
  clock = new VirtualClock(Date.UTC(2026, 10, 30, 14))
  running = await startCentre(folder, { clock, config: { dailyReport: { mustSign: true } } })
  const [url = ''] = running.centre.uplinkUrls
  boxes = {
    [own]: await new TestBox(url, `${own}-1`).ready(),
    [other]: await new TestBox(url, `${other}-1`).ready(),
  }
  chief = running.token('supervisor', 'chief')
})
afterAll(async () => {
  await Promise.all(Object.values(boxes).map((box) => box.end()))
  await running.centre.stop()
  dropFolder(folder)
})

async function raise(village: string, id: string, more: Parameters<typeof makeAlarm>[2] = {}): Promise<void> {
  const sequence = (sequences[village] = (sequences[village] ?? 0) + 1)
  await boxes[village]?.report('red', sequence, [makeAlarm(sequence, 'raised', { id, ...more })])
}
const json = async <T>(path: string, token = chief): Promise<T> =>
  (await (await running.get(`/api/v1${path}`, token)).json()) as T
const found = async (query: string, token = chief): Promise<string[]> =>
  (await json<AlarmsAnswer>(`/alarms?state=all&${query}`, token)).alarms.map(({ id }) => id.slice(15))
const casesFound = async (query: string): Promise<string[]> =>
  (await json<CasesAnswer>(`/cases?state=all&${query}`)).cases.map(({ kind = '' }) => kind)

test('alarms and cases are found by household, device, text, place, kind, colour and time, newest first, in pages', async () => {
  await raise(own, 'sos-1', { zone: 'wang-12', place: { zone: '王大爷家', household: '12 号' } })
  clock.advance(60_000)
  const laterMs = clock.wallMs()
  await raise(own, 'fire-1', {
    kind: 'fire',
    device: 'smoke-7',
    text: { zh: '学校起火', en: 'fire at the school' },
  })
  await raise(other, 'sos-2', { zone: 'wang-3', place: { zone: '王家' }, colour: 'orange' })
  expect(await found('q=王')).toEqual(['sos-2', 'sos-1'])
  expect(await found(`q=${encodeURIComponent('王大爷')}`)).toEqual(['sos-1'])
  expect(await found('q=smoke-7')).toEqual(['fire-1'])
  expect(await found('q=School')).toEqual(['fire-1'])
  expect(await found('q=王 school')).toEqual([])
  expect(await found(`village=${own}`)).toEqual(['fire-1', 'sos-1'])
  expect(await found('village=320612104')).toEqual(['fire-1', 'sos-1'])
  expect(await found('kind=sos')).toEqual(['sos-2', 'sos-1'])
  expect(await found('colour=orange')).toEqual(['sos-2'])
  expect(await found(`from=${laterMs}`)).toEqual(['sos-2', 'fire-1'])
  expect(await found(`to=${laterMs}`)).toEqual(['sos-1'])
  expect(await found(`to=1000`)).toEqual([])
  expect(await casesFound('q=school')).toEqual(['fire'])
  expect(await casesFound('q=王大爷')).toEqual(['sos'])
  expect(await casesFound(`kind=sos&village=${other}`)).toEqual(['sos'])
  expect(await casesFound(`to=${laterMs}`)).toEqual(['sos'])
  const first = await json<AlarmsAnswer>('/alarms?state=all&q=王&limit=1')
  const second = await json<AlarmsAnswer>(`/alarms?state=all&q=王&limit=1&after=${first.next}`)
  expect([first.alarms, second.alarms].map(([alarm]) => alarm?.id.slice(15))).toEqual(['sos-2', 'sos-1'])
  expect(second.next).toBeUndefined()
  expect((await running.get('/api/v1/alarms?q=a&after=0.5', chief)).status).toBe(400)
  const scoped = running.token('operator', 'scoped', [own])
  expect(await found('q=王', scoped)).toEqual(['sos-1'])
})

test('a case merged from alarms of two villages is seen by both, and by no third; split again each sees its own', async () => {
  const caseIdOf = async (alarm: string): Promise<string> =>
    (await json<CaseAnswer>(`/alarms/${alarm}/case`)).case.id
  const [into, from] = [await caseIdOf(`${own}-1.sos-1`), await caseIdOf(`${other}-1.sos-2`)]
  await running.post(`/api/v1/cases/${into}/merge`, chief, { from })
  const tokens = [own, other, '320612999001'].map((scope) =>
    running.token('operator', `of-${scope}`, [scope]),
  )
  const see = async (id: string): Promise<number[]> =>
    Promise.all(tokens.map(async (token) => (await running.get(`/api/v1/cases/${id}`, token)).status))
  expect(await see(into)).toEqual([200, 200, 404])
  const queue = await json<CasesAnswer>('/cases', tokens[1])
  expect(queue.cases.map(({ id, villages }) => [id, villages])).toContainEqual([into, [own, other]])
  const split = await running.post(`/api/v1/cases/${into}/split`, chief, { alarms: [`${other}-1.sos-2`] })
  expect(await see(into)).toEqual([200, 404, 404])
  // The new case stands in the village of the old one, and has the alarm of the other.
  expect(await see(((await split.json()) as CaseAnswer).case.id)).toEqual([200, 200, 404])
})

interface Events {
  heard: { id: string; type: string; alarm?: { kind: string } }[]
  end: () => void
  status: number | undefined
}

function events(query: string, headers: Record<string, string> = {}): Promise<Events> {
  return new Promise((resolve, reject) => {
    const request = get(
      `${running.centre.httpUrl}/api/v1/stream${query}`,
      { headers: { authorization: `Bearer ${chief}`, ...headers } },
      (response) => {
        const heard: Events['heard'] = []
        let text = ''
        response.on('data', (data: Buffer) => {
          text += data.toString()
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const lines = text.slice(0, end).split('\n')
            text = text.slice(end + 2)
            const value = (name: string) =>
              lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
            const data = value('data')
            if (data !== undefined) heard.push({ id: value('id') ?? '', ...JSON.parse(data) })
          }
        })
        response.on('error', () => undefined)
        resolve({ heard, end: () => request.destroy(), status: response.statusCode })
      },
    )
    request.on('error', reject)
  })
}

test('the stream comes as server-sent events too, goes on behind what was heard last, and keeps to a filter in both forms', async () => {
  const all = await events('')
  const fires = await events(`?kind=fire&village=${own}`)
  const socketHeard: string[] = []
  const socket = new WebSocket(
    `${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream?colour=orange`,
    {
      headers: { authorization: `Bearer ${chief}` },
    },
  )
  socket.on('message', (data: Buffer) =>
    socketHeard.push((JSON.parse(data.toString()) as { type: string }).type),
  )
  await until(() => all.heard.length > 0 && fires.heard.length > 0 && socketHeard.length > 0)
  await raise(other, 'fire-3', { kind: 'fire' })
  await raise(own, 'sos-4', { colour: 'orange' })
  await raise(own, 'fire-4', { kind: 'fire' })
  const kinds = ({ heard }: Events): (string | undefined)[] =>
    heard.filter(({ type }) => type === 'alarm.raised').map(({ alarm }) => alarm?.kind)
  await until(
    () => kinds(all).length === 3 && kinds(fires).length === 1 && socketHeard.includes('case.opened'),
  )
  expect(kinds(all)).toEqual(['fire', 'sos', 'fire'])
  expect(socketHeard.filter((type) => type !== 'hello')).toEqual(['alarm.raised', 'case.opened'])
  const lastHeard = all.heard.find(({ alarm }) => alarm)?.id ?? ''
  const again = await events('', { 'last-event-id': lastHeard })
  await until(() => kinds(again).length === 2)
  expect(kinds(again)).toEqual(['sos', 'fire'])
  for (const stream of [all, fires, again]) stream.end()
  socket.terminate()
  expect((await events('?colour=purple')).status).toBe(400)
  expect((await events('', { authorization: 'Bearer none' })).status).toBe(401)
})

test('a village whose box has filed its daily report is marked so; one without stands out until somebody files by hand', async () => {
  const day = dayAt(clock.wallMs(), 480)
  const sequence = (sequences[own] = (sequences[own] ?? 0) + 1)
  const time = { sequence, boot: 1, sinceBootMs: 1, atMs: clock.wallMs(), clock: 'synced' as const }
  const facts = { day, devices: { known: 9, present: 8 }, openAlarms: 1 }
  await boxes[own]?.report('routine', 1, [{ type: 'log', ...time, what: 'daily-report', facts }])
  await boxes[own]?.report('routine', 2, [
    {
      type: 'log',
      ...time,
      sequence: sequence + 1,
      what: 'daily-report',
      facts: { ...facts, devices: { known: 9, present: 1 } },
    },
    { type: 'log', ...time, sequence: sequence + 2, what: 'daily-report', facts: { day: 'never' } },
  ])
  sequences[own] = sequence + 2
  const marks = async (): Promise<unknown[]> =>
    (await json<VillagesAnswer>('/villages')).villages.map(({ id, daily }) => [
      id,
      daily?.isFiled,
      daily?.isSigned,
    ])
  expect(await marks()).toEqual([
    [own, true, false],
    [other, false, false],
  ])
  const answer = await json<DailyAnswer>('/daily-reports')
  expect(answer).toMatchObject({ day, missing: [other], unsigned: [own, other] })
  // The first report of the day stands.
  expect(answer.reports).toMatchObject([{ village: own, devices: { known: 9, present: 8 } }])
  await running.post(`/api/v1/villages/${own}-1/daily-report`, chief, { text: 'all is well' })
  await running.post(`/api/v1/villages/${other}-1/daily-report`, chief, { text: 'by telephone' })
  expect(await marks()).toEqual([
    [own, true, true],
    [other, true, true],
  ])
  expect(await json<DailyAnswer>('/daily-reports?day=2026-01-01')).toMatchObject({ missing: [own, other] })
})

test('ledgers are a table for a spreadsheet that runs no formula, and a page that prints', async () => {
  await raise(own, 'sos-9', { place: { zone: '=1+1' }, text: { zh: '@SUM(A1)', en: '@SUM(A1)' } })
  clock.advance(1000)
  for (const kind of ['alarms', 'cases', 'daily']) {
    const csv = await running.get(`/api/v1/ledgers?kind=${kind}&as=csv`, chief)
    const bytes = Buffer.from(await csv.arrayBuffer())
    expect([kind, bytes.subarray(0, 3).toString('hex')]).toEqual([kind, 'efbbbf'])
    expect(csv.headers.get('content-disposition')).toContain(`gengfu-${kind}-2026-11-30.csv`)
    expect(bytes.toString()).not.toMatch(/(^|,)"?[=@+-]/m)
  }
  const alarms = await (await running.get(`/api/v1/ledgers?as=csv&village=${own}&lang=en`, chief)).text()
  expect(alarms).toContain("'=1+1")
  expect(alarms).not.toContain(other)
  const page = await running.get('/api/v1/ledgers?kind=cases', chief)
  expect(page.headers.get('content-security-policy')).toContain("style-src 'sha256-")
  expect(await page.text()).toContain('<h1>案件台账')
  expect((await running.get('/api/v1/ledgers?from=5&to=1', chief)).status).toBe(400)
})

test('figures of an account with a scope are those of its villages', async () => {
  clock.advance(1000)
  const scoped = running.token('supervisor', 'scoped', [own])
  const figures = await json<Figures>('/figures', scoped)
  expect(Object.keys(figures.villages)).toEqual([own])
  expect(Object.keys(figures.availability)).toEqual([`${own}-1`])
  expect(figures.alarms.places.every(({ village }) => village === own)).toBe(true)
  expect(Object.keys((await json<Figures>('/figures')).villages)).toEqual([own, other])
  expect(Object.keys((await json<Figures>(`/figures?village=${other}`, scoped)).villages)).toEqual([])
})

test('every operation of the description has an id of its own', async () => {
  const { paths } = await json<{ paths: Record<string, Record<string, { operationId?: string }>> }>(
    '/openapi.json',
  )
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  )
  expect(ids.every((id) => id !== undefined)).toBe(true)
  expect(new Set(ids).size).toBe(ids.length)
  expect(paths).toHaveProperty(['/api/v1/stream', 'get', 'responses', '200', 'content', 'text/event-stream'])
})
