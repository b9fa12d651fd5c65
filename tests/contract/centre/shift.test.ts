// Does every session last while a red waits, can a shift be extended, and can a removed box be taken off the list?
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createUser } from '../../../centre/cli/accounts.ts'
import { loginLifeMs, redKeepsMs } from '../../../centre/accounts/sessions.ts'
import type { AlarmsAnswer, MeAnswer, VillagesAnswer } from '../../../protocols/desk/api.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { dropFolder, makeAlarm, makeEvent, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let box: TestBox

beforeEach(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', 'box-a').ready()
})
afterEach(async () => {
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

/** A desk signed in as a person does it: its cookie. */
async function signIn(name: string): Promise<string> {
  const options = { config: { dataDir: folder, storage: running.storage }, clock }
  const user = { name, role: 'operator' as const, password: 'correct horse' }
  await createUser({ ...options, random: createSystemRandom() }, user)
  const answer = await running.post('/api/v1/login', undefined, { user: name, password: user.password })
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

const ask = (cookie: string, path: string, method = 'GET'): Promise<Response> =>
  fetch(`${running.centre.httpUrl}/api/v1/${path}`, { method, headers: { cookie } })
const statusOf = async (cookie: string): Promise<number> => (await ask(cookie, 'me')).status
const listed = async (): Promise<AlarmsAnswer['alarms']> =>
  ((await (await running.get('/api/v1/alarms', running.token())).json()) as AlarmsAnswer).alarms

test('a desk stays signed in while a red waits, also after it was accepted and came again, but not for a drill', async () => {
  const cookie = await signIn('li')
  const drill = makeAlarm(1, 'raised', { id: 'drill-1', isDrill: true })
  await box.report('red', 1, [drill, makeAlarm(2, 'raised')])
  await until(async () => (await listed()).length === 2)
  clock.leap(loginLifeMs + 300_000)
  expect(await statusOf(cookie)).toBe(200)
  const accepted = await ask(cookie, 'alarms/box-a.sos-1/accept', 'POST')
  expect(accepted.status).toBe(200)
  // The drill still waits; it extends no session.
  expect(await statusOf(cookie)).toBe(401)
  await box.report('red', 3, [makeAlarm(3, 'repeated', { occurrences: 2 })])
  await until(async () => (await listed()).some(({ needsAnswer }) => needsAnswer))
  expect(await statusOf(cookie)).toBe(200)
  clock.leap(redKeepsMs)
  expect(await statusOf(cookie)).toBe(401)
})

test('staying begins the shift anew and says when it ends; a token of a program keeps its end', async () => {
  const cookie = await signIn('li')
  const before = (await (await ask(cookie, 'me')).json()) as MeAnswer
  expect((before.expiresAtMs ?? 0) - (before.centreTimeMs ?? 0)).toBe(loginLifeMs)
  clock.leap(loginLifeMs - 60_000)
  const stayed = await ask(cookie, 'me/stay', 'POST')
  expect(stayed.headers.get('set-cookie')).toContain(`Max-Age=${loginLifeMs / 1000}`)
  clock.leap(loginLifeMs - 60_000)
  expect(await statusOf(cookie)).toBe(200)
  clock.leap(120_000)
  expect(await statusOf(cookie)).toBe(401)
  const token = running.token()
  const first = (await (await running.get('/api/v1/me', token)).json()) as MeAnswer
  const second = (await (await running.post('/api/v1/me/stay', token)).json()) as MeAnswer
  expect(second.expiresAtMs).toBe(first.expiresAtMs)
})

test('a silent box is retired by who may, with its alarm, and is back under its name when it is heard', async () => {
  const retire = (role: 'operator' | 'maintainer') =>
    running.post('/api/v1/villages/box-a/retire', running.token(role, role), {
      why: 'the mill was pulled down',
    })
  await box.report('routine', 1, [makeEvent(1)])
  await until(async () => {
    const { villages } = (await (
      await running.get('/api/v1/villages', running.token())
    ).json()) as VillagesAnswer
    return villages[0]?.boxes[0]?.presence === 'present'
  })
  expect((await retire('operator')).status).toBe(403)
  expect((await retire('maintainer')).status).toBe(409)
  clock.leap(200_000)
  await until(async () => (await listed()).some(({ kind }) => kind === 'box-silent'))
  expect((await retire('maintainer')).status).toBe(200)
  await until(async () => (await listed()).length === 0)
  const boxes = async () =>
    ((await (await running.get('/api/v1/villages', running.token())).json()) as VillagesAnswer).villages
  expect(await boxes()).toEqual([])
  await box.report('routine', 2, [makeEvent(2)])
  await until(async () => (await boxes()).length === 1)
  expect((await retire('maintainer')).status).toBe(409)
})
