// Does a family get "raised" and "ended" once for each alarm of its household, nothing else, and only during its term?
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CaseAnswer } from '../../../../protocols/desk/cases.ts'
import type {
  FamiliesAnswer,
  FamilyNoticesAnswer,
  FamilyStateAnswer,
  NewFamilyAnswer,
} from '../../../../protocols/desk/families.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const village = '320612104201'
const box = `${village}-1`
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let sender: TestBox
let [ops, lead] = ['', '']
let sequence = 0

beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock })
  sender = await new TestBox(running.centre.uplinkUrls[0] ?? '', box).ready()
  ops = running.token('operator', 'ops')
  lead = running.token('supervisor', 'lead')
})
afterAll(async () => {
  await sender.end()
  await running.centre.stop()
  dropFolder(folder)
})

const add = async (part: object = {}, token = lead): Promise<NewFamilyAnswer> =>
  (await (
    await running.post('/api/v1/families', token, {
      label: 'daughter',
      box,
      zone: 'wang',
      consent: { how: 'paper', atMs: 1 },
      ...part,
    })
  ).json()) as NewFamilyAnswer
const tokenOf = ({ path }: NewFamilyAnswer): string => path.replace('family/#', '')
const look = (token: string) => running.post('/api/v1/family', token, {})
const state = async (token: string) => (await (await look(token)).json()) as FamilyStateAnswer
const notices = async () =>
  ((await (await running.get('/api/v1/families/notices', lead)).json()) as FamilyNoticesAnswer).notices

async function raise(part: object = {}): Promise<string> {
  const number = ++sequence
  await sender.report('red', number, [
    makeAlarm(number, 'raised', { id: `a-${number}`, zone: 'wang', ...part }),
  ])
  const found = await until(async () => {
    const response = await running.get(`/api/v1/alarms/${box}.a-${number}/case`, ops)
    return response.status === 200 && ((await response.json()) as CaseAnswer)
  })
  return found.case.id
}
async function finish(id: string): Promise<void> {
  await running.post(`/api/v1/cases/${id}/accept`, ops, {})
  await running.post(`/api/v1/cases/${id}/feedback`, ops, { text: 'well' })
  await running.post(`/api/v1/cases/${id}/verify`, lead, {})
  expect((await running.post(`/api/v1/cases/${id}/archive`, lead, { text: 'done' })).status).toBe(200)
}

test('tells raised and ended once, to the page and to the queue of outlets', async () => {
  const made = await add()
  const token = tokenOf(made)
  expect(await state(token)).toMatchObject({ label: 'daughter', isRaised: false, news: [] })
  const id = await raise()
  expect(await state(token)).toMatchObject({ isRaised: true, news: [{ what: 'raised' }] })
  const text = JSON.stringify(await state(token))
  for (const word of ['sos', 'wang', village, 'button']) expect(text).not.toContain(word)
  await sender.report('red', ++sequence, [
    makeAlarm(sequence, 'repeated', { id: 'a-1', zone: 'wang', occurrences: 2 }),
  ])
  await finish(id)
  expect(await state(token)).toMatchObject({ isRaised: false, news: [{ what: 'ended' }, { what: 'raised' }] })
  const waiting = await notices()
  expect(waiting.map(({ what, family }) => [what, family])).toEqual([
    ['raised', made.family.id],
    ['ended', made.family.id],
  ])
  const positions = waiting.map(({ position }) => position)
  const take = () => running.post('/api/v1/families/notices/taken', lead, { positions })
  expect(await (await take()).json()).toEqual({ taken: 2 })
  expect(await (await take()).json()).toEqual({ taken: 0 })
  expect(await notices()).toEqual([])
})

test('sends nothing about drills, a call under duress, other households, and kinds that the family did not choose', async () => {
  const token = tokenOf(await add({ kinds: ['sos'] }))
  await raise({ isDrill: true })
  await raise({ variant: 'duress' })
  await raise({ zone: 'zhao' })
  await raise({ kind: 'smoke' })
  await raise({ kind: 'intrusion' })
  expect((await state(token)).news).toEqual([])
  await raise()
  expect((await state(token)).news).toHaveLength(1)
})

test('is limited to the villages of an account; ends by itself, by the town and by the family; a guessed token opens no page', async () => {
  const [own, other] = [
    running.token('supervisor', 'own', [village]),
    running.token('supervisor', 'other', ['320612205301']),
  ]
  const made = await add({}, own)
  expect(
    (
      await running.post('/api/v1/families', other, {
        label: 'x',
        box,
        zone: 'wang',
        consent: { how: 'paper', atMs: 1 },
      })
    ).status,
  ).toBe(404)
  const listed = async (token: string) =>
    ((await (await running.get('/api/v1/families', token)).json()) as FamiliesAnswer).families.map(
      ({ id }) => id,
    )
  expect(await listed(own)).toContain(made.family.id)
  expect(await listed(other)).toEqual([])
  expect((await running.post(`/api/v1/families/${made.family.id}/end`, other, {})).status).toBe(404)
  expect((await running.post(`/api/v1/families/${made.family.id}/end`, own, {})).status).toBe(200)
  for (const guess of [tokenOf(made), '0'.repeat(64), lead]) expect((await look(guess)).status).toBe(404)
  const leaving = tokenOf(await add())
  expect((await running.post('/api/v1/family/leave', leaving, {})).status).toBe(200)
  expect((await look(leaving)).status).toBe(404)
  const short = tokenOf(await add({ termDays: 1 }))
  clock.leap(86_400_000)
  expect((await look(short)).status).toBe(404)
})
