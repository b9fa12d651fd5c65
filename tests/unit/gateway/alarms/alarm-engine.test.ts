// Does the engine raise alarms as in the table, follow ISA-18.2, and exempt red from every filter?
import { describe, expect, test } from 'vitest'
import { redRepeatsAtOnce } from '../../../../gateway/alarms/floods/chatter.ts'
import { AlarmVillage } from './alarm-village.ts'

const village = (): AlarmVillage =>
  new AlarmVillage({
    zones: [
      { id: 'yard', name: '张家院', armed: true },
      { id: 'shop', armed: true, entryDelayS: 30, exitDelayS: 60 },
    ],
    devices: [
      { id: 'button-1', kind: 'button', zone: 'yard', reportIntervalS: 3600 },
      { id: 'door-1', kind: 'contact', zone: 'yard' },
      { id: 'motion-1', kind: 'motion', zone: 'yard' },
      { id: 'shop-door', kind: 'door-sensor', zone: 'shop', isEntry: true },
      { id: 'shop-motion', kind: 'motion', zone: 'shop' },
      { id: 'smoke-1', kind: 'smoke', zone: 'yard' },
    ],
  })

describe('calls for help', () => {
  test('a press is red at once, also from an unregistered device', () => {
    const place = village()
    expect(place.says('button-1', { button: 'pressed' })).toMatchObject({
      colour: 'red',
      transitions: [
        { change: 'raised', alarm: { kind: 'sos', variant: 'pressed', colour: 'red', zone: 'yard' } },
      ],
    })
    expect(place.says('stranger', { button: 'duress' }).colour).toBe('red')
    expect(place.alarm('stranger', 'sos')?.text.zh).toContain('未登记设备')
  })

  test('a second press counts up, asks anew after it was accepted, and ends only when people close it', () => {
    const place = village()
    const { transitions } = place.says('button-1', { button: 'pressed' })
    const alarm = transitions[0]?.alarm.id ?? ''
    place.says('button-1', { button: 'held' })
    place.judge({ type: 'stage', alarm, stage: 'accepted' })
    place.says('button-1', { button: 'held' })
    expect(place.alarm('button-1', 'sos')).toMatchObject({
      id: alarm,
      occurrences: 3,
      state: 'unacknowledged',
    })
    place.judge({ type: 'stage', alarm, stage: 'closed' })
    expect(place.story()).toEqual([
      'raised sos red unacknowledged',
      'repeated sos red unacknowledged',
      'acknowledged sos red acknowledged',
      'repeated sos red unacknowledged',
      'acknowledged sos red acknowledged',
      'ended sos red normal',
    ])
    expect(place.alarms()).toEqual([])
  })

  test('a red that repeats faster than any person presses is counted and sent each second, and an answer asks anew at once', () => {
    const place = village()
    const { transitions } = place.says('button-1', { button: 'pressed' })
    for (let i = 0; i < redRepeatsAtOnce; i++) place.says('button-1', { button: 'pressed' })
    expect(place.story()).toHaveLength(1 + redRepeatsAtOnce)
    for (let i = 0; i < 500; i++) {
      const { transitions: none, hasUntold } = place.says('button-1', { button: 'pressed' })
      expect([none, hasUntold]).toEqual([[], true])
    }
    expect(place.says('button-1', { batteryPercent: 90 }).hasUntold).toBe(false)
    place.wait(1)
    expect(place.story().slice(1 + redRepeatsAtOnce)).toEqual(['updated sos red unacknowledged'])
    expect(place.alarm('button-1', 'sos')?.occurrences).toBe(1 + redRepeatsAtOnce + 500)
    place.judge({ type: 'stage', alarm: transitions[0]?.alarm.id ?? '', stage: 'accepted' })
    for (let i = 0; i < 20; i++) place.says('button-1', { button: 'pressed' })
    expect(place.says('button-1', { button: 'pressed' }).transitions).toEqual([])
    expect(place.story().at(-1)).toBe('repeated sos red unacknowledged')
  })

  test('a second fire and a second break-in of a sender without restores ask anew, its repeats do not', () => {
    const place = village()
    for (const [device, kind, readings] of [
      ['smoke-1', 'fire', { fire: true }],
      ['door-1', 'intrusion', { contact: 'open' }],
    ] as const) {
      const alarm = place.says(device, { ...readings, isNewAlarm: true }).transitions[0]?.alarm.id ?? ''
      place.judge({ type: 'stage', alarm, stage: 'accepted' })
      place.says(device, readings)
      expect(place.alarm(device, kind)).toMatchObject({ state: 'acknowledged', occurrences: 1 })
      place.says(device, { ...readings, isNewAlarm: true })
      expect(place.alarm(device, kind)).toMatchObject({ state: 'unacknowledged', occurrences: 2 })
    }
  })

  test('red is neither shelved nor bypassed', () => {
    const place = village()
    place.judge({ type: 'bypass', device: 'button-1', forMs: 60_000, by: 'op' })
    const raised = place.says('button-1', { button: 'pressed' })
    expect(raised.transitions[0]?.alarm.state).toBe('unacknowledged')
    place.judge({ type: 'shelve', alarm: raised.transitions[0]?.alarm.id ?? '', forMs: 60_000, by: 'op' })
    expect(place.alarm('button-1', 'sos')?.state).toBe('unacknowledged')
    expect(place.logs.at(-1)?.what).toBe('shelve-refused')
  })
})

