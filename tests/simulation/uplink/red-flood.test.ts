// One device repeats its red alarm as fast as it may, on a link of 64 kbit/s: how long does the red of another device take to
// the centre, beside the same without the flood? In virtual time, through the share that intake gives a device.
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { UrgentShare } from '../../../gateway/intake/urgent-share.ts'
import { makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'
import { calm, UplinkWorld } from './uplink-world.ts'

const floodEveryMs = 10
const betweenCallsMs = 3000
const stepMs = 10
/** A call that took longer is given up. */
const callMsMax = 5000
/** A red on the thin link may take this many times as long beside the flood. */
const factorMax = 2

interface Flood {
  isShared: boolean
}

/** The longest time of a call of another device to the centre, in ms. */
function longest(flood?: Flood, calls = 8): number {
  const world = new UplinkWorld({ seed: 15, faults: calm })
  const share = new UrgentShare({ journal: { positions: () => world.positions }, metrics: new Registry() })
  let presses = 0
  const press = (): void => {
    const change = presses++ === 0 ? 'raised' : 'repeated'
    const alarm = makeAlarm(presses, change, { id: 'sos-evil', occurrences: presses })
    const records = [
      { lane: 'red', record: makeEvent(presses) },
      { lane: 'red', record: alarm },
    ] as const
    const placed = flood?.isShared ? share.place('evil', records, world.clock.monotonicMs()) : records
    for (const { lane } of placed) world.commit(lane)
  }
  const step = (): void => {
    for (let ms = 0; flood && ms < stepMs; ms += floodEveryMs) press()
    world.run(stepMs)
  }
  world.connect()
  world.run(10_000)
  let most = 0
  for (let call = 0; call < calls; call++) {
    for (let ms = 0; ms < betweenCallsMs; ms += stepMs) step()
    world.commit('red')
    const { last } = world.positions.red
    let tookMs = 0
    for (; world.centre.storedTo('red') < last && tookMs < callMsMax; tookMs += stepMs) step()
    most = Math.max(most, tookMs)
  }
  return most
}

it('a device that floods red delays the red of another one at most twice as long as the link alone', () => {
  const alone = longest()
  expect(alone).toBeGreaterThan(100)
  expect(longest({ isShared: true })).toBeLessThanOrEqual(alone * factorMax)
})

it('is noticed without the share', () => {
  expect(longest({ isShared: false }, 1)).toBeGreaterThan(longest() * factorMax)
})
