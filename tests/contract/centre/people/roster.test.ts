// Is the roster kept to its villages and its term, and is every look at a telephone number in the trail, which holds no names?
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DutyAnswer, PersonAnswer, RosterAnswer } from '../../../../protocols/desk/roster.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { dropFolder, makeFolder, startCentre, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const [upper, lower] = ['320612104201', '320612104202']
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let lead: string

beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock()
  running = await startCentre(folder, { clock, config: { people: { termDaysMax: 30 } } })
  lead = running.token('supervisor', 'lead')
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

const entry = (part: object = {}) => ({
  name: 'Dr Li',
  role: 'village-doctor',
  villages: [upper, lower],
  consent: { how: 'in-person', atMs: clock.wallMs() },
  phone: '138 0000 1111',
  ...part,
})
const read = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T
const add = async (part: object = {}, token = lead) =>
  (await read<PersonAnswer>(running.post('/api/v1/roster', token, entry(part)))).person
const listed = async (token: string, query = '') =>
  (await read<RosterAnswer>(running.get(`/api/v1/roster${query}`, token))).people
const trail = async () => await (await running.get('/api/v1/audit', running.token('auditor', 'audit'))).text()

test('lists without numbers, hands one out with a look in the trail, and keeps to the villages of an account', async () => {
  const doctor = await add()
  expect(doctor).toMatchObject({ hasPhone: true, villages: [upper, lower] })
  const ops = running.token('operator', 'ops', [upper])
  expect(await listed(ops)).toMatchObject([{ id: doctor.id, villages: [upper] }])
  expect(JSON.stringify(await listed(ops))).not.toContain('1111')
  expect(await listed(running.token('operator', 'far', ['320612104203']))).toEqual([])

  const contact = `/api/v1/roster/${doctor.id}/contact`
  expect(await read(running.get(`${contact}?case=case-7`, ops))).toEqual({ phone: '138 0000 1111' })
  expect((await running.get(contact, running.token('operator', 'far', ['320612104203']))).status).toBe(404)
  const said = await trail()
  expect(said.match(/contact-looked/g)).toHaveLength(1)
  expect(said).toContain('case-7')
  expect(said).not.toMatch(/Dr Li|1111/)

  // Who leads one village sees the doctor of two and may not change or delete the entry.
  const part = running.token('supervisor', 'part', [upper])
  for (const path of ['', '/absences', '/delete']) {
    const body = path === '' ? entry({ villages: [upper] }) : { absences: [] }
    expect((await running.post(`/api/v1/roster/${doctor.id}${path}`, part, body)).status).toBe(403)
  }
  expect((await running.post('/api/v1/roster', part, entry())).status).toBe(404)
})

test('changes an entry and keeps the number that is not given; who is away is not on duty', async () => {
  const keeper = await add({
    name: 'keeper',
    role: 'grid-keeper',
    villages: [upper],
    cell: 'g-7',
    position: { latitude: 32.123456, longitude: 121 },
  })
  expect(keeper.position).toEqual({ latitude: 32.1235, longitude: 121 })
  const changed = await running.post(`/api/v1/roster/${keeper.id}`, lead, {
    ...entry({ name: 'keeper two', role: 'grid-keeper', villages: [upper], cell: 'g-7' }),
    phone: undefined,
  })
  expect(changed.status).toBe(200)
  expect(await read(running.get(`/api/v1/roster/${keeper.id}/contact`, lead))).toEqual({
    phone: '138 0000 1111',
  })
  const duty = async () =>
    (await read<DutyAnswer>(running.get(`/api/v1/roster/duty?village=${upper}&cell=g-7`, lead))).people.map(
      ({ person, why }) => [person.name, why],
    )
  expect(await duty()).toEqual([
    ['keeper two', 'cell'],
    ['Dr Li', 'village'],
  ])
  const away = [{ fromMs: clock.wallMs() - 1, toMs: clock.wallMs() + 3_600_000 }]
  await running.post(`/api/v1/roster/${keeper.id}/absences`, lead, { absences: away })
  expect(await duty()).toEqual([['Dr Li', 'village']])
  expect((await running.post(`/api/v1/roster/${keeper.id}/delete`, lead, {})).status).toBe(200)
  expect((await running.get(`/api/v1/roster/${keeper.id}/contact`, lead)).status).toBe(404)
})

/** The sweep is hourly, and looks at the clock once an hour only. */
const swept = (isDone: () => Promise<boolean>) =>
  until(async () => {
    clock.leap(3_600_000)
    return await isDone()
  })

test.each([
  ['without consent', { consent: undefined }],
  ['without a village', { villages: [] }],
  ['with a box for a village', { villages: [`${upper}-1`] }],
  ['with an hour that there is not', { hours: [{ days: [1], from: '24:00', to: '08:00' }] }],
  ['with an absence that ends before it begins', { absences: [{ fromMs: 2, toMs: 1 }] }],
  ['with words for a number', { phone: 'call me' }],
])('refuses an entry %s', async (_name, part) => {
  expect((await running.post('/api/v1/roster', lead, entry(part))).status).toBe(400)
})

test('an entry deletes itself when its term is over, never later than the town allows', async () => {
  const asked = await add({ name: 'short', termDays: 2 })
  const long = await add({ name: 'long', termDays: 300 })
  expect(long.expiresAtMs - clock.wallMs()).toBeLessThanOrEqual(30 * 86_400_000)
  clock.leap(2 * 86_400_000)
  await swept(async () => !(await listed(lead)).some(({ id }) => id === asked.id))
  expect((await listed(lead)).some(({ id }) => id === long.id)).toBe(true)
  clock.leap(29 * 86_400_000)
  lead = running.token('supervisor', 'lead')
  await swept(async () => (await listed(lead)).length === 0)
  expect(await trail()).toContain('roster-expired')
})
