// Does a box file its daily report once, at its hour, and only when it knows the day?
import { expect, it } from 'vitest'
import { DailyReport } from '../../../../gateway/health/daily-report.ts'
import type { BoxTime } from '../../../../protocols/domain/event.ts'

function boxAt(time: string) {
  const now: BoxTime = {
    boot: 1,
    sinceBootMs: 0,
    atMs: Date.parse(`2026-11-30T${time}:00+08:00`),
    clock: 'synced',
  }
  const logged: Record<string, unknown>[] = []
  let isFull = false
  const failures: unknown[] = []
  const daily = new DailyReport({
    at: '20:00',
    now: () => now,
    offsetMinAt: () => 480,
    facts: () => ({ devices: { known: 9, present: 8 }, openAlarms: 0 }),
    log: (what, facts) => {
      if (isFull) return Promise.reject(new Error('full'))
      logged.push({ what, ...facts })
      return Promise.resolve()
    },
    onFailed: (error) => failures.push(error),
  })
  const look = async (): Promise<void> => {
    daily.look()
    await new Promise(setImmediate)
  }
  return { now, logged, failures, look, fill: (is: boolean) => (isFull = is) }
}

it('files at its hour, once a day, also after a start in the evening', async () => {
  const box = boxAt('19:59')
  await box.look()
  expect(box.logged).toEqual([])
  box.now.atMs += 60_000
  await box.look()
  await box.look()
  expect(box.logged).toEqual([
    { what: 'daily-report', day: '2026-11-30', devices: { known: 9, present: 8 }, openAlarms: 0 },
  ])
  box.now.atMs += 24 * 3_600_000
  await box.look()
  expect(box.logged.map(({ day }) => day)).toEqual(['2026-11-30', '2026-12-01'])
})

it('files nothing while it does not know the day, and again what the journal refused', async () => {
  const box = boxAt('23:00')
  box.now.clock = 'unsynced'
  await box.look()
  box.now.clock = 'synced'
  box.fill(true)
  await box.look()
  expect([box.logged, box.failures.length]).toEqual([[], 1])
  box.fill(false)
  await box.look()
  expect(box.logged).toHaveLength(1)
})
