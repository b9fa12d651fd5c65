// In a storm: is every red a separate alarm, do people get few lines below it, and does the log keep all?
import { describe, expect, test } from 'vitest'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'
import { AlarmVillage } from './alarm-village.ts'

const devices = Array.from({ length: 500 }, (_, index) => index)
const spoken = [
  { leak: true },
  { batteryPercent: 5 },
  { tamper: true },
  { contact: 'open' },
  { motion: true },
  { button: 'pressed' },
  { smoke: true },
] as const

function storm(seed: number): { place: AlarmVillage; reds: number } {
  const random = createSeededRandom(seed)
  const place = new AlarmVillage({
    zones: [
      { id: 'west', armed: true },
      { id: 'east', armed: false },
    ],
    devices: devices.map((index) => ({ id: `d-${index}`, zone: index % 2 === 0 ? 'west' : 'east' })),
    limits: { confirmWithinS: 0 },
  })
  let reds = 0
  for (const index of devices) {
    const readings = random.pick(
      index % 2 === 0 ? spoken : spoken.filter((one) => !('contact' in one || 'motion' in one)),
    )
    if ('button' in readings || 'smoke' in readings) reds++
    place.says(`d-${index}`, readings)
    place.wait(0.12)
  }
  return { place, reds }
}

const lines = (place: AlarmVillage, from = 0): Set<string> =>
  new Set(
    place.transitions
      .slice(from)
      .filter(({ alarm }) => alarm.colour !== 'red' && alarm.state === 'unacknowledged')
      .map(({ alarm }) => alarm.id),
  )

describe('500 alarms of mixed kinds in one minute', () => {
  test.each([1, 2, 3, 4, 5])(
    'give at most 10 lines below red, every red on its own, and all in the log (seed %i)',
    (seed) => {
      const { place, reds } = storm(seed)
      expect(lines(place).size).toBeLessThanOrEqual(10)
      const red = place.transitions.filter(
        ({ change, alarm }) => change === 'raised' && alarm.colour === 'red',
      )
      expect(red.length).toBe(reds)
      expect(red.every(({ alarm }) => alarm.state === 'unacknowledged')).toBe(true)
      const logged = new Set(
        place.transitions.filter(({ alarm }) => alarm.kind !== 'storm').map(({ alarm }) => alarm.id),
      )
      expect(logged.size).toBe(500)
      expect(place.alarm('box-1', 'storm')?.text.zh).toContain('漏水')
    },
  )

  test('the storm line counts what stands behind it', () => {
    const { place } = storm(1)
    const suppressed = place.alarms().filter(({ state }) => state === 'suppressed').length
    place.wait(11)
    const told = place.transitions.filter(({ alarm }) => alarm.kind === 'storm').at(-1)?.alarm
    expect(told?.occurrences).toBe(suppressed)
    expect(suppressed).toBeGreaterThan(300)
  })

  test('afterwards people never get more than 10 lines in any 10 minutes, most urgent first', () => {
    const { place } = storm(2)
    place.wait(600)
    const from = place.transitions.length
    for (let minute = 0; minute < 60; minute += 10) {
      const start = place.transitions.length
      place.wait(600)
      expect(lines(place, start).size).toBeLessThanOrEqual(10)
    }
    const released = place.transitions.slice(from).filter(({ change }) => change === 'unsuppressed')
    expect(released.length).toBeGreaterThan(10)
    expect(released[0]?.alarm.colour).toBe('orange')
  })

  test('answering the storm line answers what is released from it', () => {
    const { place } = storm(3)
    const id = place.alarm('box-1', 'storm')?.id ?? ''
    place.judge({ type: 'stage', alarm: id, stage: 'accepted' })
    place.wait(700)
    expect(place.alarms().filter(({ state }) => state === 'suppressed')).toEqual([])
    expect(place.alarm('box-1', 'storm')).toBeUndefined()
  })
})

describe('a storm of one kind', () => {
  test('the sixth of a kind in ten minutes stands behind the storm line, and another kind still stands alone', () => {
    const place = new AlarmVillage({})
    for (let index = 0; index < 8; index++) place.says(`leak-${index}`, { leak: true })
    const states = place
      .alarms()
      .filter(({ kind }) => kind === 'leak')
      .map(({ state }) => state)
    expect(states.filter((state) => state === 'unacknowledged').length).toBe(5)
    expect(states.filter((state) => state === 'suppressed').length).toBe(3)
    expect(place.alarm('box-1', 'storm')).toMatchObject({ colour: 'orange', occurrences: 3 })
    place.says('cover', { tamper: true })
    expect(place.alarm('cover', 'tamper')?.state).toBe('unacknowledged')
    place.says('fire', { smoke: true })
    expect(place.alarm('fire', 'smoke')?.state).toBe('unacknowledged')
  })

  test('a member that turns red leaves the storm at once', () => {
    const place = new AlarmVillage({
      zones: [{ id: 'yard', armed: true }],
      devices: Array.from({ length: 8 }, (_, index) => ({
        id: `door-${index}`,
        kind: 'contact' as const,
        zone: 'yard',
      })),
      limits: { confirmWithinS: 1 },
    })
    for (let index = 0; index < 8; index++) {
      place.wait(5)
      place.says(`door-${index}`, { contact: 'open' })
    }
    const member = place.alarm('door-7', 'intrusion')
    expect(member?.state).toBe('suppressed')
    place.judge({ type: 'confirm', alarm: member?.id ?? '', by: 'op' })
    expect(place.alarm('door-7', 'intrusion')).toMatchObject({ state: 'unacknowledged', colour: 'red' })
  })
})

