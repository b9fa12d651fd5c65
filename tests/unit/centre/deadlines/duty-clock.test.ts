// Whose cases return to the queue, is the trail checked daily, are entries past their term deleted, and is a damaged trail
// shown?
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it, vi } from 'vitest'
import { AuditWatch } from '../../../../centre/deadlines/audit-watch.ts'
import { DutyClock, silentAfterMs } from '../../../../centre/deadlines/duty-clock.ts'
import { PeopleUpkeep } from '../../../../centre/people/people-upkeep.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const logger = pino({ level: 'silent' })
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

it('a person is silent after two minutes', () => expect(silentAfterMs).toBe(120_000))

it('takes cases from people who signed out or are silent, and from no program and no centre', async () => {
  const clock = new VirtualClock()
  const moved: string[] = []
  const nights: (string | undefined)[] = []
  const duty = new DutyClock({
    holders: async () => [
      { who: 'li', isSignedIn: true },
      { who: 'wang', isSignedIn: true },
      { who: 'gone', isSignedIn: false },
      { who: 'token:program', isSignedIn: false },
      { who: 'centre:county', isSignedIn: false },
    ],
    silentForMs: (user) => (user === 'wang' ? silentAfterMs : 0),
    redistribute: async (who, why) => {
      moved.push(`${who} ${why}`)
      return []
    },
    night: [],
    passNight: async (to) => {
      nights.push(to)
      return []
    },
    clock,
    logger,
    push: () => undefined,
  })
  duty.start()
  clock.advance(2000)
  await settle()
  await duty.stop()
  expect(moved).toEqual(['wang silent', 'gone signed out'])
  expect(nights).toEqual([undefined])
})

it('writes a head for each good check of the trail, shows a bad one, and checks again the next day', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-heads-'))
  try {
    const [clock, registry] = [new VirtualClock(), new Registry()]
    let day = 0
    const watch = new AuditWatch({
      verify: async () => {
        day++
        if (day === 2) throw new Error('busy')
        return { isGood: day !== 3, entries: day, head: `h${day}` } as never
      },
      anchor: () => undefined,
      headsFile: join(folder, 'heads.jsonl'),
      clock,
      logger,
      registry,
    })
    watch.start()
    const good: (number | undefined)[] = []
    for (let at = 0; at < 4; at++) {
      clock.advance(at === 0 ? 0 : 24 * 3_600_000)
      // The next check is due a day after this one has written its head.
      await vi.waitFor(() => expect(day).toBe(at + 1), 20_000)
      await vi.waitFor(() => expect(clock.nextDueMs()).toBeLessThan(Infinity), 20_000)
      const metric = await registry.getSingleMetric('gengfu_centre_audit_good')?.get()
      good.push(metric?.values[0]?.value)
    }
    await watch.stop()
    expect(good).toEqual([1, 1, 0, 1])
    const heads = readFileSync(join(folder, 'heads.jsonl'), 'utf8').trim().split('\n')
    expect(heads.map((line) => (JSON.parse(line) as { head: string }).head)).toEqual(['h1', 'h4'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('counts the entries about people that it deleted, and goes on after a failure', async () => {
  const [clock, registry] = [new VirtualClock(), new Registry()]
  let sweeps = 0
  const upkeep = new PeopleUpkeep({
    storage: {
      dropExpiredPeople: async () => {
        sweeps++
        if (sweeps === 1) throw new Error('disk')
        return { roster: 2, families: 0 }
      },
    } as never,
    clock,
    logger,
    registry,
  })
  upkeep.start()
  for (const ms of [10_000, 3_600_000]) {
    clock.advance(ms)
    await settle()
  }
  await upkeep.stop()
  clock.advance(3_600_000)
  expect(sweeps).toBe(2)
  expect(await registry.metrics()).toContain('gengfu_centre_people_expired_total{kind="roster"} 2')
})
