// How long a device may say nothing: as it was configured, else as it is known for, and never longer than its kind; what its bridge says
// of it is a hint, and a bridge that is gone is one alarm.
import { describe, expect, it } from 'vitest'
import { AlarmVillage } from './alarm-village.ts'

const hourS = 3600
const bought = (more: object = {}): AlarmVillage => {
  const v = new AlarmVillage({
    devices: [
      { id: 'z2m', kind: 'hub', reportIntervalS: 7 * 86_400, isAlwaysConnected: true },
      { id: 'door-1', kind: 'contact', via: 'z2m', address: '0x1', ...more },
      { id: 'door-2', kind: 'contact', via: 'z2m', address: '0x2' },
    ],
  })
  v.judge({ type: 'started' })
  v.judge({ type: 'presence', device: 'z2m', isOnline: true })
  return v
}
const silent = (v: AlarmVillage): string[] =>
  v.alarms().flatMap(({ device, kind, state }) => (kind === 'device-silent' ? [`${device} ${state}`] : []))

/** Speaks each `everyS` for so long. */
function speak(v: AlarmVillage, everyS: number, hours: number): void {
  for (let atS = 0; atS < hours * hourS; atS += everyS) {
    v.says('door-1', { contact: 'closed' })
    v.wait(everyS)
  }
}

describe('supervision', () => {
  it('gives a bought device the ceiling of its kind until it is known', () => {
    const v = bought()
    v.says('door-1', { contact: 'closed' })
    v.wait(25.9 * hourS)
    expect(silent(v)).toEqual([])
    v.wait(0.2 * hourS)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
  })

  it('learns from a day of messages, and misses a device after three of its longest gaps', () => {
    const v = bought()
    speak(v, 1800, 26)
    v.wait(0.9 * hourS)
    expect(silent(v)).toEqual([])
    v.wait(0.2 * hourS)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
  })

  it('never waits longer than the ceiling of its kind, however rarely it sends', () => {
    const v = bought()
    speak(v, 12 * hourS, 14 * 24)
    v.wait(13.9 * hourS)
    expect(silent(v)).toEqual([])
    v.wait(0.2 * hourS)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
  })

  it('takes a longer gap in at once, so that a device whose reports became rarer is told of once', () => {
    const v = bought()
    speak(v, 1800, 26)
    v.wait(2 * hourS)
    const before = v.transitions.filter(({ change }) => change === 'raised').length
    speak(v, 6 * hourS, 60)
    expect(v.transitions.filter(({ change }) => change === 'raised')).toHaveLength(before)
    expect(silent(v)).toEqual(['door-1 returned-unacknowledged'])
  })

  it('keeps what was learned over a restart, and never goes above what the configuration says', () => {
    const v = bought()
    speak(v, 1800, 26)
    v.restart()
    v.judge({ type: 'started' })
    v.wait(1.6 * hourS)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
    const told = bought({ reportIntervalS: 3600 })
    speak(told, 600, 26)
    told.wait(2.5 * hourS)
    expect(silent(told)).toEqual([])
    told.wait(hourS)
    expect(silent(told)).toEqual(['door-1 unacknowledged'])
  })
})

describe('what a bridge says', () => {
  const hint = (v: AlarmVillage, isOnline: boolean): void => {
    v.judge({ type: 'presence', device: 'door-1', isOnline, isHint: true })
  }

  it('shortens the wait to one report, and its "online" is no sign of life', () => {
    const v = bought()
    speak(v, 1800, 26)
    hint(v, false)
    v.wait(1700)
    expect(silent(v)).toEqual([])
    v.wait(200)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
    hint(v, true)
    expect(silent(v)).toEqual(['door-1 unacknowledged'])
    v.says('door-1', { contact: 'closed' })
    expect(silent(v)).toEqual(['door-1 returned-unacknowledged'])
  })

  it('is forgotten when the device itself speaks', () => {
    const v = bought()
    hint(v, false)
    v.says('door-1', { contact: 'closed' })
    hint(v, false)
    v.says('door-1', { contact: 'closed' })
    v.wait(20 * hourS)
    expect(silent(v)).toEqual([])
  })

  it('that is gone is one alarm, and mutes the silence of what hangs on it', () => {
    const v = bought()
    v.says('door-1', { contact: 'closed' })
    v.says('door-2', { contact: 'closed' })
    v.judge({ type: 'presence', device: 'z2m', isOnline: false })
    v.wait(30 * hourS)
    expect(silent(v).sort()).toEqual(['door-1 suppressed', 'door-2 suppressed', 'z2m unacknowledged'])
    expect(v.alarms()).toHaveLength(3)
  })
})
