// Zones, schedules, maintenance, local rules and the box's own faults: does each setting have its effect?
import { describe, expect, test } from 'vitest'
import { AlarmVillage } from './alarm-village.ts'

describe('schedules', () => {
  // The village's clock starts on Thursday 2026-01-01 at 08:00.
  const place = (): AlarmVillage =>
    new AlarmVillage({
      zones: [{ id: 'school', schedule: [{ from: '22:00', to: '06:00' }] }],
      devices: [{ id: 'gate', kind: 'contact', zone: 'school' }],
    })

  test('arms at night, disarms in the morning, past midnight included', () => {
    const school = place()
    expect(school.says('gate', { contact: 'open' }).colour).toBeUndefined()
    school.says('gate', { contact: 'closed' })
    school.wait(14 * 3600 + 1)
    expect(school.logs.at(-1)).toMatchObject({ what: 'armed', facts: { by: 'schedule' } })
    school.wait(5 * 3600)
    expect(school.says('gate', { contact: 'open' }).colour).toBe('orange')
    school.says('gate', { contact: 'closed' })
    school.wait(3 * 3600)
    expect(school.logs.at(-1)).toMatchObject({ what: 'disarmed' })
    expect(school.says('gate', { contact: 'open' }).colour).toBeUndefined()
  })

  test('a hand holds until the schedule next changes', () => {
    const school = place()
    school.wait(15 * 3600)
    school.judge({ type: 'arm', zone: 'school', isArmed: false, by: 'teacher' })
    school.wait(2 * 3600)
    expect(school.says('gate', { contact: 'open' }).colour).toBeUndefined()
    school.says('gate', { contact: 'closed' })
    school.wait(22 * 3600)
    expect(school.says('gate', { contact: 'open' }).colour).toBe('orange')
  })

  test('a clock that was never set guards by the safer side', () => {
    const school = place()
    school.clock = 'unsynced'
    school.wait(15 * 3600)
    expect(school.logs).toMatchObject([{ what: 'armed', facts: { isWithoutClock: true } }])
    school.clock = 'synced'
    school.judge({ type: 'tick' })
    expect(school.logs.at(-1)).toMatchObject({ what: 'armed' })
  })
})

describe('grades', () => {
  test.each([
    ['daily', 'yellow', 'blue'],
    ['general', 'orange', 'yellow'],
    ['key', 'orange', 'orange'],
    ['strict', 'red', 'orange'],
  ] as const)('%s makes an intrusion %s and a silence %s', (grade, intrusion, silence) => {
    const place = new AlarmVillage({
      zones: [{ id: 'z', grade, armed: true }],
      devices: [{ id: 'door', kind: 'contact', zone: 'z' }],
    })
    expect(place.says('door', { contact: 'open' }).colour).toBe(intrusion)
    place.wait(86_400)
    expect(place.alarm('door', 'device-silent')?.colour).toBe(silence)
  })

  test('village and zone overrule the table, and nothing makes a call for help less than red', () => {
    const place = new AlarmVillage({
      zones: [{ id: 'z', colours: { leak: 'yellow', sos: 'blue' } }],
      devices: [
        { id: 'a', kind: 'leak', zone: 'z' },
        { id: 'b', kind: 'leak' },
      ],
      limits: { colours: { leak: 'blue' } },
    })
    expect(place.says('a', { leak: true }).colour).toBe('yellow')
    expect(place.says('b', { leak: true }).colour).toBe('blue')
    expect(place.says('a', { button: 'pressed' }).colour).toBe('red')
  })
})

