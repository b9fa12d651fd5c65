// Are water readings checked and flagged, never dropped, and do stages wait only on the way down?
import { describe, expect, test } from 'vitest'
import { AlarmVillage } from './alarm-village.ts'

const creek = (): AlarmVillage =>
  new AlarmVillage({
    devices: [
      {
        id: 'gauge',
        kind: 'water',
        reportIntervalS: 300,
        water: { drySeasonMm: 300, nearWarningMm: 600, warningMm: 900, guaranteeMm: 1200, historicMm: 1700 },
      },
    ],
  })

/** Reports each five minutes; returns the transitions as `change variant colour`. */
function report(place: AlarmVillage, levelsMm: readonly number[], everyS = 300): string[] {
  const from = place.transitions.length
  for (const waterLevelMm of levelsMm) {
    place.says('gauge', { waterLevelMm })
    place.wait(everyS)
  }
  return place.transitions
    .slice(from)
    .filter(({ change }) => change !== 'updated')
    .map(({ change, alarm }) => `${change} ${alarm.variant} ${alarm.colour}`)
}

describe('stages', () => {
  test('up at once, down only after 15 min below the hysteresis', () => {
    const place = creek()
    expect(report(place, [500, 610, 700, 780, 860, 905])).toEqual([
      'raised near-warning blue',
      'escalated warning yellow',
    ])
    expect(report(place, [895, 855, 895, 851, 898])).toEqual([])
    expect(report(place, [845, 840, 835])).toEqual([])
    expect(report(place, [830])).toEqual(['deescalated near-warning blue'])
  })

  test('without the wait on the way down the check above would fail', () => {
    const place = new AlarmVillage({
      devices: [
        { id: 'gauge', kind: 'water', reportIntervalS: 300, water: { nearWarningMm: 600, warningMm: 900 } },
      ],
      limits: { waterStepDownS: 0 },
    })
    report(place, [800, 900])
    expect(report(place, [845])).toEqual(['deescalated near-warning blue'])
  })

  test('the first reading counts, the text names level, trend and the time to the next stage', () => {
    const place = creek()
    report(place, [700, 750, 800, 850])
    place.says('gauge', { waterLevelMm: 910 })
    const alarm = place.alarm('gauge', 'water')
    expect(alarm?.readings).toMatchObject({ waterLevelMm: 910, nextStage: 'guarantee', riseMmPerHour: 640 })
    expect(alarm?.readings?.['minutesToNextStage']).toBe(28)
    expect(alarm?.text.zh).toContain('约 28 分钟后到保证水位')
    expect(alarm?.text.en).toContain('about 28 min to the guarantee level')
  })
})

describe('rate of rise', () => {
  test('0.3 m in 15 min is yellow, and only above the dry-season level', () => {
    expect(report(creek(), [350, 450, 550, 655])).toEqual(['raised rise-yellow yellow'])
    expect(report(creek(), [-100, 0, 100, 205, 290])).toEqual([])
  })

  test('1 m in an hour is red although no stage is reached', () => {
    const place = new AlarmVillage({ devices: [{ id: 'gauge', kind: 'water', reportIntervalS: 300 }] })
    const levels = Array.from({ length: 14 }, (_, index) => index * 84)
    expect(report(place, levels)).toEqual(['raised rise-red red'])
  })
})

describe('steps', () => {
  test('a step waits for a second sample, asks for a burst, and is alarmed when it agrees', () => {
    const place = creek()
    report(place, [400, 400])
    const step = place.says('gauge', { waterLevelMm: 1300 })
    expect(step).toMatchObject({ flags: ['unconfirmed-step'], transitions: [] })
    expect(step.commands).toEqual([{ device: 'gauge', do: 'burst', seconds: 60 }])
    place.wait(10)
    expect(place.says('gauge', { waterLevelMm: 1310 })).toMatchObject({
      flags: ['confirmed-step'],
      colour: 'orange',
    })
  })

  test('a spike is forgotten by the next normal sample', () => {
    const place = creek()
    report(place, [400, 400, 1800])
    expect(place.says('gauge', { waterLevelMm: 402 })).toMatchObject({
      flags: ['after-spike'],
      transitions: [],
    })
  })

  test('a gauge that jumps and then says nothing more is taken at its word, one report late and never as red', () => {
    const place = creek()
    report(place, [400, 400])
    place.says('gauge', { waterLevelMm: 1800 })
    expect(place.wait(599)).toEqual([])
    expect(place.wait(2).map(({ alarm }) => `${alarm.variant} ${alarm.colour}`)).toEqual([
      'unconfirmed orange',
    ])
  })
})

describe('faults of the gauge', () => {
  test('flat for six hours is a fault above the dry-season level and ends with the next change', () => {
    const place = creek()
    const flat = Array.from({ length: 74 }, () => 500)
    expect(report(place, flat)).toEqual(['raised flat yellow'])
    expect(report(place, [503])).toEqual(['returned flat yellow'])
    expect(
      report(
        creek(),
        flat.map(() => 200),
      ),
    ).toEqual([])
  })

  test('one value out of range is flagged, three in a row are a fault', () => {
    const place = creek()
    report(place, [400])
    expect(place.says('gauge', { waterLevelMm: 1_000_000 })).toMatchObject({
      flags: ['out-of-range'],
      transitions: [],
    })
    expect(report(place, [1_000_000, 1_000_000])).toEqual(['raised out-of-range yellow'])
  })

  test('a gap is flagged', () => {
    const place = creek()
    report(place, [400])
    place.wait(600)
    expect(place.says('gauge', { waterLevelMm: 402 }).flags).toEqual(['gap'])
  })
})
