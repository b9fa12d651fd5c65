// Do simulated devices keep what firmware must keep: every event, its bytes, its id and its order, until the PUBACK?
import { afterEach, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '../../../protocols/kit/clock.ts'
import { ackTimeoutMs, sleepyLingerMs } from '../../../firmware-sim/devices/device.ts'
import { createVillage, type Village, type VillageOptions } from '../../../firmware-sim/village/village.ts'
import { TestBroker, until } from '../../kits/system/firmware-sim-broker.ts'

const quickly = { firstMs: 20, maxMs: 100 }
let broker: TestBroker
let village: Village | undefined

beforeEach(async () => {
  broker = new TestBroker()
  await broker.start()
})
afterEach(async () => {
  village?.stop()
  village = undefined
  await broker.kill()
})

function settle(options: Partial<VillageOptions> = {}): Village {
  village = createVillage({
    seed: 7,
    devices: 10,
    url: broker.url,
    reportIntervalMs: 0,
    backOff: quickly,
    ...options,
  })
  village.start()
  return village
}

const allConnected = async (here: Village): Promise<void> =>
  until('all connected', () => here.statistics().connected === here.members.length)

test('re-sends the same bytes with the same id and DUP when the broker dies before the PUBACK', async () => {
  const here = settle()
  await allConnected(here)
  broker.isHolding = true
  const id = here.press('button-001')
  await until('the press arrived', () => broker.events('button-001').length === 1)
  expect(here.statistics()).toMatchObject({ acked: 0, waiting: 1 })
  await broker.kill()
  broker.isHolding = false
  await broker.start()
  await until('the press was acknowledged', () => here.tally.acked === 1)
  const [first, second] = broker.events('button-001')
  expect(first).toMatchObject({ id, isRepeat: false })
  expect(second).toEqual({ ...first, isRepeat: true })
  expect(here.statistics()).toMatchObject({ published: 2, resent: 1, waiting: 0 })
})

test('does not send again what was acknowledged before the broker died', async () => {
  const here = settle()
  await allConnected(here)
  here.press('button-001')
  await until('the press was acknowledged', () => here.tally.acked === 1)
  await broker.kill()
  await broker.start()
  await allConnected(here)
  here.press('button-002')
  await until('the next press was acknowledged', () => here.tally.acked === 2)
  expect(broker.events('button-001')).toHaveLength(1)
  expect(here.tally.resent).toBe(0)
})

test('keeps the order of every device and loses nothing while the broker dies three times under load', async () => {
  const here = settle({ devices: 20, inFlightMax: 8, queueEventsMax: 100_000 })
  await allConnected(here)
  here.startLoad(2000)
  for (let death = 0; death < 3; death++) {
    const before = here.tally.acked
    await until('some are acknowledged', () => here.tally.acked > before + 200)
    await broker.kill()
    await broker.start()
  }
  here.stopLoad()
  await until('all are acknowledged', () => here.statistics().waiting === 0)
  const { events, acked, dropped, published, resent } = here.statistics()
  expect({ acked, dropped }).toEqual({ acked: events, dropped: 0 })
  expect(resent).toBe(published - events)
  expect(resent).toBeGreaterThan(0)
  for (const { device } of here.members) {
    const firstArrivals = [...new Set(broker.events(device.id).map(({ id }) => id))]
    const expected = firstArrivals.map((_, i) => `1-${i + 1}`)
    expect(firstArrivals).toEqual(expected)
    expect(here.ackedIds(device.id)).toEqual(expected)
  }
})

test('the broker sends the last will when a device loses power, and the device itself when it is switched off', async () => {
  const here = settle()
  await allConnected(here)
  const presence = (id: string): string | undefined => broker.retained.get(`gengfu/v1/${id}/presence`)
  await until(
    'presence is known',
    () => presence('door-001') === 'online' && presence('door-002') === 'online',
  )
  here.member('door-001').device.cutPower()
  here.member('door-002').device.stop()
  await until(
    'both are offline',
    () => presence('door-001') === 'offline' && presence('door-002') === 'offline',
  )
  const words = broker.arrivals.filter(
    ({ device, channel }) => device === 'door-002' && channel === 'presence',
  )
  expect(words.map(({ text }) => text)).toEqual(['online', 'offline'])
})

test('after a reboot counts from 1 in the next boot, behind what flash still holds', async () => {
  const here = settle()
  await allConnected(here)
  broker.isHolding = true
  const kept = here.press('button-001')
  await until('the press arrived', () => broker.events('button-001').length === 1)
  broker.isHolding = false
  here.member('button-001').device.reboot()
  const next = here.press('button-001', 'held')
  expect([kept, next]).toEqual(['1-1', '2-1'])
  await until('both are acknowledged', () => here.tally.acked === 2)
  expect(here.ackedIds('button-001')).toEqual(['1-1', '2-1'])
})

test('ends a connection whose PUBACK does not come, and sends again on a new one', async () => {
  const clock = new VirtualClock()
  const here = settle({ clock })
  await allConnected(here)
  broker.isHolding = true
  here.press('button-001')
  await until('the press arrived', () => broker.events('button-001').length === 1)
  clock.advance(ackTimeoutMs - 1)
  expect(here.button('button-001').device.link.session).toBeDefined()
  broker.isHolding = false
  clock.advance(1)
  expect(here.button('button-001').device.link.session).toBeUndefined()
  clock.advance(quickly.maxMs)
  await until('it was acknowledged', () => here.tally.acked === 1)
  expect(broker.events('button-001').map(({ isRepeat }) => isRepeat)).toEqual([false, true])
})

test('keeps trying with back-off while the broker refuses it', async () => {
  broker.isRefusing = true
  const reasons = new Set<string>()
  const here = settle({ devices: 1, onLink: (_id, _isUp, reason) => reasons.add(reason) })
  await until('it was refused', () => [...reasons].some((reason) => reason.startsWith('refused with code')))
  broker.isRefusing = false
  await allConnected(here)
  expect(here.statistics()).toMatchObject({ connected: 1, connects: 1 })
})

test('a sleepy door connects only to report, and leaves without a word about its presence', async () => {
  const clock = new VirtualClock()
  const here = settle({ clock, devices: 3, sleepyShare: 1 })
  const door = here.door('door-001')
  expect(door.device.isSleepy).toBe(true)
  await until('the button is connected', () => here.statistics().connected === 1)
  door.open()
  await until('the opening was acknowledged', () => here.ackedIds('door-001').length === 1)
  clock.advance(sleepyLingerMs)
  expect(door.device.link.session).toBeUndefined()
  door.close()
  await until('the closing was acknowledged', () => here.ackedIds('door-001').length === 2)
  const words = broker.arrivals.filter(
    ({ device, channel }) => device === 'door-001' && channel === 'presence',
  )
  expect(words.map(({ text }) => text)).toEqual(['online', 'online'])
})

test('the same seed makes the same events, whatever the network does; another seed makes others', async () => {
  const run = async (seed: number, url: string): Promise<string[]> => {
    const clock = new VirtualClock()
    const made: string[] = []
    const onEvent: VillageOptions['onEvent'] = (id, event) =>
      made.push(`${id} ${Buffer.from(event.payload).toString()}`)
    const here = settle({ seed, url, clock, reportIntervalMs: 60_000, queueEventsMax: 1000, onEvent })
    if (url === broker.url) await allConnected(here)
    for (let minute = 0; minute < 10; minute++) clock.advance(60_000)
    here.stop()
    return made
  }
  const connected = await run(7, broker.url)
  const alone = await run(7, 'mqtt://127.0.0.1:1')
  expect(connected.length).toBeGreaterThan(80)
  expect(alone).toEqual(connected)
  expect(await run(8, 'mqtt://127.0.0.1:1')).not.toEqual(connected)
})
