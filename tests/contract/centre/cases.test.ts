// Can a town bring an alarm from the press to the archive through the public API alone, and does every step reach
// stream, box and history?
import { deviceHeader } from '../../../protocols/desk/responder.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import * as schemas from '../../../centre/api/cases/case-schemas.ts'
import type { AlarmAnswer, DeskAlarm } from '../../../protocols/desk/api.ts'
import type { CaseAnswer, CasesAnswer } from '../../../protocols/desk/cases.ts'
import type { Figures } from '../../../protocols/desk/figures.ts'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

let folder: string
let running: CentreUnderTest
let box: TestBox
let li: string
let wang: string
let chief: string
const village = '320612104201'
const boxId = `${village}-1`
let stream: WebSocket
const heard: { type: string; case?: { id: string; state: string } }[] = []

beforeAll(async () => {
  folder = makeFolder()
  running = await startCentre(folder)
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', boxId).ready()
  li = running.token('operator', 'li')
  wang = running.token('operator', 'wang')
  chief = running.token('supervisor', 'chief')
  stream = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
    headers: { authorization: `Bearer ${li}` },
  })
  stream.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())))
  await until(() => heard.some(({ type }) => type === 'hello'))
})
afterAll(async () => {
  stream.terminate()
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

const raise = (sequence: number, id: string, more: Parameters<typeof makeAlarm>[2] = {}) =>
  box.report('red', sequence, [makeAlarm(sequence, 'raised', { id, ...more })])

async function step(
  path: string,
  token: string,
  body?: object,
): Promise<{ status: number; code?: string; error?: { message: BilingualText } } & CaseAnswer> {
  const response = await running.post(`/api/v1${path}`, token, body)
  const json = (await response.json()) as CaseAnswer & { error?: { code: string; message: BilingualText } }
  return { status: response.status, ...(json.error ? { code: json.error.code } : {}), ...json }
}

async function caseOf(alarm: string): Promise<CaseAnswer> {
  const json: unknown = await (await running.get(`/api/v1/alarms/${boxId}.${alarm}/case`, li)).json()
  expect(schemas.caseAnswer.safeParse(json).error?.issues ?? []).toEqual([])
  return json as CaseAnswer
}

test('a red press goes through all six steps on the alarm, without any body, and the stages reach the box', async () => {
  await raise(1, 'sos-1')
  const { case: opened } = await caseOf('sos-1')
  expect(opened).toMatchObject({ state: 'open', colour: 'red', village, box: boxId })
  const path = `/alarms/${boxId}.sos-1`
  for (const [name, token, state] of [
    ['accept', li, 'accepted'],
    ['report', li, 'accepted'],
    ['dispatch', li, 'dispatched'],
    ['feedback', li, 'feedback'],
    ['verify', chief, 'verified'],
    ['archive', chief, 'archived'],
  ] as const)
    expect(await step(`${path}/${name}`, token)).toMatchObject({ status: 200, case: { state } })
  await until(() => box.stages.length >= 3)
  expect(box.stages.map(({ stage }) => stage)).toEqual(['accepted', 'dispatched', 'closed'])
  await until(() => heard.some((message) => message.type === 'case.over' && message.case?.id === opened.id))
  const { history } = await caseOf('sos-1')
  expect(history?.map(({ what }) => what)).toEqual([
    'opened',
    'accepted',
    'reported',
    'dispatched',
    'feedback',
    'verified',
    'archived',
  ])
  const open = (await (await running.get('/api/v1/cases', li)).json()) as CasesAnswer
  expect(open.cases.some(({ id }) => id === opened.id)).toBe(false)
})

test('steps out of order, of the wrong person or with an unknown id are refused in words', async () => {
  await raise(2, 'sos-2')
  const path = `/alarms/${boxId}.sos-2`
  expect(await step(`${path}/archive`, li)).toMatchObject({ status: 409, code: 'wrong-step' })
  await step(`${path}/accept`, li)
  expect(await step(`${path}/accept`, wang)).toMatchObject({ status: 409, code: 'already-accepted' })
  expect(await step(`${path}/dispatch`, wang)).toMatchObject({ status: 409, code: 'already-accepted' })
  await step(`${path}/feedback`, li, { text: 'all is well', outcome: 'false-alarm' })
  expect(await step(`${path}/verify`, li)).toMatchObject({ status: 409, code: 'same-person' })
  expect(await step(`/alarms/${boxId}.none/accept`, li)).toMatchObject({ status: 404 })
  expect(await step('/cases/case-9999/note', li, { text: 'x' })).toMatchObject({ status: 404 })
  expect(await step('/cases/case-1/note', li, { text: 'x' })).toMatchObject({ status: 409 })
  expect(await step(`${path}/feedback`, li, { outcome: { toString: 1 } })).toMatchObject({ status: 400 })
  expect(await step(`${path}/accept`, running.token('maintainer', 'zhao'))).toMatchObject({ status: 403 })
})

test('required actions of kind, village and household are inherited, and hold the case open until they are done', async () => {
  const label = { zh: '回拨', en: 'call back' }
  const lists = [
    { kind: 'sos', scope: 'kind', actions: [{ id: 'call-back', type: 'call', label, isRequired: true }] },
    { kind: '*', scope: 'village', place: village, actions: [{ id: 'tell-keeper', type: 'basic', label }] },
    {
      kind: 'sos',
      scope: 'household',
      place: `${boxId}/wang-12`,
      without: ['tell-keeper'],
      guidance: { zh: '听力不好，请派人', en: 'hard of hearing: send somebody' },
      plans: [
        {
          id: 'rescue',
          label,
          steps: [
            { id: 'son', do: 'call', to: 'son', label },
            { id: 'siren', do: 'command', command: { do: 'siren', on: 'everywhere' }, label },
            { id: 'doctor', do: 'dispatch', to: ['village doctor'], label },
          ],
        },
      ],
    },
  ]
  expect(await step('/action-lists', wang, { lists })).toMatchObject({ status: 403 })
  expect(await step('/action-lists', chief, { lists })).toMatchObject({ status: 200, version: 1 })
  await raise(3, 'sos-3', { zone: 'wang-12' })
  const found = await caseOf('sos-3')
  expect(found.case.actions.map(({ id }) => id)).toEqual(['call-back'])
  expect(found.case.guidance?.en).toContain('hard of hearing')
  expect(found.plans).toMatchObject([{ id: 'rescue' }])
  const path = `/cases/${found.case.id}`
  await step(`${path}/accept`, li)
  const started = await step(`${path}/plan`, li, { plan: 'rescue' })
  expect(started).toMatchObject({ case: { state: 'dispatched' } })
  // Each person whom the plan sends gets a link of the phone's page, as when a person is sent by hand.
  const made = started as unknown as Pick<CaseAnswer, 'links'>
  expect(made.links).toMatchObject([
    { to: 'village doctor', path: expect.stringMatching(/#[0-9a-f]{64}$/) as string },
  ])
  const token = made.links?.[0]?.path.split('#')[1] ?? ''
  const state = await fetch(`${running.centre.httpUrl}/api/v1/respond`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      [deviceHeader]: 'ab'.repeat(16),
      'content-type': 'application/json',
    },
  })
  expect(state.status).toBe(200)
  await step(`${path}/feedback`, li, { text: 'fell' })
  await step(`${path}/verify`, wang)
  const waits = await caseOf('sos-3')
  expect(waits.asks).toEqual({
    next: { what: 'actions', names: [label] },
    beforeArchive: [{ what: 'actions', names: [label] }],
  })
  // The refusal names the action by its label.
  const refused = await step(`${path}/archive`, li)
  expect(refused).toMatchObject({ status: 409, code: 'open-actions' })
  expect(refused.error?.message.en).toMatch(/: call back$/)
  await step(`${path}/action`, li, { action: 'call-back', value: 'answered' })
  expect(await step(`${path}/archive`, li)).toMatchObject({ case: { state: 'archived' } })
  const { history } = await caseOf('sos-3')
  expect(history?.filter(({ what }) => what === 'plan-step').map(({ subject }) => subject)).toEqual([
    'rescue/son',
    'rescue/siren',
  ])
})

test('several detectors of one zone are one case; cases are merged, split, and opened by hand', async () => {
  await raise(4, 'smoke-1', { kind: 'smoke', device: 'smoke-1', zone: 'school' })
  await raise(5, 'smoke-2', { kind: 'smoke', device: 'smoke-2', zone: 'school' })
  const fire = await caseOf('smoke-1')
  expect(fire.case.alarms.map(({ id }) => id)).toEqual([`${boxId}.smoke-1`, `${boxId}.smoke-2`])
  const call = { village, kind: 'fire', colour: 'red', text: 'neighbour saw smoke at the school' }
  const made = await step('/cases', li, call)
  expect(made.case).toMatchObject({ state: 'open', alarms: [] })
  const merged = await step(`/cases/${fire.case.id}/merge`, li, { from: made.case.id })
  expect(merged.case.id).toBe(fire.case.id)
  expect((await (await running.get(`/api/v1/cases/${made.case.id}`, li)).json()) as CaseAnswer).toMatchObject(
    {
      case: { state: 'merged', mergedInto: fire.case.id },
    },
  )
  const split = await step(`/cases/${fire.case.id}/split`, li, { alarms: [`${boxId}.smoke-2`] })
  expect((await caseOf('smoke-2')).case.id).toBe(split.case.id)
})

test('a drill has a case that is marked as a drill, and every colour pages in the same order as alarms', async () => {
  await raise(6, 'drill-1', { isDrill: true })
  expect((await caseOf('drill-1')).case.isDrill).toBe(true)
  const first = (await (await running.get('/api/v1/cases?limit=2', li)).json()) as CasesAnswer
  const second = (await (
    await running.get(`/api/v1/cases?limit=200&after=${first.next}`, li)
  ).json()) as CasesAnswer
  const ids = [...first.cases, ...second.cases].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('deadlines go on across a restart, each is said once, and an unmoved case opens again', async () => {
  const place = makeFolder()
  const clock = new VirtualClock(Date.UTC(2026, 10, 30))
  let town = await startCentre(place, { clock })
  const sender = await new TestBox(town.centre.uplinkUrls[0] ?? '', boxId).ready()
  await sender.report('red', 1, [makeAlarm(1, 'raised', {})])
  await sender.end()
  const token = town.token()
  const read = async (): Promise<string[]> => {
    const response = await town.get(`/api/v1/alarms/${boxId}.sos-1/case`, token)
    return ((await response.json()) as CaseAnswer).history?.map(({ what }) => what) ?? []
  }
  await town.centre.stop()
  // Stopped while the limit passes.
  const later = new VirtualClock(clock.wallMs() + 61_000)
  town = await startCentre(place, { clock: later })
  await until(async () => {
    later.advance(1001)
    return (await read()).length === 3
  })
  expect(await read()).toEqual(['opened', 'deadline-amber', 'deadline-red'])
  await town.centre.stop()
  town = await startCentre(place, { clock: later })
  later.advance(2002)
  expect(await read()).toEqual(['opened', 'deadline-amber', 'deadline-red'])
  const alarm = async (): Promise<DeskAlarm> =>
    ((await (await town.get(`/api/v1/alarms/${boxId}.sos-1`, token)).json()) as AlarmAnswer).alarm
  await town.post(`/api/v1/alarms/${boxId}.sos-1/accept`, token)
  const { acceptedBy = '' } = await alarm()
  later.advance(10 * 60_000)
  await until(async () => {
    later.advance(1001)
    return (await read()).includes('reopened')
  })
  // The alarm waits at every desk again, with the reason, until a person accepts it.
  expect(await alarm()).toMatchObject({ needsAnswer: true, returned: { why: 'reopened', who: acceptedBy } })
  const { cases } = (await (await town.get('/api/v1/cases', token)).json()) as CasesAnswer
  expect(cases[0]?.next).toEqual({ what: 'accept', why: 'reopened', who: [acceptedBy] })
  await town.post(`/api/v1/alarms/${boxId}.sos-1/accept`, token)
  expect((await alarm()).needsAnswer).toBe(false)
  expect((await alarm()).returned).toBeUndefined()
  await town.centre.stop()
  dropFolder(place)
})

test('the evening that was played stands in the figures, the printed report and the audit trail', async () => {
  const figures = (await (await running.get('/api/v1/figures', chief)).json()) as Figures
  expect(figures.town.byColour.red?.steps.archive?.done).toBeGreaterThan(0)
  expect(figures.availability).toHaveProperty([boxId])
  const month = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7)
  const page = await running.get(`/api/v1/figures/report?month=${month}&lang=en`, chief)
  expect(page.headers.get('content-security-policy')).toContain("style-src 'sha256-")
  expect(await page.text()).toContain('<h1>Monthly report')
  const csv = await running.get(`/api/v1/figures/report?month=${month}&as=csv`, chief)
  expect(csv.headers.get('content-disposition')).toContain(`gengfu-${month}.csv`)
  const audit = (await (await running.get('/api/v1/audit?limit=1000', chief)).json()) as {
    entries: { who: string; chain: string }[]
  }
  expect(audit.entries.some(({ who }) => who === 'token:li')).toBe(true)
  expect(audit.entries.every(({ chain }) => /^[0-9a-f]{64}$/.test(chain))).toBe(true)
  for (const path of ['/api/v1/figures', `/api/v1/figures/report?month=${month}`, '/api/v1/audit'])
    expect((await running.get(path, li)).status).toBe(403)
  expect((await running.get('/api/v1/figures?from=5&to=1', chief)).status).toBe(400)
})

test('what one operator writes is seen by the other while it is written, by nobody without a right to it, and stored nowhere', async () => {
  await raise(7, 'sos-60')
  const { case: item } = await caseOf('sos-60')
  const others = ['320612205301', village].map((scope) => running.token('operator', `of-${scope}`, [scope]))
  const tokens = [wang, ...others, running.token('auditor', 'reader')]
  const texts: string[][] = tokens.map(() => [])
  const streams = await Promise.all(
    tokens.map(async (token, at) => {
      const ws = new WebSocket(`${running.centre.httpUrl.replace('http', 'ws')}/api/v1/stream`, {
        headers: { authorization: `Bearer ${token}` },
      })
      let isLive = false
      ws.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as {
          type: string
          typing?: { who: string; text: string }
        }
        if (message.typing) texts[at]?.push(`${message.typing.who}: ${message.typing.text}`)
        isLive ||= message.type === 'hello'
      })
      await until(() => isLive)
      return ws
    }),
  )
  const type = (token: string, text: string) =>
    running.post(`/api/v1/cases/${item.id}/typing`, token, { text })
  expect((await type(li, 'the key is at')).status).toBe(200)
  expect((await type(li, '')).status).toBe(200)
  expect((await type(wang, 'x'.repeat(501))).status).toBe(400)
  expect((await running.post('/api/v1/cases/case-999999/typing', li, { text: 'a' })).status).toBe(404)
  const seen = ['token:li: the key is at', 'token:li: ']
  await until(() => texts[0]?.length === 2 && texts[2]?.length === 2)
  // Its end on the stream of the others who have none: the case is changed after the texts.
  await step(`/cases/${item.id}/note`, li, { text: 'end' })
  await until(async () => (await caseOf('sos-60')).history?.at(-1)?.text === 'end')
  expect(texts).toEqual([seen, [], seen, []])
  expect(heard.some(({ type: kind }) => kind === 'case.typing')).toBe(false)
  const { history } = await caseOf('sos-60')
  expect(history?.map(({ what }) => what)).toEqual(['opened', 'note'])
  for (const ws of streams) ws.terminate()
})
