// Does the session keep its promises through every mixture of faults, and do the checkers detect a session that does
// not?
import { describe, expect, it } from 'vitest'
import { lanes } from '../../../protocols/domain/colour.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { RealCentre } from './uplink-real-centre.ts'
import { TinyCentre } from './uplink-tiny-centre.ts'
import { BrokenPromise, calm, type Faults, UplinkWorld, type WorldOptions } from './uplink-world.ts'

const seeds = Number(process.env.UPLINK_SEEDS ?? 16)
/** Seeds that once failed stay. */
const keptSeeds: number[] = []

function faultsOf(seed: number): Faults {
  const random = createSeededRandom(seed)
  const maybe = (most: number): number => (random.next() < 0.5 ? 0 : random.next() * most)
  return {
    ...calm,
    bytesPerSecond: random.pick([600, 1200, 8000, 125_000, 2_000_000]),
    oneWayMs: random.pick([1, 20, 150, 600]),
    loseReport: maybe(0.9),
    loseReceipt: maybe(0.9),
    repeatReceipt: maybe(1),
    receiptJitterMs: maybe(2000),
    cutPerSecond: maybe(0.2),
    boxRestartPerSecond: maybe(0.05),
    centreCrashPerSecond: maybe(0.1),
    readFails: maybe(0.3),
  }
}

/** Two minutes of load and faults, then calm until everything has arrived. */
function live(options: WorldOptions, seconds = 120): UplinkWorld {
  const world = new UplinkWorld(options)
  const load = createSeededRandom(options.seed + 1)
  world.commit('routine', load.between(0, 3000))
  world.commit('picture', load.between(0, 100))
  world.connect()
  for (let second = 0; second < seconds; second++) {
    for (const lane of lanes)
      if (load.next() < (lane === 'routine' ? 0.8 : 0.1)) world.commit(lane, load.between(1, 5))
    if (load.next() < 0.08) world.takePicture(load.between(2000, 20_000), load.between(30_000, 200_000))
    world.run(load.between(500, 1500))
  }
  world.faults = { ...calm, bytesPerSecond: 125_000, oneWayMs: 20 }
  for (let second = 0; second < 1500 && !world.isDone; second++) world.run(1000)
  world.checkComplete()
  return world
}

