// Does a red record pass a draining backlog as fast as an idle link, and is the link still fully used, whatever kind it
// is?
import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { calm, type Faults, UplinkWorld } from './uplink-world.ts'

const thin: Faults = { ...calm, bytesPerSecond: 8000, oneWayMs: 150, queueMsMax: 400 }
const bucket: Faults = { ...thin, burstBytes: 4096 }
const warmUpSeconds = 30
const minuteMs = 60_000
const redFactorMax = 1.5

type Waiting = 'nothing' | 'records' | 'pictures'

interface Drained {
  redP99Ms: number
  redP50Ms: number
  redP90Ms: number
  share: number
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN
}

/** Keeps records or pictures waiting, without creating all of them beforehand. */
function keepWaiting(world: UplinkWorld, what: Waiting): void {
  if (what === 'nothing') return
  const { last, receipted } = world.positions.routine
  if (what === 'records' && last - receipted < 5000) world.commit('routine', 5000)
  if (what === 'pictures' && world.pictures.unreached().length < 2)
    world.takePicture(15_000, 250_000, 'orange')
}

/** A red record every one to two seconds, for this long; the time of each and the used share of the link. */
function drain(world: UplinkWorld, minutes: number, what: Waiting = 'records'): Drained {
  const moments = createSeededRandom(9)
  world.redDelaysMs.length = 0
  const [fromMs, fromBytes] = [world.clock.monotonicMs(), world.wireBytes]
  while (world.clock.monotonicMs() - fromMs < minutes * minuteMs) {
    keepWaiting(world, what)
    world.commit('red')
    world.run(moments.between(700, 1900))
  }
  const seconds = (world.clock.monotonicMs() - fromMs) / 1000
  const share = (world.wireBytes - fromBytes) / seconds / world.faults.bytesPerSecond
  return {
    redP99Ms: percentile(world.redDelaysMs, 0.99),
    redP90Ms: percentile(world.redDelaysMs, 0.9),
    redP50Ms: percentile(world.redDelaysMs, 0.5),
    share,
  }
}

function open(faults: Faults, what: Waiting = 'records'): UplinkWorld {
  const world = new UplinkWorld({ seed: 5, faults })
  keepWaiting(world, what)
  world.connect()
  for (let second = 0; second < warmUpSeconds; second++) {
    keepWaiting(world, what)
    world.run(1000)
  }
  return world
}

const idleOf = (faults: Faults): Drained => drain(open(faults, 'nothing'), 3, 'nothing')

const kinds: { name: string; faults: Faults }[] = [
  { name: 'a serial line', faults: thin },
  { name: 'a token bucket of 1600 bytes', faults: { ...thin, burstBytes: 1600 } },
  { name: 'a token bucket of 4096 bytes', faults: bucket },
]

describe('the pace of low lanes', () => {
  for (const { name, faults } of kinds) {
    it(`lets red pass a backlog as it passes an idle link: ${name}`, () => {
      const idle = idleOf(faults)
      const busy = drain(open(faults), 3)
      expect(busy.redP99Ms).toBeLessThanOrEqual(idle.redP99Ms * redFactorMax)
      expect(busy.redP50Ms).toBeLessThanOrEqual(idle.redP50Ms * 1.2)
      expect(busy.share).toBeGreaterThan(0.8)
    }, 60_000)
  }

  for (const { name, faults } of [
    { name: 'a serial line', faults: thin },
    { name: 'a token bucket', faults: bucket },
  ]) {
    it(`lets red pass waiting pictures as it passes an idle link: ${name}`, () => {
      const idle = idleOf(faults)
      const busy = drain(open(faults, 'pictures'), 3, 'pictures')
      expect(busy.redP99Ms).toBeLessThanOrEqual(idle.redP99Ms * redFactorMax)
      expect(busy.share).toBeGreaterThan(0.8)
    }, 60_000)

    it(`uses a link that jitters by 40 ms each way: ${name}`, () => {
      const busy = drain(open({ ...faults, jitterMs: 40 }), 2)
      expect(busy.share).toBeGreaterThan(0.7)
    }, 60_000)

    it(`does not take late Receipts for a slow link, again and again: ${name}`, () => {
      const busy = drain(open({ ...faults, receiptJitterMs: 300 }), 3)
      expect(busy.share).toBeGreaterThan(0.6)
    }, 60_000)
  }

  it('uses a link that has become four times as fast', () => {
    const world = open(bucket)
    world.faults = { ...bucket, bytesPerSecond: thin.bytesPerSecond * 4 }
    drain(world, 1.5)
    const busy = drain(world, 0.5)
    expect(busy.share).toBeGreaterThan(0.6)
  }, 60_000)

  it('keeps no queue before a link that has become four times as slow', () => {
    const slow = { ...bucket, bytesPerSecond: thin.bytesPerSecond / 4 }
    const world = open(bucket)
    world.faults = slow
    drain(world, 0.1)
    expect(world.upQueueMs).toBeLessThan(200)
    drain(world, 3)
    const [idle, busy] = [idleOf(slow), drain(world, 4)]
    expect(busy.redP90Ms).toBeLessThanOrEqual(idle.redP90Ms * redFactorMax)
    // The smallest Report takes 280 ms there, and a probe may put one before red.
    expect(busy.redP99Ms).toBeLessThanOrEqual(idle.redP99Ms + 300)
    expect(busy.share).toBeGreaterThan(0.7)
  }, 60_000)

  it('still uses a serial line that has become four times as slow, where each Report takes longer by itself', () => {
    const world = new UplinkWorld({ seed: 5, faults: thin })
    const run = (seconds: number): void => {
      for (let second = 0; second < seconds; second++) {
        if (world.pictures.unreached().length < 3) world.takePicture(15_000, 480_000, 'blue')
        world.run(1000)
      }
    }
    run(1)
    world.connect()
    run(79)
    world.faults = { ...thin, bytesPerSecond: thin.bytesPerSecond / 4 }
    run(10)
    const fromBytes = world.wireBytes
    run(180)
    expect((world.wireBytes - fromBytes) / 180 / world.faults.bytesPerSecond).toBeGreaterThan(0.75)
  })
})
