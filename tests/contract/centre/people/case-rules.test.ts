// Are the rules for cases that a supervisor sets at the desk in force at once, also for open cases, kept across a restart, and never
// overwritten by a person who has not seen them?
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rulesInForce } from '../../../../centre/cases/case-rules.ts'
import type { CaseAnswer } from '../../../../protocols/desk/cases.ts'
import type { MeAnswer } from '../../../../protocols/desk/api.ts'
import type { CaseRules } from '../../../../protocols/desk/leading/case-rules.ts'
import type { SettingsAnswer } from '../../../../protocols/desk/leading/staff.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { dropFolder, makeAlarm, makeFolder, startCentre, TestBox, until } from '../centre-parts.ts'
import type { CentreUnderTest } from '../centre-parts.ts'

const boxId = '320612104201-1'
const config = { cases: { limitsMs: { verify: { red: 7_200_000 } }, reopenAt: 4 } }
let folder: string
let clock: VirtualClock
let running: CentreUnderTest
let box: TestBox
let chief: string

const start = async (): Promise<void> => {
  running = await startCentre(folder, { clock, config })
  chief = running.token('supervisor', 'chief')
}
beforeAll(async () => {
  folder = makeFolder()
  clock = new VirtualClock(Date.UTC(2026, 10, 30))
  await start()
  box = await new TestBox(running.centre.uplinkUrls[0] ?? '', boxId).ready()
})
afterAll(async () => {
  await running.centre.stop()
  dropFolder(folder)
})

const settings = async (): Promise<SettingsAnswer> =>
  (await (await running.get('/api/v1/settings', chief)).json()) as SettingsAnswer
const put = async (version: number, rules: CaseRules, by = chief): Promise<number> =>
  (await running.post('/api/v1/settings/case-rules', by, { version, rules })).status
const caseOf = async (): Promise<CaseAnswer> =>
  (await (await running.get(`/api/v1/alarms/${boxId}.sos-1/case`, chief)).json()) as CaseAnswer

test('rules of the desk stand before those of the file, each key by itself', () => {
  const file = { limitsMs: { accept: { red: 1, blue: 2 } }, reopenAt: 3, mustReport: ['red'] as const }
  expect(rulesInForce(file, {})).toEqual(file)
  expect(rulesInForce(file, { limitsMs: { accept: { red: 9 } }, mustReport: [] })).toEqual({
    limitsMs: { accept: { red: 9, blue: 2 } },
    reopenAt: 3,
    mustReport: [],
  })
})

test('a shorter limit counts for a case that is open, and for the lamps of every desk', async () => {
  await box.report('orange', 1, [makeAlarm(1, 'raised', { colour: 'orange', latchedColour: 'orange' })])
  const before = await until(async () => {
    const answer = await caseOf()
    return answer.case === undefined ? undefined : answer
  })
  expect(before.deadlines[0]).toMatchObject({ step: 'accept', dueAtMs: before.case.openedAtMs + 180_000 })
  expect(await put(0, { limitsMs: { accept: { orange: 20_000 } }, redAcceptances: 2 })).toBe(200)
  expect((await caseOf()).deadlines[0]?.dueAtMs).toBe(before.case.openedAtMs + 20_000)
  const me = (await (await running.get('/api/v1/me', chief)).json()) as MeAnswer
  expect(me.acceptLimitsMs).toMatchObject({ orange: 20_000, red: 60_000 })
  // The moment of the lamp was computed by the older limit.
  clock.advance(16_000)
  const amber = await until(async () => {
    clock.advance(500)
    const { history } = await caseOf()
    return history?.find(({ what }) => what === 'deadline-amber')
  })
  expect(amber.atMs - before.case.openedAtMs).toBeLessThan(120_000)
})

test('refuses what is no limit, an operator, and a version that another person has replaced; the trail has each change', async () => {
  expect(await put(0, {})).toBe(409)
  expect(await put(1, { limitsMs: { accept: { red: 10 } } })).toBe(400)
  expect(await put(1, {}, running.token('operator', 'li'))).toBe(403)
  expect((await settings()).desk).toMatchObject({ version: 1, who: 'token:chief' })
  const audit = await running.get('/api/v1/audit?about=case-rules', running.token('auditor', 'a'))
  const { entries } = (await audit.json()) as { entries: { what: string; why: string }[] }
  expect(entries).toMatchObject([{ what: 'rules-changed' }])
})

test('a restart keeps them before the file, and an empty version gives the file back', async () => {
  await box.end()
  await running.centre.stop()
  await start()
  const kept = await settings()
  expect(kept.limitsMs.accept.orange).toBe(20_000)
  expect(kept.limitsMs.verify.red).toBe(7_200_000)
  expect(kept).toMatchObject({ redAcceptances: 2, reopenAt: 4 })
  expect(await put(1, {})).toBe(200)
  const now = await settings()
  expect(now.limitsMs.accept.orange).toBe(180_000)
  expect(now).toMatchObject({ redAcceptances: 1, reopenAt: 4, desk: { version: 2, rules: {} } })
})
