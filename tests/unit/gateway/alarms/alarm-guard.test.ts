// Question: are the armed, bypassed, tested and shelved items reported with the person, for as long as they apply, and
// never more than fit?
import { expect, test } from 'vitest'
import { fitGuard, guardOf } from '../../../../gateway/alarms/guard.ts'
import { HeartbeatGuardState } from '../../../../gateway/health/heartbeat-guard-state.ts'
import {
  guardBytesMax,
  guardSchema,
  guardTimes,
  isSameGuard,
  type Guard,
} from '../../../../protocols/domain/guard.ts'
import { AlarmVillage, settingsFrom } from './alarm-village.ts'

const place = {
  zones: [{ id: 'hall', name: '祠堂', armed: true }, { id: 'home' }],
  devices: [
    { id: 'door', name: '祠堂门', kind: 'contact' as const, zone: 'hall' },
    { id: 'sos', kind: 'button' as const, zone: 'home' },
  ],
}

test('tells who armed, bypassed, shelved and tests what, since and until when, and forgets it when it is over', () => {
  const village = new AlarmVillage(place)
  const guard = (): Guard => guardOf(village.memory, settingsFrom(place) as never, village.nowMs)
  expect(guard()).toEqual({
    zones: [{ id: 'hall', name: '祠堂', isArmed: true, by: 'default' }],
    bypassed: [],
    maintenance: [],
    shelved: [],
  })
  village.wait(60)
  village.judge({ type: 'arm', zone: 'hall', isArmed: false, by: 'li' })
  village.judge({ type: 'bypass', device: 'door', forMs: 600_000, by: 'zhao' })
  village.judge({ type: 'maintenance', zone: 'box', forMs: 300_000, by: 'fitter' })
  village.wait(60)
  expect(guard()).toMatchObject({
    zones: [{ id: 'hall', isArmed: false, by: 'li', forMs: 60_000 }],
    bypassed: [{ id: 'door', name: '祠堂门', by: 'zhao', leftMs: 540_000 }],
    maintenance: [{ id: 'box', by: 'fitter', leftMs: 240_000 }],
  })
  village.wait(600)
  expect(guard()).toMatchObject({ bypassed: [], maintenance: [] })
  village.says('sos', { batteryPercent: 3 })
  const alarm = village.transitions.at(-1)?.alarm.id ?? ''
  village.judge({ type: 'shelve', alarm, forMs: 900_000, by: 'wang' })
  expect(guard().shelved).toEqual([{ id: alarm, name: 'sos', by: 'wang', leftMs: 900_000 }])
  expect(guardSchema.safeParse(guard()).success).toBe(true)
})

test('keeps within a heartbeat, and says how much it left out', () => {
  const zones = Array.from({ length: 300 }, (_, index) => ({
    id: `zone-${index}`,
    name: '村口'.repeat(80),
    isArmed: true,
    by: 'li',
  }))
  const fit = fitGuard({ zones, bypassed: [], maintenance: [], shelved: [] })
  expect(Buffer.byteLength(JSON.stringify(fit))).toBeLessThanOrEqual(guardBytesMax)
  expect(fit.zones.length + (fit.more ?? 0)).toBe(300)
  expect(fit.zones.length).toBeGreaterThan(5)
})

test('is sent after a change, after a connection and from time to time, not with every heartbeat', () => {
  let by = 'li'
  let forMs = 0
  const news = new HeartbeatGuardState(() => ({
    zones: [{ id: 'hall', isArmed: true, by, forMs: (forMs += 30_000) }],
    bypassed: [],
    maintenance: [],
    shelved: [],
  }))
  const told = (many: number): boolean[] => Array.from({ length: many }, () => news.next() !== undefined)
  expect(told(11)).toEqual([true, ...Array.from({ length: 9 }, () => false), true])
  by = 'zhao'
  expect(told(2)).toEqual([true, false])
  news.forget()
  expect(told(2)).toEqual([true, false])
})

test('is the same for the centre although it travels, and another one when anything in it is', () => {
  const bypass = { id: 'door', by: 'li', leftMs: 600_000 }
  const guard: Guard = { zones: [], bypassed: [bypass], maintenance: [], shelved: [] }
  const before = guardTimes(guard, 1_000_000)
  expect(before.bypassed).toEqual([{ id: 'door', by: 'li', untilMs: 1_600_000 }])
  const later = (change: Partial<typeof bypass>): Guard => ({
    ...guard,
    bypassed: [{ ...bypass, ...change }],
  })
  expect(isSameGuard(before, guardTimes(later({ leftMs: 570_000 }), 1_031_000))).toBe(true)
  expect(isSameGuard(before, guardTimes(later({ leftMs: 900_000 }), 1_031_000))).toBe(false)
  expect(isSameGuard(before, guardTimes(later({ by: 'zhao', leftMs: 570_000 }), 1_031_000))).toBe(false)
  expect(isSameGuard(undefined, before)).toBe(false)
})
