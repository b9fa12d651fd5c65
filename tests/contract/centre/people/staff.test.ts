// Question: does the person who leads see who is on with how many cases, put the cases of a person who is away back into the queue with a
// reason, and read the users and the rules as they apply?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from '../../../../centre/cli/accounts.ts'
import type { UsersAnswer } from '../../../../protocols/desk/accounts.ts'
import type { CaseAnswer } from '../../../../protocols/desk/cases.ts'
import type { SettingsAnswer, StaffAnswer } from '../../../../protocols/desk/leading/staff.ts'
import { createSystemClock } from '../../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import {
  dropFolder,
  makeAlarm,
  makeFolder,
  startCentre,
  TestBox,
  until,
  type CentreUnderTest,
} from '../centre-parts.ts'

const password = 'a long enough pass phrase'
let folder: string
let town: CentreUnderTest
let box: TestBox
const sessions: Record<string, string> = {}

beforeAll(async () => {
  folder = makeFolder()
  town = await startCentre(folder, {
    config: {
      cases: { limitsMs: { accept: { red: 30_000 } }, mustReport: ['red'] },
      retention: { routineDays: 77 },
    },
  })
  const options = {
    config: { dataDir: folder, storage: town.storage },
    clock: createSystemClock(),
    random: createSystemRandom(),
  }
  for (const [name, role] of [
    ['li', 'operator'],
    ['zhao', 'supervisor'],
    ['watcher', 'auditor'],
  ] as const) {
    await createUser(options, { name, role, password })
    const answer = await town.post('/api/v1/login', undefined, { user: name, password })
    sessions[name] = ((await answer.json()) as { token: string }).token
  }
  box = await new TestBox(town.centre.uplinkUrls[0] ?? '', 'upper-1').ready()
})
afterAll(async () => {
  await box.end()
  await town.centre.stop()
  dropFolder(folder)
})

const staff = async (): Promise<StaffAnswer['staff']> =>
  ((await (await town.get('/api/v1/staff', sessions['zhao'])).json()) as StaffAnswer).staff

test('shows who is on and what each holds, and puts the cases of one back with the reason in their history', async () => {
  await box.report('red', 1, [makeAlarm(1, 'raised')])
  await until(async () => (await town.post('/api/v1/alarms/upper-1.sos-1/accept', sessions['li'])).ok)
  expect(await staff()).toMatchObject([
    { user: 'li', role: 'operator', held: 1 },
    { user: 'zhao', role: 'supervisor', held: 0 },
  ])
  expect((await staff())[0]?.silentForMs).toBeLessThan(60_000)

  const redistribute = (name: string, body: object) =>
    town.post(`/api/v1/staff/${name}/redistribute`, sessions['zhao'], body)
  expect((await redistribute('li', {})).status).toBe(400)
  expect((await redistribute('nobody-here', { why: 'gone' })).status).toBe(404)
  const moved = await redistribute('li', { why: '生病回家' })
  expect([moved.status, await moved.json()]).toEqual([200, { moved: 1 }])
  const found = (await (
    await town.get('/api/v1/alarms/upper-1.sos-1/case', sessions['zhao'])
  ).json()) as CaseAnswer
  expect(found.case.state).toBe('open')
  expect(found.case.holder).toBeUndefined()
  expect(found.history?.at(-1)).toMatchObject({ what: 'redistributed', text: 'zhao: 生病回家' })
  expect((await staff()).map(({ held }) => held)).toEqual([0, 0])
})

test('gives the rules as they apply, and says which are the own ones', async () => {
  const rules = (await (await town.get('/api/v1/settings', sessions['watcher'])).json()) as SettingsAnswer
  expect(rules.limitsMs.accept).toEqual({ red: 30_000, orange: 180_000, yellow: 900_000, blue: 28_800_000 })
  expect(rules.limitsMs.archive.blue).toBeUndefined()
  expect(rules.changed).toEqual(['accept.red'])
  expect(rules).toMatchObject({ mustReport: ['red'], retentionDays: { routine: 77 }, hasDirectory: false })
})

test('lists the users without a password', async () => {
  const answer = await town.get('/api/v1/users', town.token('admin', 'root'))
  const text = await answer.text()
  const { users } = JSON.parse(text) as UsersAnswer
  expect(users.map(({ user, role, hasSecondFactor }) => [user, role, hasSecondFactor])).toEqual([
    ['li', 'operator', false],
    ['watcher', 'auditor', false],
    ['zhao', 'supervisor', false],
  ])
  expect(text).not.toMatch(/salt|hash/i)
})
