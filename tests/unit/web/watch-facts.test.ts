// What a supervisor looks for, counted as the centre counts it; and the proof that a wall is alive.
import { expect, test } from 'vitest'
import type { CaseSummary } from '../../../protocols/desk/cases.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { LivenessProof, blindAfterMs, proveEveryMs } from '../../../web/desk/wall/liveness-proof.ts'
import {
  chatteringAlarms,
  floodsNow,
  heldBack,
  missedDeadlines,
  standingAlarms,
} from '../../../web/desk/watch/watch-facts.ts'
import { makeAlarm, makeVillages } from '../../browser/desk-alarms.ts'

const nowMs = 1_760_000_000_000
const hour = 3_600_000
const makeCase = (
  id: string,
  colour: CaseSummary['colour'],
  dueAtMs: (number | undefined)[],
): CaseSummary => ({
  id,
  village: 'a',
  title: { zh: id, en: id },
  colour,
  state: 'open',
  isDrill: false,
  isOnTest: false,
  isPreCancelled: false,
  needsAnswer: false,
  openedAtMs: nowMs,
  changedAtMs: nowMs,
  deadlines: dueAtMs.map((due) => ({
    step: 'accept' as const,
    sinceMs: nowMs,
    level: 2 as const,
    ...(due === undefined ? {} : { dueAtMs: due }),
  })),
  alarms: 1,
  openActions: 0,
})

test('a missed deadline is that of the worst colour and the longest wait; what is in time, or a drill, is none', () => {
  const found = missedDeadlines(
    [
      makeCase('fine', 'red', [nowMs + 1000, undefined]),
      makeCase('blue', 'blue', [nowMs - 9 * hour]),
      makeCase('red', 'red', [nowMs - 1000, nowMs - 5000]),
      makeCase('older', 'red', [nowMs - 60_000]),
      { ...makeCase('drill', 'red', [nowMs - hour]), isDrill: true },
    ],
    nowMs,
  )
  expect(found.map(({ item, overdueMs }) => [item.id, overdueMs])).toEqual([
    ['older', 60_000],
    ['red', 5000],
    ['blue', 9 * hour],
  ])
})

test('standing is open for more than a day, chattering ten times and more, a flood more than ten in ten minutes', () => {
  const old = makeAlarm('yellow', 'leak', nowMs, { agoMs: 25 * hour })
  const young = makeAlarm('yellow', 'leak', nowMs, { agoMs: 23 * hour, occurrences: 10 })
  expect(standingAlarms([young, old], nowMs)).toEqual([old])
  expect(chatteringAlarms([young, old])).toEqual([young])
  const many = (count: number) =>
    Array.from({ length: count }, () => makeAlarm('blue', 'sos', nowMs, { village: 'a', boxName: 'A' }))
  expect(floodsNow(many(10), nowMs)).toEqual([])
  expect(floodsNow([...many(11), old], nowMs)).toEqual([{ village: 'a', name: 'A', count: 11 }])
  expect(floodsNow(many(11), nowMs + 11 * 60_000)).toEqual([])
})

test('what is held back is listed with its end and its box', () => {
  expect(heldBack(makeVillages(nowMs))).toMatchObject([
    { kind: 'bypassed', id: 'door-1', by: 'zhao', untilMs: nowMs + 1_800_000, boxName: '上河村' },
  ])
})

const flush = () => new Promise((resolve) => setImmediate(resolve))

test('a wall counts answers of the centre, and says that it is blind when they stop or stand still', async () => {
  const clock = new VirtualClock()
  let answer: 'fresh' | 'same' | 'none' | 'never' = 'fresh'
  let asked = 0
  const alive = new LivenessProof({
    clock,
    ask: () => {
      asked += 1
      if (answer === 'none') return Promise.reject(new Error('lost'))
      if (answer === 'never') return new Promise(() => undefined)
      return Promise.resolve(answer === 'same' ? 1 : asked)
    },
  })
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 1000) {
      clock.advance(1000)
      alive.look()
      await flush()
    }
  }
  alive.start()
  await flush()
  expect(alive.proof.value?.count).toBe(1)
  await pass(3 * proveEveryMs)
  expect(alive.proof.value?.count).toBeGreaterThanOrEqual(3)
  expect(alive.isBlind.value).toBe(false)

  answer = 'none'
  await pass(blindAfterMs + 2000)
  expect(alive.isBlind.value).toBe(true)
  answer = 'fresh'
  await pass(proveEveryMs + 1000)
  expect(alive.isBlind.value).toBe(false)

  // A cache answers with the same time again and again: that proves nothing.
  answer = 'same'
  await pass(blindAfterMs + proveEveryMs + 2000)
  expect(alive.isBlind.value).toBe(true)

  answer = 'fresh'
  await pass(proveEveryMs + 1000)
  answer = 'never'
  await pass(blindAfterMs + proveEveryMs + 2000)
  expect(alive.isBlind.value).toBe(true)
  alive.stop()
})