describe('maintenance', () => {
  const place = (): AlarmVillage =>
    new AlarmVillage({
      zones: [{ id: 'hall', armed: false }, { id: 'yard' }],
      devices: [
        { id: 'button', kind: 'button', zone: 'hall' },
        { id: 'door', kind: 'contact', zone: 'hall' },
        { id: 'other', kind: 'button', zone: 'yard' },
      ],
      rules: [{ id: 'siren', when: { colours: ['red'] }, device: 'siren', do: 'siren' }],
    })

  test('an alarm is a drill in a separate row, sounds nothing, and ends with it', () => {
    const hall = place()
    hall.judge({ type: 'maintenance', zone: 'hall', forMs: 600_000, by: 'installer' })
    const pressed = hall.says('button', { button: 'pressed' })
    expect(pressed.transitions[0]?.alarm).toMatchObject({ isDrill: true, colour: 'red' })
    expect(pressed.transitions[0]?.alarm.text.zh).toContain('演练')
    expect(pressed.commands).toEqual([])
    expect(hall.logs.map(({ what }) => what)).toContain('rule-tested')
    expect(hall.says('door', { contact: 'open' }).transitions[0]?.alarm.isDrill).toBe(true)
    expect(hall.says('other', { button: 'pressed' }).transitions[0]?.alarm.isDrill).toBeUndefined()
    hall.wait(601)
    expect(hall.alarms().map(({ device }) => device)).toEqual(['other'])
    expect(hall.logs.at(-1)).toMatchObject({
      what: 'maintenance-ended',
      facts: { heard: ['button', 'door'], unheard: [] },
    })
    expect(hall.says('button', { button: 'pressed' }).transitions[0]?.alarm.isDrill).toBeUndefined()
  })

  test('a real alarm that stands when maintenance begins is neither touched nor ended by it', () => {
    const hall = place()
    hall.says('button', { button: 'pressed' })
    hall.judge({ type: 'maintenance', zone: 'box', forMs: 600_000, by: 'installer' })
    hall.says('button', { button: 'pressed' })
    hall.judge({ type: 'maintenance', zone: 'box', forMs: 0, by: 'installer' })
    expect(hall.alarm('button', 'sos')).toMatchObject({ occurrences: 1, state: 'unacknowledged' })
    expect(hall.alarm('button', 'sos', '/drill')).toBeUndefined()
    expect(hall.logs.at(-1)).toMatchObject({ facts: { heard: ['button'], unheard: ['door', 'other'] } })
  })

  test('it can not be left on for ever', () => {
    const hall = place()
    hall.judge({ type: 'maintenance', zone: 'hall', forMs: 1e12, by: 'installer' })
    hall.wait(4 * 3600 + 1)
    expect(hall.says('button', { button: 'pressed' }).transitions[0]?.alarm.isDrill).toBeUndefined()
  })
})

describe('local rules', () => {
  const place = (): AlarmVillage =>
    new AlarmVillage({
      zones: [{ id: 'ford', name: '漫水桥' }],
      devices: [
        { id: 'gauge', kind: 'water', zone: 'ford', water: { warningMm: 900, guaranteeMm: 1200 } },
        { id: 'button', kind: 'button', zone: 'ford' },
      ],
      rules: [
        { id: 'siren', when: { kinds: ['sos'] }, device: 'siren-1', do: 'siren', secondsMax: 60 },
        {
          id: 'sign',
          when: { kinds: ['water'], colours: ['orange', 'red'], zones: ['ford'] },
          device: 'sign-1',
          do: 'show',
          with: { text: '禁止通行 {place}' },
          stopDo: 'blank',
          secondsMax: 3600,
        },
        {
          id: 'night',
          when: { kinds: ['sos'], during: { from: '22:00', to: '06:00' } },
          device: 'lamp-1',
          do: 'lamp',
        },
      ],
    })

  test('act with the transition, once for a row of presses, and stop at their limit', () => {
    const ford = place()
    expect(ford.says('button', { button: 'pressed' }).commands).toMatchObject([
      { device: 'siren-1', do: 'siren', seconds: 60 },
    ])
    expect(ford.says('button', { button: 'pressed' }).commands).toEqual([])
    ford.wait(61)
    expect(ford.commands.at(-1)).toEqual({ device: 'siren-1', do: 'siren', seconds: 0 })
    expect(ford.says('button', { button: 'pressed' }).commands).toHaveLength(1)
  })

  test('the end of an alarm whose siren had run out does not stop the siren of another', () => {
    const ford = place()
    const first = ford.says('button', { button: 'pressed' }).transitions[0]?.alarm.id ?? ''
    ford.wait(61)
    const second = ford.says('other-button', { button: 'pressed' })
    expect(second.commands).toHaveLength(1)
    expect(ford.judge({ type: 'stage', alarm: first, stage: 'closed' }).commands).toEqual([])
    const alarm = second.transitions[0]?.alarm.id ?? ''
    expect(ford.judge({ type: 'stage', alarm, stage: 'closed' }).commands).toEqual([
      { device: 'siren-1', do: 'siren', seconds: 0 },
    ])
  })

  test('fill in the place and stop on clear', () => {
    const ford = place()
    const { commands } = ford.says('gauge', { waterLevelMm: 1250 })
    expect(commands).toMatchObject([{ device: 'sign-1', do: 'show', text: '禁止通行 漫水桥，gauge' }])
    for (const waterLevelMm of [1100, 1000, 850, 820, 800, 800, 800, 800]) {
      ford.wait(300)
      ford.says('gauge', { waterLevelMm })
    }
    expect(ford.commands.at(-1)).toEqual({ device: 'sign-1', do: 'blank' })
  })

  test('a press under duress rings nothing, and the hour is kept', () => {
    const ford = place()
    expect(ford.says('button', { button: 'duress' }).commands).toEqual([])
    const night = place()
    night.wait(15 * 3600)
    expect(night.says('button', { button: 'pressed' }).commands.map(({ device }) => device)).toEqual([
      'siren-1',
      'lamp-1',
    ])
  })
})