describe('root cause first', () => {
  const hub = (): AlarmVillage =>
    new AlarmVillage({
      devices: [
        { id: 'hub', kind: 'hub', reportIntervalS: 60 },
        ...[1, 2, 3].map((index) => ({
          id: `s-${index}`,
          kind: 'contact' as const,
          via: 'hub',
          reportIntervalS: 600,
        })),
        { id: 'alone', kind: 'contact', reportIntervalS: 600 },
      ],
    })

  test('a silent hub mutes the silence of its devices and is named; another device is raised', () => {
    const place = hub()
    for (const id of ['hub', 's-1', 's-2', 's-3', 'alone']) place.says(id, { batteryPercent: 80 })
    place.wait(1801)
    expect(place.story()).toEqual([
      'raised device-silent yellow unacknowledged',
      'raised device-silent yellow unacknowledged',
      'suppressed device-silent yellow suppressed',
      'suppressed device-silent yellow suppressed',
      'suppressed device-silent yellow suppressed',
    ])
    expect(place.alarm('s-1', 'device-silent')?.text.en).toContain('because hub is silent')
    expect(place.alarm('alone', 'device-silent')?.state).toBe('unacknowledged')
  })

  test('when the hub is back, a device that stays silent is raised after its own time, and one that reports is not', () => {
    const place = hub()
    for (const id of ['hub', 's-1', 's-2', 's-3']) place.says(id, { batteryPercent: 80 })
    place.wait(1900)
    place.says('hub', { batteryPercent: 80 })
    place.says('s-1', { contact: 'closed' })
    expect(place.alarm('s-1', 'device-silent')).toBeUndefined()
    for (let minute = 0; minute < 29; minute++) {
      place.wait(60)
      place.says('hub', { batteryPercent: 80 })
      place.says('s-1', { contact: 'closed' })
    }
    expect(place.alarm('s-2', 'device-silent')?.state).toBe('suppressed')
    place.wait(61)
    expect(place.alarm('s-2', 'device-silent')?.state).toBe('unacknowledged')
    expect(place.alarm('s-1', 'device-silent')).toBeUndefined()
  })
})

test('a hub and what hangs on it, silent in the same moment, are one line: the hub', () => {
  const place = new AlarmVillage({
    devices: [
      { id: 'a-door', kind: 'contact', via: 'z-hub', reportIntervalS: 600 },
      { id: 'z-hub', kind: 'hub', reportIntervalS: 600 },
    ],
  })
  place.says('a-door', { contact: 'closed' })
  place.says('z-hub', { batteryPercent: 80 })
  expect(place.wait(1801).map(({ change, alarm }) => `${change} ${alarm.device}`)).toEqual([
    'raised z-hub',
    'suppressed a-door',
  ])
})

describe('water that is held back and turns red', () => {
  const gauge = { id: 'gauge', kind: 'water', water: { nearWarningMm: 600, historicMm: 700 } } as const
  const rise = (place: AlarmVillage): void => {
    place.says('gauge', { waterLevelMm: 650 })
    place.wait(60)
    place.says('gauge', { waterLevelMm: 750 })
  }

  test('leaves the storm and is raised', () => {
    const place = new AlarmVillage({ devices: [gauge] })
    for (let index = 0; index < 4; index++) place.says(`weak-${index}`, { batteryPercent: 5 })
    rise(place)
    expect(place.story(4).filter((one) => one.includes('water'))).toEqual([
      'suppressed water blue suppressed',
      'escalated water red unacknowledged',
    ])
  })

  test('is raised although its gauge is bypassed', () => {
    const place = new AlarmVillage({ devices: [gauge] })
    place.judge({ type: 'bypass', device: 'gauge', forMs: 3_600_000, by: 'op' })
    rise(place)
    expect(place.story()).toEqual([
      'out-of-service water blue out-of-service',
      'escalated water red unacknowledged',
    ])
  })
})
