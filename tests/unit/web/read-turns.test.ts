// If the centre answers slowly: do the reads of a list not pile up, and does a person still see the change that was just sent?
import { expect, test } from 'vitest'
import { createReadTurns } from '../../../web/desk/link/read-turns.ts'

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

test('regular reads join the running one; after a change was sent, a new read follows', async () => {
  const open: { end: () => void; fail: () => void }[] = []
  const turns = createReadTurns(
    () =>
      new Promise((resolve, reject) => open.push({ end: resolve, fail: () => reject(new Error('slow')) })),
  )
  const first = turns.join()
  for (let tick = 0; tick < 100; tick++) void turns.join().catch(() => undefined)
  expect(open).toHaveLength(1)
  let isSeen = false
  const sent = turns.fresh().then(() => (isSeen = true))
  open[0]?.fail()
  await expect(first).rejects.toThrow('slow')
  await turn()
  expect([open.length, isSeen]).toEqual([2, false])
  open[1]?.end()
  await sent
  expect(isSeen).toBe(true)
})
