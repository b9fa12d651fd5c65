// Question: are the rules that were set at the desk in force after a start, a change here, and a change at an equal centre?
import { pino } from 'pino'
import { expect, test } from 'vitest'
import {
  createCasePolicy,
  createLivePolicy,
  type PolicySettings,
} from '../../../../centre/cases/case-policy.ts'
import { CaseRuleWatch, lookMs } from '../../../../centre/deadlines/case-rule-watch.ts'
import type { CaseRules, StoredCaseRules } from '../../../../protocols/desk/leading/case-rules.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

/** A database that fails when the test says so. */
class FakeRules {
  stored: StoredCaseRules = { version: 0, rules: {} }
  isFailing = false
  readonly used: PolicySettings[] = []
  caseRules = async (): Promise<StoredCaseRules> => {
    if (this.isFailing) throw new Error('disk')
    return this.stored
  }
  putCaseRules = async (before: number, rules: CaseRules, _settings: PolicySettings, who: string) => {
    if (before !== this.stored.version) return undefined
    this.stored = { version: before + 1, rules, who, atMs: 1 }
    return this.stored.version
  }
  setCasePolicy = async (settings: PolicySettings): Promise<void> => void this.used.push(settings)
  setReaderCasePolicy = async (): Promise<void> => undefined
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('applies the stored rules at the start, its own change at once, and that of an equal centre at the next look', async () => {
  const storage = new FakeRules()
  storage.stored = { version: 3, rules: { reopenAt: 5 } }
  const clock = new VirtualClock(0)
  const file = { limitsMs: { accept: { red: 30_000 } }, redAcceptances: 2 } as const
  const watch = new CaseRuleWatch({ storage, file, clock, logger: pino({ level: 'silent' }) })
  await watch.start()
  expect(watch.policy.reopenAt).toBe(5)
  expect(watch.policy.limitMs('accept', 'red')).toBe(30_000)
  expect(watch.policy.acceptancesNeeded('red')).toBe(2)
  expect(await watch.put(2, {}, 'chief')).toBeUndefined()
  expect(await watch.put(3, { redAcceptances: 1 }, 'chief')).toMatchObject({ version: 4, who: 'chief' })
  expect(watch.policy.acceptancesNeeded('red')).toBe(1)
  expect(watch.policy.reopenAt).toBe(2)
  // A failure changes nothing, and the next look is better.
  storage.stored = { version: 5, rules: { mustReport: ['red'] } }
  storage.isFailing = true
  clock.advance(lookMs)
  await settle()
  expect(watch.policy.mustReport('red')).toBe(false)
  storage.isFailing = false
  clock.advance(lookMs)
  await settle()
  expect(watch.policy.mustReport('red')).toBe(true)
  expect(storage.used.at(-1)).toEqual(watch.inForce)
  const count = storage.used.length
  clock.advance(lookMs)
  await settle()
  expect(storage.used).toHaveLength(count)
  await watch.stop()
})

test('a live policy says what a policy of the same rules says', () => {
  const live = createLivePolicy()
  live.use({ reopenAt: 7, mustReport: ['red'], limitsMs: { verify: { blue: 1000 } } })
  const same = createCasePolicy({ reopenAt: 7, mustReport: ['red'], limitsMs: { verify: { blue: 1000 } } })
  const { policy } = live
  expect([policy.amberAt, policy.redAt, policy.supervisorAt, policy.reopenAt]).toEqual([
    same.amberAt,
    same.redAt,
    same.supervisorAt,
    same.reopenAt,
  ])
  expect(policy.limitMs('verify', 'blue')).toBe(1000)
  expect(policy.mustReport('blue')).toBe(false)
  expect([policy.mustVerify('blue', 10), policy.mustVerify('blue', 11)]).toEqual([true, false])
})
