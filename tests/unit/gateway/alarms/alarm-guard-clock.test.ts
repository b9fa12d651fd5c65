// Are zones guarded as their schedule says: in their own time zone, on the safer side without a clock, with their open
// doors reported?
import { describe, expect, it } from 'vitest'
import { isWithin } from '../../../../gateway/alarms/zones/schedule.ts'
import { offsetMinAt } from '../../../../protocols/domain/time-zone.ts'
import { AlarmVillage } from './alarm-village.ts'

const shop = (zone: object, limits: object = {}): AlarmVillage =>
  new AlarmVillage({
    zones: [{ id: 'shop', ...zone }],
    devices: [
      { id: 'door', kind: 'contact', zone: 'shop', isEntry: true },
      { id: 'window', kind: 'contact', zone: 'shop' },
    ],
    limits,
  })
const isArmed = (place: AlarmVillage): boolean | undefined =>
  (place.memory.get('zone:shop') as { isArmed?: boolean } | undefined)?.isArmed

describe('a box without a clock', () => {
  it('guards at once what its schedule always guards', () => {
    const place = shop({ schedule: [{ from: '00:00', to: '00:00' }] })
    place.clock = 'unsynced'
    place.judge({ type: 'started' })
    place.says('door', { contact: 'closed' })
    place.says('window', { contact: 'open' })
    expect(place.alarm('window', 'intrusion')?.colour).toBe('orange')
  })

  it('guards by the safer side after two minutes, records it, and follows the schedule once it has the time', () => {
    const place = shop({ schedule: [{ from: '22:00', to: '06:00' }] })
    place.clock = 'unsynced'
    place.judge({ type: 'started' })
    place.wait(60)
    expect(isArmed(place)).not.toBe(true)
    place.wait(180)
    expect(isArmed(place)).toBe(true)
    expect(place.logs.at(-1)).toMatchObject({
      what: 'armed',
      facts: { by: 'schedule', isWithoutClock: true },
    })
    place.clock = 'synced' // it is 08:04 in the village
    place.wait(60)
    expect(isArmed(place)).toBe(false)
  })

  it('guards at once when its own clock says so, because that clock may be right', () => {
    const place = shop({ schedule: [{ from: '07:00', to: '09:00' }] }) // it is 08:00 in the village
    place.clock = 'unsynced'
    place.judge({ type: 'started' })
    place.says('window', { contact: 'closed' })
    place.says('window', { contact: 'open' })
    expect(place.alarm('window', 'intrusion')?.colour).toBe('orange')
  })

  it('raises what was triggered before it was known that the schedule holds, and only then', () => {
    for (const hours of [
      { from: '22:00', to: '06:00' },
      { from: '07:00', to: '09:00' },
    ]) {
      const place = shop({ schedule: [hours] })
      // The clock of the box is wrong by half a day: the schedule of the morning seems not to hold.
      place.wait(12 * 3600)
      place.judge({ type: 'arm', zone: 'shop', isArmed: false, by: 'schedule' })
      place.clock = 'unsynced'
      place.judge({ type: 'started' })
      const isNight = isArmed(place) === true
      place.says('window', { contact: 'closed' })
      place.says('window', { contact: 'open' })
      expect(place.alarm('window', 'intrusion') !== undefined).toBe(isNight)
      place.wait(180)
      expect(place.alarm('window', 'intrusion')?.colour).toBe('orange')
    }
    const open = shop({ schedule: [{ from: '22:00', to: '06:00' }] })
    open.clock = 'unsynced'
    open.judge({ type: 'started' })
    open.says('window', { contact: 'closed' })
    open.says('window', { contact: 'open' })
    open.clock = 'synced'
    open.wait(300)
    expect(open.alarm('window', 'intrusion')).toBeUndefined()
    expect(open.memory.get('zone:shop')).not.toHaveProperty('held')
  })

  it('leaves what a hand has set', () => {
    const place = shop({ schedule: [{ from: '22:00', to: '06:00' }], armed: true })
    place.judge({ type: 'arm', zone: 'shop', isArmed: false, by: 'Li' })
    place.clock = 'unsynced'
    place.judge({ type: 'started' })
    place.wait(600)
    expect(isArmed(place)).toBe(false)
  })
})

