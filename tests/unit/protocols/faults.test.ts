// Does every fault have its words and its remedy in both languages, and does what fails next come first?
import { expect, test } from 'vitest'
import { faultCodes, faultText, inOrderOfFailure, type Fault } from '../../../protocols/health/faults.ts'
import { faultsOfVitals } from '../../../protocols/health/vitals-faults.ts'
import {
  boxVitalsSchema,
  fitVitals,
  vitalsBytesMax,
  vitalsDevicesMax,
  type BoxVitals,
} from '../../../protocols/uplink/box-vitals.ts'
import { parseHeartbeat } from '../../../protocols/uplink/codec.ts'

const nowMs = Date.parse('2026-11-30T12:00:00Z')
const dayMs = 86_400_000
const healthy: BoxVitals = { version: '1.0.0', disk: { freeBytes: 8e9, totalBytes: 16e9 }, cardYears: 12 }
const codesOf = (vitals: Partial<BoxVitals>, more = {}): string[] =>
  faultsOfVitals({ ...healthy, ...vitals }, { nowMs, ...more }).map(({ code }) => code)

test('every fault has words and a remedy in both languages', () => {
  expect(faultCodes.length).toBeGreaterThan(35)
  for (const code of faultCodes) {
    const { problem, remedy } = faultText({ code, facts: {} })
    for (const { zh, en } of [problem, remedy]) {
      expect([code, /[a-z]{3}/.test(en)]).toEqual([code, true])
      expect([code, zh === '{path}：{why}' || /[\u4e00-\u9fff]/u.test(zh)]).toEqual([code, true])
    }
  }
})

test('a box in good health has no fault', () => expect(codesOf({})).toEqual([]))

test.each<[string, Partial<BoxVitals>, object?]>([
  ['disk-low', { disk: { freeBytes: 100e6, totalBytes: 16e9 } }],
  ['card-worn', { cardYears: 0.8 }],
  ['memory-low', { memory: { freeBytes: 10e6, totalBytes: 512e6 } }],
  ['hot', { temperatureC: 84 }],
  ['undervoltage', { isUndervolted: true }],
  ['on-battery', { isOnMains: false }],
  ['journal-dropping', { journal: 'dropping' }],
  ['journal-salvaged', { journal: 'salvaged' }],
  ['certificate-ends', { certificate: { holder: 'box', endsAtMs: nowMs + 10 * dayMs } }],
  ['sim-expires', { sim: { card: 'CMCC 7', expiresOn: '2026-12-10' } }],
  ['sim-weak', { sim: { signalPercent: 12 } }],
  ['link-slow', { link: { roundTripMs: 9000 } }],
  ['buffer-waits', { waiting: { records: 5000 } }],
  ['device-silent', { devices: [{ id: 'd', presence: 'silent', quietMs: 8e6 }] }],
  ['battery-low', { devices: [{ id: 'd', presence: 'present', batteryPercent: 9 }] }],
  ['battery-ends', { devices: [{ id: 'd', presence: 'present', flatAtMs: nowMs + 40 * dayMs }] }],
  ['signal-weak', { devices: [{ id: 'd', presence: 'present', signalDbm: -118 }] }],
  ['camera-dead', { cameras: [{ id: 'c', zh: '无应答', en: 'no answer' }] }],
  ['camera-faulty', { cameras: [{ id: 'c', isFaulty: true, zh: '密码错误', en: 'wrong password' }] }],
  ['devices-unheard', { unheard: { count: 1, ofDevices: 9, devices: ['door-1'] } }],
  ['unreadable', { findings: [{ code: 'unreadable', facts: { count: 1, topic: 't', why: 'w' } }] }],
  ['bridge-down', { bridges: [{ id: 'z2m' }] }],
  ['clock-unsynced', {}, { isClockSynced: false }],
  ['clock-differs', {}, { clockOffsetMs: -60_000 }],
])('finds %s alone', (code, vitals, more) => {
  expect(codesOf(vitals, more)).toEqual([code])
})

test('a box where no device was heard must be repaired now, and a code that no box may tell is left out', () => {
  const unheard = { count: 12, ofDevices: 12, devices: Array.from({ length: 12 }, (_, at) => `d-${at}`) }
  const [found] = faultsOfVitals({ ...healthy, unheard }, { nowMs })
  expect(found?.grade).toBe('act')
  expect(faultText(found ?? { code: 'hot', facts: {} }).problem.en).toContain('12 devices')
  expect(found?.facts['devices']).toMatch(/d-9 …$/)
  expect(codesOf({ findings: [{ code: 'box-silent', facts: {} }] })).toEqual([])
})

test('what fails now comes first, then by the day, and what has no day last', () => {
  const found: Fault[] = [
    { code: 'hot', grade: 'watch', facts: {} },
    { code: 'battery-ends', grade: 'watch', facts: {}, failsAtMs: nowMs + 40 * dayMs },
    { code: 'sim-expires', grade: 'watch', facts: {}, failsAtMs: nowMs + 3 * dayMs },
    { code: 'device-silent', grade: 'act', facts: {} },
    { code: 'certificate-ends', grade: 'act', facts: {}, failsAtMs: nowMs - dayMs },
  ]
  expect(inOrderOfFailure(found).map(({ code }) => code)).toEqual([
    'device-silent',
    'certificate-ends',
    'sim-expires',
    'battery-ends',
    'hot',
  ])
})

test('the health of a large village fits into a heartbeat; what it can not read does not make a box silent', () => {
  const devices = Array.from({ length: 300 }, (_, at) => ({
    id: `device-${at}`,
    name: `西头第 ${at} 户门磁`.repeat(4),
    presence: 'silent' as const,
  }))
  const fitted = fitVitals({ ...healthy, devices })
  expect(fitted.devices?.length).toBeLessThanOrEqual(vitalsDevicesMax)
  expect(Buffer.byteLength(JSON.stringify(fitted))).toBeLessThanOrEqual(vitalsBytesMax)
  expect(boxVitalsSchema.safeParse(fitted).success).toBe(true)
  const beat = {
    v: 1,
    epoch: 'abcd1234',
    lanes: {},
    boot: 1,
    sinceBootMs: 1,
    atMs: 1,
    clock: 'synced',
    uptimeMs: 1,
  }
  const read = (vitals: unknown) => parseHeartbeat(Buffer.from(JSON.stringify({ ...beat, vitals })))
  expect(read(fitted)).toMatchObject({ ok: true, value: { vitals: { version: '1.0.0' } } })
  const strange = read({ version: 7, disk: 'full' })
  expect(strange.ok && strange.value.vitals).toBe(undefined)
  expect(strange.ok).toBe(true)
})
