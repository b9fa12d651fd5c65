// Does a box take the centre's time only where something speaks for it, and keep its own where nothing does?
import { describe, expect, it } from 'vitest'
import { BoxClock } from '../../../../gateway/clock/box-clock.ts'
import { agreementMs, judgeCentreTime } from '../../../../gateway/clock/centre-time.ts'
import {
  latestJournalMs,
  programEarliestMs,
  readClockBounds,
} from '../../../../gateway/clock/clock-bounds.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

const nowMs = Date.UTC(2026, 10, 30, 8)
const hourMs = 3_600_000
const bounds = { earliestMs: nowMs - 24 * hourMs, latestMs: nowMs + 1000 * 24 * hourMs }
const ofCentre = (wallMs: number, isKept?: boolean) => ({ wallMs, isKept })

describe("the centre's time", () => {
  it('is taken from a centre whose clock is kept, and from an older one that does not say', () => {
    for (const isKept of [true, undefined])
      expect(judgeCentreTime(ofCentre(nowMs + 9 * hourMs, isKept), nowMs, bounds)).toBe('kept')
  })

  it('is doubted where nothing keeps either clock and they differ by hours, in both directions', () => {
    for (const off of [9, -9, 1])
      expect(judgeCentreTime(ofCentre(nowMs + off * hourMs, false), nowMs, bounds)).toBe('doubted')
  })

  it('is taken where two clocks that nothing keeps agree', () => {
    expect(judgeCentreTime(ofCentre(nowMs + agreementMs - 1, false), nowMs, bounds)).toBe('agrees')
    expect(judgeCentreTime(ofCentre(nowMs + agreementMs, false), nowMs, bounds)).toBe('doubted')
  })

  it("is taken where the box's own clock can not be right, and only when the centre's can", () => {
    for (const ownMs of [0, nowMs - 25 * hourMs, nowMs + 2000 * 24 * hourMs])
      expect(judgeCentreTime(ofCentre(nowMs, false), ownMs, bounds)).toBe('own-impossible')
    expect(judgeCentreTime(ofCentre(nowMs - 48 * hourMs, false), 0, bounds)).toBe('doubted')
  })
})

function boxClock(isSystemSynced: boolean): { box: BoxClock; clock: VirtualClock } {
  const clock = new VirtualClock(nowMs)
  const options = { clock, sinceBootMs: () => clock.monotonicMs(), boot: 1, steadyBaseMs: 0, bounds }
  return { clock, box: new BoxClock({ ...options, isSystemSynced: () => isSystemSynced }) }
}

describe("a box's clock", () => {
  it('of a system that keeps it is not moved by a centre that is hours off', () => {
    const { box, clock } = boxClock(true)
    expect(box.hearCentreTime(ofCentre(nowMs + 9 * hourMs))).toBe('own-kept')
    expect(box.wallMs()).toBe(clock.wallMs())
    expect(box.heard).toEqual({ offsetMs: -9 * hourMs, isDoubted: false })
  })

  it('stays its own and unsynced while the centre is doubted, and is set once the centre keeps its clock', () => {
    const { box } = boxClock(false)
    expect(box.hearCentreTime(ofCentre(nowMs + 9 * hourMs, false))).toBe('doubted')
    expect(box.now()).toMatchObject({ atMs: nowMs, clock: 'unsynced' })
    expect(box.heard).toEqual({ offsetMs: -9 * hourMs, isDoubted: true })
    box.hearCentreTime(ofCentre(nowMs + 60_000, true))
    expect(box.now()).toMatchObject({ atMs: nowMs + 60_000, clock: 'synced' })
    expect(box.heard).toEqual({ offsetMs: 0, isDoubted: false })
  })

  it('that was set is not moved by a later word that is doubted', () => {
    const { box } = boxClock(false)
    box.hearCentreTime(ofCentre(nowMs, true))
    expect(box.hearCentreTime(ofCentre(nowMs + 9 * hourMs, false))).toBe('doubted')
    expect(box.now()).toMatchObject({ atMs: nowMs, clock: 'synced' })
  })
})

describe('times that a right clock can not have', () => {
  it('end at the program, and at the latest time that the journal knows of', () => {
    const none = { certificateFile: undefined, journalMs: undefined, programFile: '/nowhere' }
    expect(readClockBounds(none).earliestMs).toBe(programEarliestMs)
    expect(readClockBounds({ ...none, journalMs: nowMs }).earliestMs).toBe(nowMs)
    const built = readClockBounds({ certificateFile: undefined, journalMs: undefined }).earliestMs
    expect(built).toBeGreaterThan(programEarliestMs)
  })

  it('are read from the last record of each lane, without those of an unsynced boot', async () => {
    const bodies: Record<string, object> = {
      red: { atMs: nowMs - 5, clock: 'synced' },
      blue: { atMs: nowMs, clock: 'repaired' },
      routine: { atMs: nowMs + 5, clock: 'unsynced' },
    }
    const at = { last: 7, receipted: 0, settled: 0 }
    const positions = { red: at, orange: at, yellow: at, blue: at, routine: at, picture: at }
    const journal = {
      positions: () => positions as never,
      read: (lane: string, after: number) =>
        Promise.resolve(
          after === 6 && bodies[lane] ? [{ number: 7, body: JSON.stringify(bodies[lane]) } as never] : [],
        ),
    }
    expect(await latestJournalMs(journal)).toBe(nowMs)
    expect(await latestJournalMs({ ...journal, read: () => Promise.resolve([]) })).toBeUndefined()
  })
})
