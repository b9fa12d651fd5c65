// Callers of the journal are answered a few per turn, each once and in order.
import { expect, test } from 'vitest'
import { perTurnMax, ReleaseQueue } from '../../../../gateway/journal/commits/release-queue.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('tells everybody once, in order, a few a turn of the event loop', async () => {
  const queue = new ReleaseQueue<() => void>((tell) => tell())
  const told: number[] = []
  for (let n = 0; n < perTurnMax * 2 + 1; n++) queue.push(() => told.push(n))
  queue.run()
  expect(told).toHaveLength(perTurnMax)
  await turn()
  expect(told).toHaveLength(perTurnMax * 2)
  expect(queue.isEmpty).toBe(false)
  await turn()
  expect(told).toEqual(Array.from({ length: perTurnMax * 2 + 1 }, (_, n) => n))
  expect(queue.isEmpty).toBe(true)
})

test('lets go of who was told while it is never empty, as under full load', async () => {
  const told: number[] = []
  const queue: ReleaseQueue<number> = new ReleaseQueue((n) => {
    told.push(n)
    if (told.length < 20_000) queue.push(n + 100)
  })
  for (let n = 0; n < 100; n++) queue.push(n)
  queue.run()
  let longest = 0
  while (!queue.isEmpty) {
    longest = Math.max(longest, queue.length)
    await turn()
  }
  expect(told).toEqual(Array.from({ length: 20_099 }, (_, n) => n))
  expect(longest).toBeLessThan(1024 + 100 + perTurnMax)
})

test('goes on with what is pushed while it runs, and starts again after it was empty', async () => {
  const queue = new ReleaseQueue<() => void>((tell) => tell())
  const told: string[] = []
  for (let n = 0; n < perTurnMax; n++) queue.push(() => told.push('first'))
  queue.push(() => told.push('second'))
  queue.run()
  queue.push(() => told.push('third'))
  queue.run()
  expect(told).not.toContain('second')
  await turn()
  expect(told.slice(perTurnMax)).toEqual(['second', 'third'])
  queue.push(() => told.push('fourth'))
  queue.run()
  expect(told.at(-1)).toBe('fourth')
  expect(queue.isEmpty).toBe(true)
})
