// Warnings and their bulletins are looked at by the clock, at once when a new one was stored, and again after a failure.
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { LinkageClock } from '../../../../centre/villages/linkage-clock.ts'
import type { DeskCommand } from '../../../../protocols/desk/commands.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

test('adopts the commands of each look, pushes changes, and goes on after a failure', async () => {
  const clock = new VirtualClock()
  const [pushed, adopted]: [string[], string[]] = [[], []]
  let looks = 0
  const linkage = new LinkageClock({
    storage: {
      passLinkages: async () => {
        looks++
        if (looks === 2) throw new Error('the disk is full')
        return {
          changes: [{ position: looks, json: `change ${looks}` }],
          commands: [{ id: `k-${looks}` } as DeskCommand],
        }
      },
    },
    clock,
    logger: pino({ level: 'silent' }),
    push: (changes) => pushed.push(...changes.map(({ json }) => json)),
    adopt: (commands) => adopted.push(...commands.map(({ id }) => id)),
  })
  linkage.start()
  clock.advance(0)
  await settled()
  expect([adopted, pushed]).toEqual([['k-1'], ['change 1']])
  clock.advance(1000)
  await settled()
  expect(looks).toBe(2)
  clock.advance(1000)
  await settled()
  expect(adopted).toEqual(['k-1', 'k-3'])
  // A new warning does not wait; another alarm changes nothing.
  linkage.heard([{ position: 9, json: '{"type":"alarm.raised","alarm":{"kind":"sos"}}' }])
  clock.advance(0)
  await settled()
  expect(looks).toBe(3)
  linkage.heard([{ position: 9, json: '{"type":"alarm.raised","alarm":{"kind":"upstream-water"}}' }])
  clock.advance(0)
  await settled()
  expect(looks).toBe(4)
  await linkage.stop()
  clock.advance(10_000)
  await settled()
  expect(looks).toBe(4)
})
