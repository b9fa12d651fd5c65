// Does a maintainer read how long the disk lasts and what waits, and is an epoch renewed once, with one log line?
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { proofCalls } from '../../../../gateway/uplink/proof-calls.ts'
import { Supervision, supervisionWords } from '../../../../gateway/uplink/supervision.ts'
import type { Outbox, StoredRecord } from '../../../../gateway/journal/port.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

function outboxOf(last: number, ageMs: number, clock: VirtualClock) {
  let reads = 0
  const positions = Object.fromEntries(lanes.map((lane) => [lane, { last: 0, receipted: 0 }]))
  const outbox = {
    positions: () => ({ ...positions, red: { last, receipted: 2 } }),
    read: async (lane: string, after: number) => {
      reads++
      return [{ lane, number: after + 1, body: JSON.stringify({ atMs: clock.wallMs() - ageMs }) }]
    },
  } as unknown as Outbox
  return { outbox, reads: () => reads }
}

describe('supervision', () => {
  it('counts what waits and its age, and reads the journal at most once a second', async () => {
    const clock = new VirtualClock()
    const { outbox, reads } = outboxOf(5, 90_000, clock)
    const supervision = new Supervision(outbox, clock)
    expect((await supervision.lanes()).red).toEqual({ waiting: 3, oldestAgeMs: 90_000 })
    await supervision.lanes()
    expect(reads()).toBe(1)
    clock.advance(1500)
    await supervision.lanes()
    expect(reads()).toBe(2)
  })

  it('gives the days of free space only when it has seen a rate', () => {
    const clock = new VirtualClock()
    const supervision = new Supervision(outboxOf(2, 0, clock).outbox, clock)
    supervision.committed([{ body: 'x'.repeat(1000) } as StoredRecord])
    expect(supervision.daysLeft(1e9)).toBeUndefined()
    clock.advance(100_000)
    expect(supervision.daysLeft(undefined)).toBeUndefined()
    // 2000 bytes in 100 s: 1 728 000 bytes a day.
    expect(supervision.daysLeft(17_280_000)).toBeCloseTo(10)
    supervision.drop(3)
    expect(supervision.dropped).toBe(3)
  })

  it('says it in both languages, red always, with the largest unit that fits', () => {
    const none = { waiting: 0, oldestAgeMs: 0 }
    const facts = Object.fromEntries(lanes.map((lane) => [lane, none])) as Parameters<
      typeof supervisionWords
    >[0]
    const { en, zh } = supervisionWords(
      { ...facts, routine: { waiting: 1, oldestAgeMs: 10_800_000 } },
      19.6,
      4,
    )
    expect(en).toBe('holds 19 days at this rate; oldest unsent red 0 s, routine 3 h; dropped 4')
    expect(zh).toContain('日常 3 小时')
    expect(supervisionWords(facts, undefined, 0).en).toBe('oldest unsent red 0 s; dropped 0')
    expect(supervisionWords({ ...facts, red: { waiting: 1, oldestAgeMs: 400_000_000 } }, 1, 0).en).toContain(
      'red 4 days',
    )
  })
})

describe('the proof of an epoch', () => {
  function create(renew: () => Promise<boolean>) {
    const did: string[] = []
    const calls = proofCalls({
      outbox: { epoch: 'e', unproven: 0, prove: async () => undefined, renew } as never,
      logger: pino({ level: 'silent' }),
      onRewound: () => did.push('rewound'),
      onRolledBack: () => did.push('restart'),
    })
    return { did, calls }
  }

  it('restarts the box once a new epoch is ordered', async () => {
    const { did, calls } = create(async () => true)
    await calls.onRollback('more at the centre', (isTaken) => did.push(`taken ${isTaken}`))
    expect(did).toEqual(['rewound', 'taken true', 'restart'])
  })

  it('goes on without a restart while no epoch may begin, and reports it once', async () => {
    const { did, calls } = create(async () => {
      throw new Error('once an hour')
    })
    await calls.onRollback('more at the centre', (isTaken) => did.push(`taken ${isTaken}`))
    await calls.onRollback('more at the centre', (isTaken) => did.push(`taken ${isTaken}`))
    expect(did).toEqual(['rewound', 'taken false', 'taken false'])
  })
})