describe('the box itself', () => {
  test('mains count after 60 s, link after 180 s, clock after an hour; a short dip is nothing', () => {
    const place = new AlarmVillage({})
    for (const kind of ['mains-lost', 'link-lost', 'clock-unsynced'] as const)
      place.judge({ type: 'box', fact: { kind, isPresent: true } })
    place.judge({ type: 'box', fact: { kind: 'mains-lost', isPresent: true } })
    expect(place.wait(59)).toEqual([])
    expect(place.wait(2).map(({ alarm }) => alarm.kind)).toEqual(['mains-lost'])
    expect(place.wait(120).map(({ alarm }) => alarm.kind)).toEqual(['link-lost'])
    place.judge({ type: 'box', fact: { kind: 'clock-unsynced', isPresent: false } })
    expect(place.wait(7200)).toEqual([])
    place.judge({ type: 'box', fact: { kind: 'mains-lost', isPresent: false } })
    expect(place.alarm('box-1', 'mains-lost')?.state).toBe('returned-unacknowledged')
  })

  test('facts under the id that the box had before end when it tells them under its own', () => {
    const old = new AlarmVillage({})
    old.judge({ type: 'box', fact: { kind: 'box-disk-full', isPresent: true } })
    for (const kind of ['clock-unsynced', 'link-lost'] as const)
      old.judge({ type: 'box', fact: { kind, isPresent: true } })
    expect(old.wait(200).map(({ alarm }) => alarm.kind)).toEqual(['link-lost'])
    const place = new AlarmVillage({}, false, 'box-2')
    for (const [key, value] of old.documents) place.documents.set(key, value)
    place.nowMs = old.nowMs
    place.judge({ type: 'started' })
    // At a start each is reported once.
    place.judge({ type: 'box', fact: { kind: 'box-disk-full', isPresent: true } })
    for (const kind of ['clock-unsynced', 'link-lost'] as const)
      place.judge({ type: 'box', fact: { kind, isPresent: false } })
    for (const kind of ['box-disk-full', 'link-lost'])
      expect([kind, place.alarm('box-1', kind)?.state]).toEqual([kind, 'returned-unacknowledged'])
    expect(place.alarm('box-2', 'box-disk-full')?.state).toBe('unacknowledged')
    // A fact that waited under the old id is dropped: it neither becomes an alarm nor stays due for ever.
    expect(place.wait(7200).filter(({ alarm }) => alarm.kind === 'clock-unsynced')).toEqual([])
    expect(place.nextDueMs()).toBeGreaterThan(place.nowMs)
    expect(place.memory.get('box')).not.toHaveProperty(['waiting', 'box-1/clock-unsynced'])
  })

  test('facts hide nothing from the person who reads them', () => {
    const place = new AlarmVillage({})
    const remark = { zh: '\u202e坏\u0007', en: '\u001b[2K\rbad' }
    place.judge({ type: 'box', fact: { kind: 'camera-offline', subject: 'cam-1', isPresent: true, remark } })
    expect(JSON.stringify(place.alarm('cam-1', 'camera-offline'))).not.toMatch(/\\u00|\\r|\u202e/)
  })

  test('facts of any length leave a text that a Report can carry', () => {
    const place = new AlarmVillage({})
    const facts = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`fact${index}`, 'x'.repeat(50)]),
    )
    place.judge({ type: 'box', fact: { kind: 'box-disk-full', isPresent: true, facts } })
    expect(place.alarm('box-1', 'box-disk-full')?.text.en.length).toBeLessThan(1000)
  })

  test('a camera is its own subject, salvage carries its count and ends only by people', () => {
    const place = new AlarmVillage({})
    place.judge({ type: 'box', fact: { kind: 'camera-offline', isPresent: true, subject: 'cam-1' } })
    expect(place.alarm('cam-1', 'camera-offline')?.colour).toBe('blue')
    place.judge({ type: 'box', fact: { kind: 'journal-damaged', isPresent: true, facts: { salvaged: 12 } } })
    const alarm = place.alarm('box-1', 'journal-damaged')
    expect(alarm?.text.en).toContain('salvaged 12')
    place.judge({ type: 'stage', alarm: alarm?.id ?? '', stage: 'closed' })
    expect(place.alarm('box-1', 'journal-damaged')).toBeUndefined()
  })

  test('a lost connection is silence after its own time, and a device that dropped before it ever spoke is unknown', () => {
    const place = new AlarmVillage({
      devices: [
        { id: 'siren', kind: 'siren' },
        { id: 'quiet', kind: 'siren' },
      ],
    })
    place.judge({ type: 'presence', device: 'quiet', isOnline: false })
    place.judge({ type: 'presence', device: 'siren', isOnline: true })
    place.judge({ type: 'presence', device: 'siren', isOnline: false })
    expect(place.wait(179)).toEqual([])
    expect(place.wait(2).map(({ alarm }) => alarm.device)).toEqual(['siren'])
    place.judge({ type: 'presence', device: 'siren', isOnline: true })
    expect(place.alarm('siren', 'device-silent')?.state).toBe('returned-unacknowledged')
  })
})
