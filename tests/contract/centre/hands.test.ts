// Does a case always have a responsible person: when its operator leaves or falls silent, at the end of a shift, and
// for the night?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUser } from '../../../centre/cli/accounts.ts'
import { parseCentreConfig } from '../../../centre/config/config.ts'
import type { CaseAnswer, CasesAnswer } from '../../../protocols/desk/cases.ts'
import type { ShiftAnswer, ShiftsAnswer } from '../../../protocols/desk/shifts.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../../protocols/kit/random.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from './centre-parts.ts'
import type { CentreUnderTest } from './centre-parts.ts'

const boxId = '320612104201-1'
const passwords = { li: 'seven-lamps-at-the-bridge', wang: 'three-geese-over-water' } as const
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let box: TestBox
let auditor: string
let sequence = 0

const config = { cases: { night: [{ to: 'county', from: '22:00', until: '06:00' }] } }
const start = async (): Promise<void> => {
  running = await startCentre(folder, { clock, config })
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', boxId).ready()
}

beforeAll(async () => {
  folder = makeFolder()
  // 18:00 in China.
  clock = new VirtualClock(Date.UTC(2026, 10, 30, 10))
  await start()
  const parsed = parseCentreConfig({ dataDir: folder })
  if (!parsed.ok) throw new Error('config')
  for (const [name, password] of Object.entries(passwords))
    await createUser(
      { config: { ...parsed.value, storage: running.storage }, clock, random: createSystemRandom() },
      { name, role: 'operator', password },
    )
  auditor = running.token('auditor', 'auditor')
})
afterAll(async () => {
  await box.end()
  await running.centre.stop()
  dropFolder(folder)
})

async function signIn(user: keyof typeof passwords): Promise<string> {
  const answer = await running.post('/api/v1/login', undefined, { user, password: passwords[user] })
  return ((await answer.json()) as { token: string }).token
}

async function raise(id: string, more: Parameters<typeof makeAlarm>[2] = {}): Promise<string> {
  sequence++
  await box.report('red', sequence, [makeAlarm(sequence, 'raised', { id, ...more })])
  return (await caseOf(id)).case.id
}

async function caseOf(alarm: string): Promise<CaseAnswer> {
  return (await (await running.get(`/api/v1/alarms/${boxId}.${alarm}/case`, auditor)).json()) as CaseAnswer
}

/** Runs checks until the case's last entry is this, while time passes. */
async function entry(alarm: string, what: string, stepMs = 500): Promise<CaseAnswer> {
  return until(async () => {
    clock.advance(stepMs)
    const answer = await caseOf(alarm)
    return answer.history?.at(-1)?.what === what ? answer : undefined
  })
}

test('a case whose operator signs out, or is silent for two minutes, is in the queue again; one who looks on keeps it', async () => {
  const [li, wang] = [await signIn('li'), await signIn('wang')]
  await raise('sos-1')
  await raise('sos-2')
  await running.post(`/api/v1/alarms/${boxId}.sos-1/accept`, li)
  await running.post(`/api/v1/alarms/${boxId}.sos-2/accept`, wang)
  await running.post('/api/v1/logout', li)
  const left = await entry('sos-1', 'redistributed')
  expect(left.case).toMatchObject({ state: 'open' })
  const row = await running.get(`/api/v1/alarms/${boxId}.sos-1`, auditor)
  expect(await row.json()).toMatchObject({
    alarm: { needsAnswer: true, acceptedBy: 'li', returned: { why: 'redistributed', who: 'li' } },
  })
  expect(left.history?.at(-1)).toMatchObject({ who: 'centre', text: 'signed out', subject: 'li' })
  const silentSinceMs = clock.monotonicMs()
  const silent = await entry('sos-2', 'redistributed', 5000)
  expect(clock.monotonicMs() - silentSinceMs).toBeGreaterThan(100_000)
  expect(silent.history?.at(-1)).toMatchObject({ text: 'silent', subject: 'wang' })
  await running.post(`/api/v1/alarms/${boxId}.sos-2/accept`, wang)
  for (let passed = 0; passed < 30; passed++) {
    clock.advance(10_000)
    await running.get('/api/v1/me', wang)
  }
  // Time alone affects its deadlines, and its holder stays until it is reopened.
  expect((await caseOf('sos-2')).history?.filter(({ what }) => what === 'redistributed')).toHaveLength(1)
})

test('a restart gives everybody two minutes, and forgets no holder', async () => {
  const li = await signIn('li')
  await raise('sos-3')
  await running.post(`/api/v1/alarms/${boxId}.sos-3/accept`, li)
  await box.end()
  await running.centre.stop()
  await start()
  const startedMs = clock.monotonicMs()
  await entry('sos-3', 'redistributed', 5000)
  expect(clock.monotonicMs() - startedMs).toBeGreaterThan(100_000)
})

