// Properties of the order of sending and its parts, in virtual time and without I/O.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LaneQueue } from '../../../../gateway/uplink/queues/lane-queue.ts'
import type { LanePositions, StoredRecord } from '../../../../gateway/journal/port.ts'
import { LinkMeter, paceMsMax, reportWireBytesMax } from '../../../../gateway/uplink/flow/link-meter.ts'
import { RecordTail, tailBytesMax, tailRecordsMax } from '../../../../gateway/uplink/queues/record-tail.ts'
import { RetrySchedule } from '../../../../gateway/uplink/connect/retry-schedule.ts'
import { SendOrder } from '../../../../gateway/uplink/send-order.ts'
import { windowBytesMax, windowBytesMin } from '../../../../gateway/uplink/flow/window.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { addRange, type NumberRange, removeTo } from '../../../../protocols/kit/ranges.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const epoch = 'e0e0e0e0e0e0'

function createSession() {
  const clock = new VirtualClock()
  const positions = Object.fromEntries(
    lanes.map((lane) => [lane, { last: 0, receipted: 0 }]),
  ) as LanePositions
  const bodies = new Map<Lane, string[]>(lanes.map((lane) => [lane, []]))
  const sent: { lane: Lane; first: number; count: number }[] = []
  const session = new SendOrder({
    epoch,
    positions,
    read: (lane, after, { recordsMax }, done) => {
      const found = (bodies.get(lane) ?? []).slice(after, after + recordsMax)
      clock.after(5, () => done(found.map((body, index) => ({ lane, number: after + index + 1, body }))))
    },
    stepBack: (lane, storedTo) => {
      expect(storedTo).toBeLessThan(positions[lane].receipted)
      positions[lane].receipted = storedTo
    },
    settle: (lane, storedTo) => {
      expect(storedTo).toBeGreaterThan(positions[lane].receipted)
      positions[lane].receipted = storedTo
    },
    pack: (text) => Buffer.from(text),
    clock,
    events: {
      sent: () => undefined,
      receipted: () => undefined,
      steppedBack: () => undefined,
      receiptRefused: () => undefined,
      skipped: () => undefined,
      pictureSent: () => undefined,
      readFailed: () => undefined,
    },
    againAfterMsMin: 2000,
    deafAfterMs: 15_000,
    onDeaf: () => session.linkDown(),
  })
  return {
    clock,
    positions,
    sent,
    session,
    commit: (lane: Lane, count: number) => {
      const records: StoredRecord[] = []
      for (let i = 0; i < count; i++) {
        const number = ++positions[lane].last
        records.push({ lane, number, body: `{"n":${number}}` })
        bodies.get(lane)?.push(`{"n":${number}}`)
      }
      session.commit(records)
    },
    link: () =>
      session.linkUp({
        queuedBytes: () => 0,
        send: (lane, payload) => {
          const { first, records } = JSON.parse(Buffer.from(payload).toString()) as {
            first: number
            records: unknown[]
          }
          sent.push({ lane: lane as Lane, first, count: records.length })
          return payload.length
        },
      }),
  }
}