describe('intrusion', () => {
  test('an opening is orange while armed and nothing while disarmed', () => {
    const place = village()
    expect(place.says('door-1', { contact: 'open' }).colour).toBe('orange')
    place.says('door-1', { contact: 'closed' })
    place.judge({ type: 'arm', zone: 'yard', isArmed: false, by: 'hand' })
    const before = place.transitions.length
    expect(place.says('door-1', { contact: 'open' }).colour).toBeUndefined()
    expect(place.transitions.length).toBe(before)
  })

  test('a second sensor of the zone within 60 s turns it red, a later one does not', () => {
    const place = village()
    place.says('door-1', { contact: 'open' })
    place.wait(59)
    expect(place.says('motion-1', { motion: true }).colour).toBe('red')
    expect(place.alarm('door-1', 'intrusion')).toMatchObject({ colour: 'red', variant: 'confirmed' })
    const other = village()
    other.says('door-1', { contact: 'open' })
    other.wait(61)
    expect(other.says('motion-1', { motion: true }).colour).toBe('orange')
    expect(other.alarm('door-1', 'intrusion')?.colour).toBe('orange')
  })

  test('an entry delay waits, a disarming ends it, and without one it alarms with the second sensor as proof', () => {
    const place = village()
    expect(place.says('shop-door', { contact: 'open' }).transitions).toEqual([])
    expect(place.says('shop-motion', { motion: true }).transitions).toEqual([])
    place.judge({ type: 'arm', zone: 'shop', isArmed: false, by: 'owner' })
    expect(place.wait(60)).toEqual([])
    const other = village()
    other.says('shop-door', { contact: 'open' })
    other.says('shop-motion', { motion: true })
    expect(other.wait(31).map(({ alarm }) => alarm.colour)).toEqual(['orange', 'red'])
  })

  test('the exit delay ignores the way out; a contact that is open at its end is no intrusion, and is raised', () => {
    const place = village()
    place.judge({ type: 'arm', zone: 'shop', isArmed: false, by: 'owner' })
    place.says('shop-door', { contact: 'open' })
    place.judge({ type: 'arm', zone: 'shop', isArmed: true, by: 'owner' })
    expect(place.logs.at(-1)).toMatchObject({ what: 'armed', facts: { open: ['shop-door'] } })
    place.says('shop-motion', { motion: true })
    place.wait(61)
    place.says('shop-door', { contact: 'open' })
    expect(place.story()).toEqual(['raised exit-error yellow unacknowledged'])
    place.says('shop-motion', { motion: true })
    expect(place.story(1)).toEqual(['raised intrusion orange unacknowledged'])
    place.says('shop-door', { contact: 'closed' })
    expect(place.alarm('shop-door', 'exit-error')?.state).toBe('returned-unacknowledged')
  })

  test('the arming survives a restart', () => {
    const place = village()
    place.judge({ type: 'arm', zone: 'yard', isArmed: false, by: 'hand' })
    place.restart()
    expect(place.says('door-1', { contact: 'open' }).colour).toBeUndefined()
  })
})

