// What a household asks for: help that is no emergency, an alarm when no movement is seen, to say "that was me", and neighbours who hear.
import { describe, expect, it } from 'vitest'
import type { AlarmSettingsInput } from '../../../../gateway/config/alarm-settings.ts'
import { AlarmVillage } from './alarm-village.ts'

const hourS = 3600
const home: AlarmSettingsInput = {
  zones: [{ id: 'wang', name: '王家', noActivity: { hours: 12, quiet: { from: '22:00', to: '06:00' } } }],
  devices: [
    { id: 'button-1', kind: 'button', zone: 'wang' },
    { id: 'door-1', kind: 'contact', zone: 'wang', reportIntervalS: 7 * 86_400 },
    { id: 'room-1', kind: 'motion', zone: 'wang', reportIntervalS: 7 * 86_400 },
    { id: 'green-1', kind: 'button', zone: 'wang', emergency: 'assist' },
  ],
}
const village = (more: AlarmSettingsInput = {}): AlarmVillage => {
  const made = new AlarmVillage({ ...home, ...more })
  made.judge({ type: 'started' })
  return made
}

describe('assist', () => {
  it('is yellow, ends when people close it, and stands beside an emergency call of the same button', () => {
    const v = village()
    v.says('button-1', { button: 'assist' })
    v.says('button-1', { button: 'pressed' })
    expect(v.alarm('button-1', 'assist')).toMatchObject({ colour: 'yellow', state: 'unacknowledged' })
    expect(v.alarm('button-1', 'sos')).toMatchObject({ colour: 'red' })
    v.judge({ type: 'stage', alarm: v.alarm('button-1', 'assist')?.id ?? '', stage: 'closed' })
    expect(v.alarm('button-1', 'assist')).toBeUndefined()
  })

  it('is what every press of a button for it means, but for duress', () => {
    const v = village()
    v.says('green-1', { button: 'held' })
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['assist'])
    v.says('green-1', { button: 'duress' })
    expect(v.alarm('green-1', 'sos')).toMatchObject({ variant: 'duress', colour: 'red' })
  })

  it('is never hidden in a storm', () => {
    const devices = Array.from({ length: 20 }, (_, at) => ({ id: `b-${at}`, kind: 'button' as const }))
    const v = village({ devices })
    for (const { id } of devices) v.says(id, { batteryPercent: 5 })
    for (const { id } of devices) v.says(id, { button: 'assist' })
    const asks = v.alarms().filter(({ kind }) => kind === 'assist')
    expect(asks).toHaveLength(20)
    expect(asks.every(({ state }) => state === 'unacknowledged')).toBe(true)
  })
})

