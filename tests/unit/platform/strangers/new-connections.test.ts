// Question: does a crowd that connects repeatedly leave room for others, and can many boxes behind one address connect?
import { expect, it } from 'vitest'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { knownForMs, NewConnections, networksMax } from '../../../../platform/strangers/new-connections.ts'
import { uplinkLimits } from '../../../../centre/receiver/uplink-limits.ts'

const limits = { newAtOnce: 4, newPerSecond: 2, newUnknownAtOnce: 6, newUnknownPerSecond: 3 }

function create(changed: Partial<typeof limits> = {}) {
  const clock = new VirtualClock()
  const ones = new NewConnections({ ...limits, ...changed }, clock)
  const enter = (network: string, tries: number) =>
    Array.from({ length: tries }, () => ones.enter(network)).filter(Boolean).length
  return { clock, ones, enter }
}

it('lets in so many at once and then so many a second of one network, and others all the while', () => {
  const { clock, enter } = create({ newUnknownAtOnce: 100, newUnknownPerSecond: 100 })
  expect(enter('flood', 1000)).toBe(4)
  expect(enter('clean', 1)).toBe(1)
  let later = 0
  for (let i = 0; i < 100; i++) {
    clock.advance(100)
    later += enter('flood', 70)
  }
  expect(later).toBe(20)
  expect(enter('clean', 4)).toBe(4)
})

it('lets in a network that is known while a crowd of unknown ones has used up what is theirs', () => {
  const { clock, ones, enter } = create()
  ones.enter('known')
  ones.signIn('known')
  const crowd = () => Array.from({ length: 50 }, (_, i) => enter(`crowd-${i}`, 1)).reduce((a, b) => a + b)
  expect(crowd()).toBe(5)
  expect([enter('clean', 1), enter('known', 1)]).toEqual([0, 1])
  clock.advance(1000)
  expect(crowd()).toBe(3)
  ones.close('known')
  clock.advance(knownForMs - 1)
  crowd()
  expect(enter('known', 1)).toBe(1)
  clock.advance(1)
  crowd()
  expect(enter('known', 1)).toBe(0)
})

it('does not count those who have signed in: a large town behind one address comes in within seconds', () => {
  const clock = new VirtualClock()
  const ones = new NewConnections(uplinkLimits, clock)
  let waiting = 3000
  let seconds = 0
  // All try at once, and closed ones try again a second later; the centre signs in 300 per second.
  for (; waiting > 0; seconds++, clock.advance(1000)) {
    const into = Array.from({ length: waiting }, () => ones.enter('town')).filter(Boolean).length
    for (let i = 0; i < into; i++) ones.signIn('town')
    waiting -= into
  }
  expect(seconds).toBeLessThanOrEqual(10)
})

it('remembers only so many networks', () => {
  const { ones } = create({ newUnknownAtOnce: Infinity })
  for (let i = 0; i < networksMax + 10; i++) {
    ones.enter(`n-${i}`)
    ones.signIn(`n-${i}`)
    ones.close(`n-${i}`)
  }
  expect(ones.remembered).toBe(networksMax)
  expect([ones.isKnown('n-0'), ones.isKnown(`n-${networksMax}`)]).toEqual([false, true])
})
