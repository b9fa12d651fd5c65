// Does the town learn about a device whose messages can not be decoded, and about no other?
import { describe, expect, it } from 'vitest'
import { parseDeviceEvent } from '../../../../protocols/device-mqtt/device-event.ts'
import { describeProblems } from '../../../../protocols/kit/result.ts'
import { AlarmVillage } from './alarm-village.ts'

const village = (): AlarmVillage =>
  new AlarmVillage({
    zones: [{ id: 'home', grade: 'strict' }],
    devices: [
      { id: 'button-1', kind: 'button', zone: 'home' },
      { id: 'smoke-1', kind: 'smoke', zone: 'home' },
      { id: 'gas-1', kind: 'gas' },
      { id: 'door-1', kind: 'contact' },
      { id: 'water-1', kind: 'water', reportIntervalS: 60, water: { historicMm: 3000 } },
      { id: 'other-1' },
    ],
  })

/** As intake does. */
function sends(place: AlarmVillage, device: string, text: string): void {
  const parsed = parseDeviceEvent(device, Buffer.from(text))
  if (parsed.ok) place.judge({ type: 'event', event: parsed.value })
  else place.judge({ type: 'unreadable', device, excerpt: text, problem: describeProblems(parsed.problems) })
}
const blind = (place: AlarmVillage, device: string) => place.alarm(device, 'device-blind')

describe('a listed device that cannot be decoded', () => {
  it.each([
    ['button-1', 'pressed', 'orange', '{"id":"1-2","button":"pressed"}'],
    ['button-1', '{"id":"1-1","button":"PRESSED"}', 'orange', '{"id":"1-2","button":"pressed"}'],
    ['button-1', '{"id":"1-1","action":"single"}', 'orange', '{"id":"1-2","batteryPercent":80}'],
    ['smoke-1', '{"id":"1-1","smoke":1}', 'orange', '{"id":"1-2","smoke":false}'],
    ['gas-1', 'GAS!', 'orange', '{"id":"1-2","gas":false}'],
    ['door-1', '{"id":"1-1","contact":"ajar"}', 'yellow', '{"id":"1-2","contact":"closed"}'],
    ['water-1', '{"id":"1-1","waterLevelMm":"3410"}', 'yellow', '{"id":"1-2","waterLevelMm":3410}'],
    ['other-1', '\u0001\u0002', 'yellow', '{"id":"1-2","windMs":3}'],
  ])('%s saying %s is raised in %s, and ends when it can be decoded', (device, text, colour, good) => {
    const place = village()
    sends(place, device, text)
    expect(blind(place, device)).toMatchObject({ colour, state: 'unacknowledged' })
    sends(place, device, good)
    expect(blind(place, device)?.state).toBe('returned-unacknowledged')
  })

  it('is raised with its first bytes, and counted without a second row', () => {
    const place = village()
    for (let i = 0; i < 3; i++) sends(place, 'button-1', 'xx pressed')
    expect(blind(place, 'button-1')?.text.en).toContain('First bytes: xx pressed')
    expect(blind(place, 'button-1')?.text.zh).toContain('首字节：xx pressed')
    expect(place.alarms().filter(({ kind }) => kind === 'device-blind')).toHaveLength(1)
  })

  it('lives, and is not silent beside', () => {
    const place = village()
    for (let minute = 0; minute < 10; minute++) {
      sends(place, 'water-1', '{"id":"1-1","waterLevelMm":"x"}')
      place.wait(60)
    }
    expect(place.alarm('water-1', 'device-silent')).toBeUndefined()
  })
})

describe('a listed device that writes to topics that no dialect knows', () => {
  const elsewhere = (place: AlarmVillage, device: string): void => {
    place.judge({ type: 'unreadable', device, excerpt: 'ON', problem: 'a topic', isElsewhere: true })
  }

  it('is told at its third message, and it ends with the first that can be read', () => {
    const place = village()
    for (let i = 0; i < 2; i++) elsewhere(place, 'smoke-1')
    expect(blind(place, 'smoke-1')).toBeUndefined()
    elsewhere(place, 'smoke-1')
    expect(blind(place, 'smoke-1')).toMatchObject({ colour: 'orange', state: 'unacknowledged' })
    sends(place, 'smoke-1', '{"id":"1-1","smoke":false}')
    expect(blind(place, 'smoke-1')?.state).toBe('returned-unacknowledged')
  })

  it('is not told when it can be read beside, when its kind has no readings, or when it is not listed', () => {
    const place = village()
    sends(place, 'button-1', '{"id":"1-1","batteryPercent":80}')
    for (const device of ['button-1', 'other-1', 'stranger-1'])
      for (let i = 0; i < 5; i++) elsewhere(place, device)
    expect(place.alarms().filter(({ kind }) => kind === 'device-blind')).toEqual([])
  })
})

describe('no blindness is invented', () => {
  it('of a press with a bad value beside it, which is a call', () => {
    const place = village()
    sends(place, 'button-1', '{"id":"1-1","button":"pressed","batteryPercent":nan}')
    expect(place.alarm('button-1', 'sos')?.colour).toBe('red')
    expect(blind(place, 'button-1')).toBeUndefined()
  })

  it('of a battery alone, a bare sign of life, or a bad battery beside nothing', () => {
    const place = village()
    for (const text of [
      '{"id":"1-1","batteryPercent":80}',
      '{"id":"1-2"}',
      '{"id":"1-3","batteryPercent":null}',
    ])
      for (const device of ['button-1', 'smoke-1', 'door-1', 'water-1']) sends(place, device, text)
    expect(place.alarms().filter(({ kind }) => kind === 'device-blind')).toEqual([])
  })

  it('of a gauge that fails once or twice among levels, but of three in a row', () => {
    const place = village()
    const say = (level: string): void => sends(place, 'water-1', `{"id":"1-1","waterLevelMm":${level}}`)
    for (const level of ['1000', 'null', 'nan', '1001', 'null', 'null']) say(level)
    expect(blind(place, 'water-1')).toBeUndefined()
    say('null')
    expect(blind(place, 'water-1')?.colour).toBe('yellow')
  })

  it('of a gauge that reports its battery between levels, but of one that never gives a level', () => {
    const place = village()
    for (let i = 0; i < 12; i++) {
      sends(
        place,
        'water-1',
        i % 4 === 0 ? '{"id":"1-1","waterLevelMm":1000}' : '{"id":"1-1","batteryPercent":80}',
      )
      place.wait(20)
    }
    expect(blind(place, 'water-1')).toBeUndefined()
    for (let i = 0; i < 12; i++) {
      sends(place, 'water-1', '{"id":"1-1","levelCm":331}')
      place.wait(20)
    }
    expect(blind(place, 'water-1')).toMatchObject({ colour: 'yellow', variant: 'no-level' })
  })

  it('of an unlisted device', () => {
    const place = village()
    sends(place, 'stranger', 'xx')
    expect(place.alarms()).toEqual([])
  })
})