const lane = fc.constantFrom(...lanes)
const number = fc.nat(60)
const step = fc.oneof(
  fc.record({ do: fc.constant('commit' as const), lane, count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('up' as const) }),
  fc.record({ do: fc.constant('down' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  fc.record({
    do: fc.constant('receipt' as const),
    epoch: fc.constantFrom(epoch, epoch, epoch, 'otherepoch'),
    lane,
    storedTo: number,
    missing: fc.array(fc.tuple(number, number), { maxLength: 4 }),
  }),
)

describe('the uplink session', () => {
  it('steps back and sends again only when the centre says that it lost what it had receipted', () => {
    const box = createSession()
    const receipt = (storedTo: number, lostTo?: number) =>
      box.session.receipt({
        v: 1,
        epoch,
        lanes: { routine: { storedTo, missing: [], ...(lostTo === undefined ? {} : { lostTo }) } },
        centreTimeMs: 1,
      })
    box.link()
    box.commit('routine', 30)
    receipt(30)
    const sentBefore = box.sent.length
    receipt(10)
    receipt(10, 29)
    box.clock.advance(5000)
    expect(box.sent.slice(sentBefore)).toEqual([])
    expect(box.positions.routine.receipted).toBe(30)

    receipt(10, 30)
    expect(box.positions.routine.receipted).toBe(10)
    box.clock.advance(5000)
    expect(box.sent[sentBefore]).toMatchObject({ lane: 'routine', first: 11 })
    const numbers = box.sent.slice(sentBefore).flatMap(({ first, count }) => [first, first + count - 1])
    expect(Math.max(...numbers)).toBe(30)
    receipt(30)
    expect(box.positions.routine.receipted).toBe(30)
  })

  it('settles exactly to the highest honest Receipt, whatever order, repeats and lies Receipts come in', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const box = createSession()
        const believed = new Map<Lane, number>()
        for (const now of steps) {
          if (now.do === 'commit') box.commit(now.lane, now.count)
          else if (now.do === 'up') box.link()
          else if (now.do === 'down') box.session.linkDown()
          else if (now.do === 'wait') {
            box.clock.advance(now.ms)
            box.session.tick()
          } else {
            const { last } = box.positions[now.lane]
            if (now.epoch === epoch && now.storedTo <= last) {
              believed.set(now.lane, Math.max(believed.get(now.lane) ?? 0, now.storedTo))
            }
            const { storedTo, missing } = now
            box.session.receipt({
              v: 1,
              epoch: now.epoch,
              lanes: { [now.lane]: { storedTo, missing } },
              centreTimeMs: 1,
            })
          }
          for (const name of lanes) expect(box.positions[name].receipted).toBe(believed.get(name) ?? 0)
        }
        for (const { lane: name, first, count } of box.sent) {
          expect(first + count - 1).toBeLessThanOrEqual(box.positions[name].last)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('sends what the centre lacks before anything new of that lane', () => {
    const box = createSession()
    box.link()
    box.commit('red', 3)
    box.clock.advance(1000)
    box.session.receipt({ v: 1, epoch, lanes: { red: { storedTo: 1, missing: [[2, 2]] } }, centreTimeMs: 1 })
    box.commit('red', 1)
    box.clock.advance(100)
    const after = box.sent.slice(1)
    expect(after[0]).toEqual({ lane: 'red', first: 2, count: 1 })
    expect(after.at(-1)).toEqual({ lane: 'red', first: 4, count: 1 })
  })

  it('sends everything without a Receipt again on a new connection, red first', () => {
    const box = createSession()
    box.link()
    box.commit('routine', 2)
    box.commit('red', 1)
    box.session.linkDown()
    box.sent.length = 0
    box.link()
    box.clock.advance(10)
    expect(box.sent.map((report) => report.lane)).toEqual(['red', 'routine'])
  })

  it('goes on waiting for the rest of a Report of which a part is sent again', () => {
    const queue = new LaneQueue('red', { last: 0, receipted: 0 })
    for (let number = 1; number <= 3; number++) queue.commit({ lane: 'red', number, body: '{}' })
    queue.depart(1, 3, new LinkMeter().depart(100, 0, false))
    queue.sendAgain(2, 2)
    expect(queue.flights.map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(queue.candidates(10)?.records.map(({ number }) => number)).toEqual([2])
  })

  it('keeps little in memory of a million waiting records', () => {
    const queue = new LaneQueue('routine', { last: 0, receipted: 0 })
    for (let n = 1; n <= 1_000_000; n++) queue.commit({ lane: 'routine', number: n, body: '{"n":1}' })
    expect(queue.waiting).toBe(1_000_000)
    expect(queue.candidates(1000)).toBeUndefined()
    expect(queue.readAfter()).toBe(0)
  })
})

describe('the tail of fresh records', () => {
  it('holds the newest run within its bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(40_000)), { maxLength: 200 }),
        (pushes) => {
          const tail = new RecordTail()
          let number = 0
          const all: StoredRecord[] = []
          for (const [step, size] of pushes) {
            number += step === 3 ? 2 : 1
            const record = { lane: 'red' as const, number, body: 'x'.repeat(size) }
            all.push(record)
            tail.push(record)
            const held = all.slice(all.length - tail.length)
            expect(tail.length).toBeLessThanOrEqual(tailRecordsMax)
            expect(
              tail.length === 1 || held.reduce((sum, { body }) => sum + body.length, 0) <= tailBytesMax,
            ).toBe(true)
            expect(tail.after((held[0]?.number ?? 1) - 1, 1e6)).toEqual(held)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('ranges', () => {
  it('are the set of their numbers', () => {
    const range = fc
      .tuple(fc.integer({ min: 1, max: 50 }), fc.nat(8))
      .map(([from, more]): NumberRange => [from, from + more])
    const numbers = (ranges: readonly NumberRange[]) =>
      ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index))
    fc.assert(
      fc.property(fc.array(range), fc.nat(60), (given, below) => {
        const all = given.reduce<NumberRange[]>((sum, [from, to]) => addRange(sum, from, to), [])
        expect(numbers(all)).toEqual([...new Set(numbers(given))].toSorted((a, b) => a - b))
        expect(all.filter(([from], index) => index > 0 && from <= (all[index - 1]?.[1] ?? 0) + 1)).toEqual([])
        expect(numbers(removeTo(all, below))).toEqual(numbers(all).filter((n) => n > below))
      }),
    )
  })
})

describe('the meter of the link', () => {
  it('stays within its bounds whatever it measures', () => {
    const event = fc.record({
      bytes: fc.integer({ min: 1, max: 70_000 }),
      gapMs: fc.nat(5000),
      tripMs: fc.nat(100_000),
      isIdle: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const meter = new LinkMeter()
        let nowMs = 0
        for (const { bytes, gapMs, tripMs, isIdle } of events) {
          meter.probeWhenDue(nowMs)
          const departure = meter.depart(bytes, nowMs, isIdle)
          nowMs += gapMs + tripMs
          meter.arrive([departure], nowMs)
          expect(meter.inFlightBytes).toBe(0)
          expect(meter.windowBytes).toBeGreaterThanOrEqual(windowBytesMin)
          expect(meter.windowBytes).toBeLessThanOrEqual(windowBytesMax)
          expect(meter.reportBytes).toBeLessThanOrEqual(reportWireBytesMax)
          expect(meter.paceDelayMs(nowMs)).toBeLessThanOrEqual(paceMsMax)
        }
      }),
    )
  })
})

describe('the schedule of attempts', () => {
  it('spreads over the whole pause, up to its cap, and shortens it while red waits', () => {
    const delays = (isUrgent: boolean) => {
      const schedule = new RetrySchedule(createSeededRandom(4), 60_000)
      return Array.from({ length: 400 }, () => schedule.nextDelayMs(isUrgent)).slice(10)
    }
    const calm = delays(false)
    expect(Math.max(...calm)).toBeLessThanOrEqual(60_000)
    expect(Math.max(...calm)).toBeGreaterThan(55_000)
    expect(calm.filter((ms) => ms < 30_000).length).toBeGreaterThan(120)
    expect(Math.max(...delays(true))).toBeLessThanOrEqual(5000)
  })

  it('spreads twenty thousand boxes that lost their centre for ten minutes, so that no second sees more than one in twenty', () => {
    const [boxes, outageMs] = [20_000, 600_000]
    const perSecond = new Map<number, number>()
    for (let box = 0; box < boxes; box++) {
      const schedule = new RetrySchedule(createSeededRandom(box), 60_000)
      let atMs = 0
      while (atMs < outageMs) atMs += schedule.nextDelayMs(false)
      const second = Math.floor(atMs / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
    }
    expect(Math.max(...perSecond.values())).toBeLessThan(boxes / 20)
    expect([...perSecond.values()].reduce((sum, count) => sum + count, 0)).toBe(boxes)
  })
})