describe('uplink session in virtual time', () => {
  for (const seed of [...keptSeeds, ...Array.from({ length: seeds }, (_, index) => index + 1)]) {
    it(`loses, doubles and delays nothing (seed ${seed})`, () => {
      expect(live({ seed, faults: faultsOf(seed) }).isDone).toBe(true)
    })
  }

  for (const seed of Array.from({ length: Math.ceil(seeds / 2) }, (_, index) => 1000 + index)) {
    it(`keeps its promises with the real receiver of the centre (seed ${seed})`, () => {
      const world = live({ seed, faults: faultsOf(seed), centre: () => new RealCentre() })
      expect(world.isDone).toBe(true)
    })
  }

  it('is noticed when a record is settled before the centre has it', () => {
    expect(() => live({ seed: 1, faults: calm, sabotage: 'settles-when-sent' })).toThrow(BrokenPromise)
  })

  it('is noticed when a picture is receipted before it is stored', () => {
    expect(() =>
      live({ seed: 4, faults: { ...calm, centreCrashPerSecond: 0.3 }, sabotage: 'receipts-pictures-early' }),
    ).toThrow(BrokenPromise)
  })

  it('is noticed when a box that starts again sends what was receipted', () => {
    expect(() =>
      live({ seed: 6, faults: { ...calm, boxRestartPerSecond: 0.2 }, sabotage: 'starts-pictures-anew' }),
    ).toThrow(BrokenPromise)
  })

  it('is noticed when a low lane leaves before a red record', () => {
    expect(() => live({ seed: 3, faults: calm, sabotage: 'hears-of-red-late' })).toThrow(BrokenPromise)
  })

  it('is noticed when the centre receipts before it stores', () => {
    expect(() =>
      live({
        seed: 2,
        faults: { ...calm, centreCrashPerSecond: 0.2 },
        centre: () => new TinyCentre(true, 400),
      }),
    ).toThrow(BrokenPromise)
  })

  // The pace uses nine tenths; on the longest link the first minute also contains ten seconds of measuring.
  for (const { bytesPerSecond, oneWayMs, reds, backlog, useMin } of [
    { bytesPerSecond: 8000, oneWayMs: 150, reds: 20, backlog: 55_000, useMin: 0.83 },
    { bytesPerSecond: 8000, oneWayMs: 300, reds: 20, backlog: 55_000, useMin: 0.8 },
    { bytesPerSecond: 16_000, oneWayMs: 40, reds: 10, backlog: 70_000, useMin: 0.83 },
  ]) {
    it(`delays red little behind a backlog and keeps the link busy at ${bytesPerSecond} B/s, ${oneWayMs} ms`, () => {
      const faults = { ...calm, bytesPerSecond, oneWayMs }
      const idle = withReds(new UplinkWorld({ seed: 5, faults }), reds)
      const world = new UplinkWorld({ seed: 5, faults })
      world.commit('routine', backlog)
      const busy = withReds(world, reds)
      expect(busy.positions.routine.last).toBeGreaterThan(busy.positions.routine.receipted)
      // The Report in flight when a red record comes can not be recalled, nor the packets queued before it.
      expect(worst(busy)).toBeLessThan(worst(idle) + 150)
      const use = busy.wireBytes / ((busy.clock.monotonicMs() / 1000) * bytesPerSecond)
      expect(use).toBeGreaterThan(useMin)
      expect(busy.wireBytes / busy.positions.routine.receipted).toBeLessThan(20)
    }, 60_000)
  }

  for (const { bytesPerSecond, oneWayMs } of [
    { bytesPerSecond: 8000, oneWayMs: 150 },
    { bytesPerSecond: 16_000, oneWayMs: 40 },
  ]) {
    it(`delays red by a tenth of a second at most behind large pictures at ${bytesPerSecond} B/s, ${oneWayMs} ms`, () => {
      const faults = { ...calm, bytesPerSecond, oneWayMs }
      const idle = withReds(new UplinkWorld({ seed: 5, faults }), 15)
      const world = new UplinkWorld({ seed: 5, faults })
      for (let i = 0; i < 5; i++) world.takePicture(15_000, 250_000, 'orange')
      const busy = withReds(world, 15)
      expect(busy.pictures.isDone).toBe(false)
      expect(worst(busy)).toBeLessThan(worst(idle) + 100)
      const use = busy.wireBytes / ((busy.clock.monotonicMs() / 1000) * bytesPerSecond)
      expect(use).toBeGreaterThan(0.8)
    }, 60_000)
  }

  it('sends previews of the newest alarm first, and full sizes only behind every preview', () => {
    const world = new UplinkWorld({ seed: 7, faults: { ...calm, bytesPerSecond: 16_000, oneWayMs: 20 } })
    world.connect()
    const taken = ['old', 'new'].map((alarm) => {
      const snapshot = world.pictures.take(8000, 40_000, alarm)
      world.session.pictures?.add(snapshot, false)
      return snapshot
    })
    for (let second = 0; second < 60 && !world.isDone; second++) world.run(1000)
    const [old, fresh] = taken
    expect([...world.pictures.reached]).toEqual([
      fresh?.preview.sha256,
      old?.preview.sha256,
      fresh?.full.sha256,
      old?.full.sha256,
    ])
    expect(world.pictures.sentBytes).toBe(world.pictures.totalBytes)
  })
})

/** Twenty seconds to measure the link, then a red record every two seconds or so. */
function withReds(world: UplinkWorld, reds: number): UplinkWorld {
  world.connect()
  world.run(20_000)
  const moments = createSeededRandom(9)
  for (let i = 0; i < reds; i++) {
    world.commit('red')
    world.run(moments.between(500, 3500))
  }
  return world
}

/** The second slowest: a red record may coincide with a new measurement of the link. */
function worst(world: UplinkWorld): number {
  return world.redDelaysMs.toSorted((a, b) => b - a)[1] ?? Number.NaN
}
