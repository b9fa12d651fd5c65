// Does the size of the engine's memory depend only on the size of the village, however long it runs?
import { expect, test } from 'vitest'
import { createSeededRandom } from '../../protocols/kit/random.ts'
import { AlarmVillage } from '../unit/gateway/alarms/alarm-village.ts'
import { strangersMax } from '../../gateway/alarms/alarm-engine.ts'

const bytesOf = (place: AlarmVillage): number =>
  [...place.memory.keys('')].reduce(
    (sum, key) => sum + key.length + JSON.stringify(place.memory.get(key)).length,
    0,
  )

test('two months of 60 devices with alarms, flaps, floods and bypasses leave no more documents than one', () => {
  const random = createSeededRandom(11)
  const ids = Array.from({ length: 60 }, (_, index) => `d-${index}`)
  const place = new AlarmVillage({
    zones: [{ id: 'z', armed: true }],
    devices: ids.map((id) => ({
      id,
      zone: 'z',
      kind: 'contact',
      reportIntervalS: 7200,
      water: { warningMm: 900 },
    })),
    rules: [{ id: 'siren', when: {}, device: 'siren', do: 'siren' }],
  })
  const sizes: number[] = []
  const counts: number[] = []
  for (let hour = 0; hour < 24 * 60; hour++) {
    for (const id of ids) {
      if (random.next() < 0.3) continue
      place.says(id, {
        contact: random.next() < 0.05 ? 'open' : 'closed',
        smoke: random.next() < 0.01,
        waterLevelMm: random.between(400, 950),
        batteryPercent: random.between(10, 100),
      })
    }
    if (hour % 50 === 0) place.judge({ type: 'bypass', device: random.pick(ids), forMs: 3_600_000, by: 'op' })
    if (hour % 6 === 0)
      for (const { id } of place.alarms()) place.judge({ type: 'stage', alarm: id, stage: 'accepted' })
    place.wait(3600)
    place.transitions.length = 0
    if (hour % (24 * 5) === 119) {
      sizes.push(bytesOf(place))
      counts.push([...place.memory.keys('')].length)
    }
  }
  expect(Math.max(...counts.slice(6))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 6)) * 1.3)
  expect(Math.max(...sizes.slice(6))).toBeLessThanOrEqual(Math.max(...sizes.slice(0, 6)) * 1.3)
})

test('strangers beyond the limit are judged but not remembered', () => {
  const place = new AlarmVillage({})
  for (let index = 0; index < strangersMax + 50; index++)
    place.says(`stranger-${index}`, { temperatureC: 20 })
  expect([...place.memory.keys('device:')].length).toBe(strangersMax)
  expect(place.says('one-more', { button: 'pressed' }).colour).toBe('red')
  place.restart()
  place.says('yet-another', { temperatureC: 20 })
  expect([...place.memory.keys('device:')].length).toBe(strangersMax)
})
