// Are deadlines checked again and again, also after a failure, and is a running check awaited at the stop?
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { DeadlineClock } from '../../../../centre/deadlines/deadline-clock.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('pushes changes, reports what is due, and checks again after a failure until it stops', async () => {
  const clock = new VirtualClock()
  const pushed: number[] = []
  const due: string[] = []
  let checks = 0
  const deadlines = new DeadlineClock({
    passDeadlines: async () => {
      checks++
      if (checks === 1) throw new Error('disk')
      if (checks > 2) return { changes: [], due: [] }
      const event = { what: 'overdue', who: 'centre', atMs: 0, text: '' }
      return { changes: [{ position: 7, json: '{}' }], due: [{ case: 'case-1', event: event as never }] }
    },
    clock,
    logger: pino({ level: 'silent' }),
    push: (changes) => pushed.push(...changes.map(({ position }) => position)),
    onDue: (one) => due.push(one.case),
  })
  deadlines.start()
  for (let at = 0; at < 4; at++) {
    clock.advance(1000)
    await settle()
  }
  expect(checks).toBe(4)
  expect([pushed, due]).toEqual([[7], ['case-1']])
  await deadlines.stop()
  clock.advance(5000)
  await settle()
  expect(checks).toBe(4)
})