describe('states', () => {
  test('smoke returns, and ends with the answer', () => {
    const place = village()
    const raised = place.says('smoke-1', { smoke: true })
    place.says('smoke-1', { smoke: false })
    place.judge({ type: 'stage', alarm: raised.transitions[0]?.alarm.id ?? '', stage: 'accepted' })
    expect(place.story()).toEqual([
      'raised smoke red unacknowledged',
      'returned smoke red returned-unacknowledged',
      'acknowledged smoke red acknowledged',
      'ended smoke red normal',
    ])
  })

  test('a shelved alarm comes back when its time is over, and at once when it rises', () => {
    const place = village()
    const raised = place.says('door-1', { contact: 'open' })
    const alarm = raised.transitions[0]?.alarm.id ?? ''
    place.judge({ type: 'shelve', alarm, forMs: 600_000, by: 'op' })
    expect(place.alarm('door-1', 'intrusion')?.state).toBe('shelved')
    place.judge({ type: 'confirm', alarm, by: 'op' })
    expect(place.alarm('door-1', 'intrusion')).toMatchObject({ state: 'unacknowledged', colour: 'red' })
    const other = village()
    const again = other.says('door-1', { contact: 'open' }).transitions[0]?.alarm.id ?? ''
    other.judge({ type: 'shelve', alarm: again, forMs: 600_000, by: 'op' })
    expect(other.wait(601).map(({ change }) => change)).toEqual(['unshelved'])
  })

  test('a bypass takes a device out of service and its end is seen', () => {
    const place = village()
    place.judge({ type: 'bypass', device: 'door-1', forMs: 60_000, by: 'op' })
    place.says('door-1', { contact: 'open' })
    expect(place.story()).toEqual(['out-of-service intrusion orange out-of-service'])
    place.wait(61)
    expect(place.story(1)).toEqual(['in-service intrusion orange unacknowledged'])
    expect(place.logs.at(-1)).toMatchObject({
      what: 'bypass-ended',
      facts: { device: 'door-1', why: 'expired' },
    })
  })

  test('an alarm that flaps is held after three changes and sent when it has calmed', () => {
    const place = village()
    for (let turn = 0; turn < 10; turn++) {
      place.says('door-1', { contact: 'open' })
      place.wait(5)
      place.says('door-1', { contact: 'closed' })
      place.wait(5)
    }
    expect(place.story()).toEqual([
      'raised intrusion orange unacknowledged',
      'returned intrusion orange returned-unacknowledged',
      'repeated intrusion orange unacknowledged',
      'updated intrusion orange unacknowledged',
    ])
    expect(place.alarm('door-1', 'intrusion')?.occurrences).toBe(10)
    expect(place.wait(601).map(({ change }) => change)).toEqual(['updated', 'returned'])
  })
})

describe('silence', () => {
  test('three missed reports are silence, orange for a button, and its word ends it', () => {
    const place = village()
    place.says('button-1', { batteryPercent: 90 })
    expect(place.wait(3 * 3600 - 1)).toEqual([])
    expect(place.wait(2).map(({ alarm }) => `${alarm.kind} ${alarm.colour}`)).toEqual([
      'device-silent orange',
    ])
    place.says('button-1', { batteryPercent: 90 })
    expect(place.alarm('button-1', 'device-silent')?.state).toBe('returned-unacknowledged')
  })

  test('a device that never spoke is unknown, and after a start everything gets its time', () => {
    const place = village()
    expect(place.wait(86_400)).toEqual([])
    place.says('button-1', { batteryPercent: 90 })
    place.wait(3 * 3600 - 10)
    place.judge({ type: 'started' })
    expect(place.wait(3600)).toEqual([])
    expect(place.wait(3 * 3600).map(({ alarm }) => alarm.kind)).toEqual(['device-silent'])
  })
})

describe('a battery', () => {
  test('outside 0 to 100 % is a remark on the event, never an alarm, and leaves what was known', () => {
    const place = village()
    expect(place.says('button-1', { batteryPercent: -1 })).toMatchObject({
      flags: ['battery-out-of-range'],
      transitions: [],
    })
    place.says('button-1', { batteryPercent: 5 })
    const standing = place.alarm('button-1', 'device-battery-low')
    expect(standing?.state).toBe('unacknowledged')
    expect(place.says('button-1', { batteryPercent: 8700 }).flags).toEqual(['battery-out-of-range'])
    expect(place.alarm('button-1', 'device-battery-low')).toEqual(standing)
  })
})

describe('silence and mains come again', () => {
  test('a device that falls silent again before an answer is raised again', () => {
    const place = village()
    place.says('button-1', { batteryPercent: 90 })
    place.wait(3 * 3600 + 1)
    place.says('button-1', { batteryPercent: 90 })
    expect(place.wait(3 * 3600 + 1).map(({ change }) => change)).toEqual(['repeated'])
    expect(place.alarm('button-1', 'device-silent')).toMatchObject({
      occurrences: 2,
      state: 'unacknowledged',
    })
  })

  test('mains that fail again before an answer are raised again', () => {
    const place = village()
    place.says('button-1', { mains: 'off' })
    place.wait(61)
    place.says('button-1', { mains: 'on' })
    place.says('button-1', { mains: 'off' })
    expect(place.wait(61).map(({ change }) => change)).toEqual(['repeated'])
  })
})