describe('no activity', () => {
  // The village's day begins at 08:00 on 1 January.
  it('is told after the hours that are not quiet, across a restart, and ends with the next movement', () => {
    const v = village()
    v.says('room-1', { motion: true })
    v.says('room-1', { motion: false })
    v.wait(11 * hourS)
    v.restart()
    v.judge({ type: 'started' })
    // 20:20: twelve hours and the ten minutes in which a movement need not be written.
    v.wait(1.4 * hourS)
    const alarm = v.alarms().find(({ kind }) => kind === 'no-activity')
    expect(alarm).toMatchObject({ colour: 'yellow', zone: 'wang' })
    expect(alarm?.text.zh).toContain('12 小时')
    v.says('door-1', { contact: 'closed' })
    expect(v.alarms()).toHaveLength(1)
    v.says('door-1', { contact: 'open' })
    expect(v.alarms().map(({ state }) => state)).toEqual(['returned-unacknowledged'])
  })

  it('does not count the night, and tells nobody at night', () => {
    const v = village()
    v.wait(8 * hourS)
    v.says('door-1', { contact: 'open' })
    v.says('door-1', { contact: 'closed' })
    // From 16:00 on: six hours until the quiet ones, six more from 06:00.
    v.wait(19.9 * hourS)
    expect(v.alarms()).toEqual([])
    v.wait(0.6 * hourS)
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['no-activity'])
  })

  it('waits with every night in between while the hour is not known', () => {
    const v = village()
    v.clock = 'unsynced'
    v.says('room-1', { motion: true })
    v.wait(19 * hourS)
    expect(v.alarms()).toEqual([])
    v.wait(2 * hourS)
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['no-activity'])
  })

  it('counts nothing while the zone is armed, and anew from its disarming', () => {
    const v = village()
    v.judge({ type: 'arm', zone: 'wang', isArmed: true, by: 'wang' })
    v.wait(40 * hourS)
    expect(v.alarms()).toEqual([])
    v.judge({ type: 'arm', zone: 'wang', isArmed: false, by: 'wang' })
    v.wait(11 * hourS)
    expect(v.alarms()).toEqual([])
    v.wait(14 * hourS)
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['no-activity'])
  })

  it('that was due while the house was on test is told in the morning, and not at night', () => {
    const v = village()
    v.says('room-1', { motion: true })
    v.wait(11 * hourS)
    v.judge({ type: 'maintenance', zone: 'wang', forMs: 4 * hourS * 1000, by: 'fitter' })
    // 03:00: the test has been over for four hours.
    v.wait(8 * hourS)
    expect(v.alarms()).toEqual([])
    v.wait(3.2 * hourS)
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['no-activity'])
  })

  it('is asked of no household that did not ask for it, and keeps one time alone', () => {
    const v = village({ zones: [{ id: 'wang' }] })
    v.says('room-1', { motion: true })
    v.wait(60 * hourS)
    expect(v.alarms().filter(({ kind }) => kind === 'no-activity')).toEqual([])
    const kept = village()
    for (let at = 0; at < 10; at++) {
      kept.says('room-1', { motion: true })
      kept.wait(700)
    }
    const { activity } = kept.memory.get('zone:wang') as { activity: object }
    expect(Object.keys(activity).sort()).toEqual(['lookMs', 'movedMs'])
  })

  it('says nothing when all sensors of the household are silent: that is told already', () => {
    const devices = [{ id: 'room-1', kind: 'motion' as const, zone: 'wang', reportIntervalS: 600 }]
    const v = village({ devices })
    v.says('room-1', { motion: true })
    v.wait(30 * hourS)
    expect(v.alarms().map(({ kind }) => kind)).toEqual(['device-silent'])
  })
})

describe('that was me', () => {
  const called = (how: 'pressed' | 'duress' = 'pressed'): AlarmVillage => {
    const v = village()
    v.says('button-1', { button: how })
    return v
  }
  const text = (v: AlarmVillage): string => v.alarm('button-1', 'sos')?.text.zh ?? ''

  it('marks the call and leaves it red and unanswered; a new press is a new call', () => {
    const v = called()
    v.wait(9 * 60)
    v.says('green-1', { button: 'cancel' })
    expect(v.alarm('button-1', 'sos')).toMatchObject({
      colour: 'red',
      state: 'unacknowledged',
      readings: { calledOff: true },
    })
    expect(text(v)).toContain('【住户称误触】')
    expect(v.story()).toEqual(['raised sos red unacknowledged', 'updated sos red unacknowledged'])
    v.says('button-1', { button: 'pressed' })
    expect(text(v)).not.toContain('误触')
    expect(v.alarm('button-1', 'sos')?.readings).toEqual({ button: 'pressed' })
  })

  it('is taken from a person at the box too, within ten minutes', () => {
    const v = called()
    const alarm = v.alarm('button-1', 'sos')?.id ?? ''
    v.wait(11 * 60)
    v.judge({ type: 'call-off', alarm, by: 'wang' })
    expect(text(v)).not.toContain('误触')
    expect(v.logs.at(-1)).toMatchObject({ what: 'call-off-refused', facts: { why: 'too late' } })
  })

  it('never marks a call under duress, and rings on whatever was said', () => {
    const v = called('duress')
    v.says('button-1', { button: 'cancel' })
    expect(text(v)).not.toContain('误触')
    const ringing = village({
      devices: [...(home.devices ?? []), { id: 'siren-1', kind: 'siren' }],
      rules: [{ id: 'ring', when: { kinds: ['sos'] }, device: 'siren-1', do: 'siren' }],
    })
    ringing.says('button-1', { button: 'pressed' })
    ringing.says('button-1', { button: 'cancel' })
    expect(ringing.commands.map(({ seconds }) => seconds)).toEqual([180])
  })

  it('is heard by no other household', () => {
    const v = village({
      zones: [...(home.zones ?? []), { id: 'li' }],
      devices: [...(home.devices ?? []), { id: 'button-2', kind: 'button', zone: 'li' }],
    })
    v.says('button-1', { button: 'pressed' })
    v.says('button-2', { button: 'cancel' })
    expect(text(v)).not.toContain('误触')
  })
})