describe('time zones', () => {
  it('have their own offset, by name and with daylight saving', () => {
    expect(offsetMinAt('Asia/Shanghai', Date.UTC(2026, 5, 1))).toBe(480)
    expect(offsetMinAt('Europe/Berlin', Date.UTC(2026, 6, 1))).toBe(120)
    expect(offsetMinAt('Europe/Berlin', Date.UTC(2026, 0, 1))).toBe(60)
    const change = Date.UTC(2026, 9, 25, 1)
    expect([offsetMinAt('Europe/Berlin', change - 1), offsetMinAt('Europe/Berlin', change)]).toEqual([
      120, 60,
    ])
    expect(offsetMinAt('Asia/Kathmandu', change)).toBe(345)
  })

  it.each([
    ['the night in which the clock goes forward', Date.UTC(2026, 2, 28, 12), 7],
    ['the night in which it goes back', Date.UTC(2026, 9, 24, 12), 9],
    ['a half-hour zone', Date.UTC(2026, 9, 24, 12), 8, 'Asia/Kathmandu'],
  ])('arm from ten to six without a gap in %s', (_night, noonMs, hours, timeZone = 'Europe/Berlin') => {
    const span = { from: 22 * 60, to: 6 * 60 }
    const minutes = Array.from({ length: 24 * 60 }, (_, minute) => noonMs + minute * 60_000)
    const armed = minutes.filter((atMs) => isWithin(span, atMs, offsetMinAt(timeZone, atMs)))
    expect(armed).toHaveLength(hours * 60)
    expect((armed.at(-1) ?? 0) - (armed[0] ?? 0)).toBe((hours * 60 - 1) * 60_000)
  })

  it('a span past midnight belongs to the day on which it begins, also where the day begins earlier than in UTC', () => {
    const friday = { from: 22 * 60, to: 6 * 60, days: ['fri' as const] }
    // 2 January 2026 is a Friday.
    const at = (day: number, hour: number): boolean => isWithin(friday, Date.UTC(2026, 0, day, hour - 8), 480)
    expect([at(2, 3), at(2, 21), at(2, 23), at(3, 3), at(3, 7), at(3, 23)]).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
    ])
  })

  it('move the schedule and the text; a fixed offset goes before', () => {
    // 2026-01-01 00:00 UTC is 08:00 in Shanghai, the default, and 01:00 in Berlin.
    const at = (limits: object): boolean | undefined => {
      const place = shop({ schedule: [{ from: '07:30', to: '08:30' }] }, limits)
      place.says('door', { contact: 'closed' })
      return isArmed(place) ?? false
    }
    expect([
      at({}),
      at({ timeZone: 'Europe/Berlin' }),
      at({ timeZone: 'Europe/Berlin', utcOffsetMin: 480 }),
    ]).toEqual([true, false, true])
    expect(() => shop({}, { timeZone: 'Asia/Shanghi' })).toThrow('time zone')
  })
})

describe('a door that stands open when its zone begins to guard', () => {
  it('is raised at the end of the exit delay, and ends when it closes, or the zone is disarmed', () => {
    const place = shop({ exitDelayS: 5 })
    place.says('door', { contact: 'closed' })
    place.judge({ type: 'arm', zone: 'shop', isArmed: true, by: 'Li' })
    place.says('door', { contact: 'open' })
    expect(place.alarm('door', 'exit-error')).toBeUndefined()
    place.wait(6)
    expect(place.alarm('door', 'exit-error')).toMatchObject({ colour: 'yellow', state: 'unacknowledged' })
    place.says('door', { contact: 'open' })
    expect(place.alarms()).toHaveLength(1)
    place.judge({ type: 'arm', zone: 'shop', isArmed: false, by: 'Li' })
    expect(place.alarm('door', 'exit-error')?.state).toBe('returned-unacknowledged')
  })

  it('is raised at once without a delay, and not when it is bypassed', () => {
    const place = shop({})
    for (const device of ['door', 'window']) place.says(device, { contact: 'open' })
    place.judge({ type: 'bypass', device: 'window', forMs: 60_000, by: 'Li' })
    place.judge({ type: 'arm', zone: 'shop', isArmed: true, by: 'Li' })
    expect(place.story()).toEqual(['raised exit-error yellow unacknowledged'])
  })
})

describe('a device that sleeps between its reports', () => {
  const button = (more: object = {}): AlarmVillage =>
    new AlarmVillage({ devices: [{ id: 'button', kind: 'button', reportIntervalS: 185, ...more }] })
  /** Wakes up, reports and switches its radio off. */
  const cycle = (place: AlarmVillage, everyS: number): void => {
    place.judge({ type: 'presence', device: 'button', isOnline: true })
    place.says('button', { batteryPercent: 90 })
    place.wait(0.3)
    place.judge({ type: 'presence', device: 'button', isOnline: false })
    place.wait(everyS - 0.3)
  }

  it('is not silent while it is a little late at every cycle', () => {
    const place = button()
    for (let i = 0; i < 20; i++) cycle(place, 200)
    for (let i = 0; i < 20; i++) cycle(place, 260)
    expect(place.alarms()).toEqual([])
  })

  it('is silent after three missed reports and its own lateness, not before', () => {
    const place = button()
    for (let i = 0; i < 5; i++) cycle(place, 200)
    place.wait(3 * 200 - 201)
    expect(place.alarms()).toEqual([])
    place.wait(20)
    expect(place.alarm('button', 'device-silent')?.colour).toBe('orange')
  })

  it('one that is always connected is silent 180 s after its connection is lost', () => {
    const place = button({ isAlwaysConnected: true })
    cycle(place, 190)
    expect(place.alarm('button', 'device-silent')).toBeDefined()
  })
})