test('a shift is handed over by two signatures, and each case records it', async () => {
  const [li, wang] = [await signIn('li'), await signIn('wang')]
  const id = await raise('sos-4')
  await running.post(`/api/v1/alarms/${boxId}.sos-4/accept`, li)
  expect((await running.post('/api/v1/shifts', li, { to: 'li' })).status).toBe(409)
  expect((await running.post('/api/v1/shifts', li, { to: 'nobody' })).status).toBe(404)
  const offer = await running.post('/api/v1/shifts', li, { to: 'wang', text: 'the bridge is closed' })
  const { shift } = (await offer.json()) as ShiftAnswer
  expect(shift).toMatchObject({ leaving: 'li', entering: 'wang', cases: [id], state: 'offered' })
  // The person who leaves can not sign for the other.
  expect((await running.post('/api/v1/shifts/end', li, { shift: shift.shift })).status).toBe(404)
  expect((await caseOf('sos-4')).case.holder).toBe('li')
  const signed = await running.post('/api/v1/shifts/end', wang, { shift: shift.shift, text: 'understood' })
  expect(((await signed.json()) as ShiftAnswer).shift).toMatchObject({ state: 'signed', cases: [id] })
  expect((await running.post('/api/v1/shifts/end', wang, { shift: shift.shift })).status).toBe(200)
  expect(
    (await running.post('/api/v1/shifts/end', wang, { shift: shift.shift, isTaken: false })).status,
  ).toBe(409)
  const { case: item, history } = await caseOf('sos-4')
  expect(item.holder).toBe('wang')
  expect(history?.at(-1)).toMatchObject({ what: 'taken-over', who: 'wang', subject: 'li' })
  const { shifts } = (await (await running.get('/api/v1/shifts', auditor)).json()) as ShiftsAnswer
  expect(shifts).toHaveLength(1)
  const audit = (await (await running.get(`/api/v1/audit?about=shift ${shift.shift}`, auditor)).json()) as {
    entries: { who: string; what: string }[]
  }
  expect(audit.entries.map(({ who, what }) => `${who} ${what}`)).toEqual([
    'li shift-offered',
    'wang shift-signed',
  ])
})

test('a case of the same household says how the last one ended; another kind, another household and a drill do not', async () => {
  const chief = running.token('supervisor', 'chief')
  const lists = await running.get('/api/v1/cases?limit=1000', chief)
  expect(((await lists.json()) as CasesAnswer).cases.every((one) => one.handledBefore === undefined)).toBe(
    true,
  )
  const id = await raise('sos-5', { zone: 'wang-12' })
  await running.post(`/api/v1/cases/${id}/accept`, running.token('operator', 'a'))
  await running.post(`/api/v1/cases/${id}/feedback`, running.token('operator', 'a'), {
    outcome: 'false-alarm',
  })
  await running.post(`/api/v1/cases/${id}/verify`, chief)
  await running.post(`/api/v1/cases/${id}/archive`, chief)
  await raise('sos-6', { zone: 'wang-12', device: 'button-9' })
  await raise('fire-6', { zone: 'wang-12', kind: 'fire' })
  await raise('sos-7', { zone: 'li-3' })
  await raise('drill-7', { zone: 'wang-12', isDrill: true })
  const queue = (await (await running.get('/api/v1/cases?limit=1000', chief)).json()) as CasesAnswer
  const marked = queue.cases.filter(({ handledBefore }) => handledBefore !== undefined)
  expect(marked).toMatchObject([{ handledBefore: 1, lastOutcome: 'false-alarm' }])
  expect((await caseOf('sos-6')).case).toMatchObject({ handledBefore: { lastCase: id } })
})

test('the timetable hands the queue to another centre for the night as a step of each case, never a drill, and takes it back', async () => {
  await raise('sos-8')
  await raise('drill-8', { isDrill: true })
  // 18:00 and the time passed; to 22:00.
  clock.leap(Date.UTC(2026, 10, 30, 14) - clock.wallMs())
  await entry('sos-8', 'handed-over')
  await raise('sos-9')
  const new9 = await entry('sos-9', 'handed-over')
  expect(new9.case).toMatchObject({ handedTo: 'county', reports: [{ who: 'centre', to: 'county' }] })
  expect((await caseOf('drill-8')).case).not.toHaveProperty('handedTo')
  const byHand = await raise('sos-10')
  await entry('sos-10', 'handed-over')
  const chief = running.token('supervisor', 'chief')
  await running.post(`/api/v1/cases/${byHand}/take-back`, chief)
  await running.post(`/api/v1/cases/${byHand}/hand-over`, chief, { to: 'neighbour' })
  clock.leap(Date.UTC(2026, 10, 30, 22) - clock.wallMs())
  await until(async () => {
    clock.advance(500)
    return (await caseOf('sos-9')).history?.some(({ what }) => what === 'taken-back')
  })
  expect((await caseOf('sos-10')).case).toMatchObject({ handedTo: 'neighbour' })
})

test('after a week without a case the household has none that was handled before', async () => {
  await raise('sos-11', { zone: 'wang-12' })
  expect((await caseOf('sos-11')).case).toHaveProperty('handledBefore')
  clock.leap(8 * 86_400_000)
  await raise('sos-12', { zone: 'wang-12' })
  expect((await caseOf('sos-12')).case).not.toHaveProperty('handledBefore')
})
