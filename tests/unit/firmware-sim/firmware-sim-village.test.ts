// A simulated village is the same each time its seed is the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { parsePasswords, readCredentials } from '../../../firmware-sim/links/credentials.ts'
import { createPopulation, populationMax } from '../../../firmware-sim/village/population.ts'
import { parseScenario, runScenario } from '../../../firmware-sim/village/scenario.ts'
import { createVillageConfig } from '../../../firmware-sim/village/village-config.ts'
import { createVillage } from '../../../firmware-sim/village/village.ts'
import { deviceSchema, zoneSchema } from '../../../gateway/config/alarm-settings.ts'
import { VirtualClock } from '../../../protocols/kit/clock.ts'

const nobody = 'mqtt://127.0.0.1:1'

test('a larger village keeps the ids, kinds and zones of a smaller one with the same seed', () => {
  const small = createPopulation(20, 7)
  expect(createPopulation(500, 7).slice(0, 20)).toEqual(small)
  expect(small.slice(0, 4).map(({ id }) => id)).toEqual(['button-001', 'door-001', 'door-002', 'water-001'])
  expect(createPopulation(20, 8)).not.toEqual(small)
})

test('refuses a village without devices or with too many', () => {
  expect(() => createPopulation(0, 7)).toThrow('1 to 2000 devices')
  expect(() => createPopulation(populationMax + 1, 7)).toThrow('1 to 2000 devices')
})

test('the printed configuration is one that the gateway takes', () => {
  const config = parse(createVillageConfig({ devices: 30, seed: 7, intervalSeconds: 60 })) as {
    zones: unknown[]
    devices: { id: string; zone: string }[]
  }
  const zones = config.zones.map((zone) => zoneSchema.parse(zone).id)
  for (const device of config.devices) expect(zones).toContain(deviceSchema.parse(device).zone)
  expect(config.devices.map(({ id }) => id)).toEqual(createPopulation(30, 7).map(({ id }) => id))
})

test('a scenario does its steps on time and in the order written', () => {
  const clock = new VirtualClock()
  const events: string[] = []
  const village = createVillage({
    seed: 7,
    devices: 10,
    url: nobody,
    clock,
    reportIntervalMs: 0,
    onEvent: (id, { payload }) =>
      events.push(`${clock.monotonicMs()} ${id} ${Buffer.from(payload).toString()}`),
  })
  village.start()
  const scenario = parseScenario(`
name: a bad night
steps:
  - { at: 5, device: button-001, do: press, how: held }
  - { at: 2, device: door-001, do: open }
  - { at: 2, device: door-001, do: close }
  - { at: 6, device: button-001, do: reboot }
  - { at: 7, device: button-001, do: press }
`)
  if (!scenario.ok) throw new Error('the scenario should parse')
  runScenario(village, scenario.value)
  clock.advance(10_000)
  village.stop()
  expect(events.map((line) => line.replace(/"at":\d+,/, ''))).toEqual([
    '2000 door-001 {"id":"1-1","contact":"open"}',
    '2000 door-001 {"id":"1-2","contact":"closed"}',
    '5000 button-001 {"id":"1-1","button":"held"}',
    '7000 button-001 {"id":"2-1","button":"pressed"}',
  ])
})

test('a scenario with an unknown step, key or device is refused before anything happens', () => {
  expect(parseScenario('steps: [{ at: 1, device: button-001, do: explode }]').ok).toBe(false)
  expect(parseScenario('steps: [{ at: 1, device: button-001, do: press, hard: true }]').ok).toBe(false)
  expect(parseScenario('steps: [').ok).toBe(false)
  const village = createVillage({ seed: 7, devices: 1, url: nobody, clock: new VirtualClock() })
  expect(() =>
    runScenario(village, { steps: [{ at: 1, device: 'button-999', do: 'press', how: 'pressed' }] }),
  ).toThrow('no device button-999')
})

test('a flood raises the level that a water monitor reports, and it reports the rise without being asked', () => {
  const clock = new VirtualClock()
  const levels: number[] = []
  const village = createVillage({
    seed: 7,
    devices: 4,
    url: nobody,
    clock,
    reportIntervalMs: 600_000,
    onEvent: (id, { payload }) => {
      const { waterLevelMm } = JSON.parse(Buffer.from(payload).toString()) as { waterLevelMm?: number }
      if (id === 'water-001' && waterLevelMm !== undefined) levels.push(waterLevelMm)
    },
  })
  village.start()
  clock.advance(600_000)
  const before = levels.length
  village.water('water-001').flood(1000, 900_000)
  clock.advance(900_000)
  village.stop()
  expect(levels.length - before).toBeGreaterThan(10)
  expect((levels.at(-1) ?? 0) - (levels[before - 1] ?? 0)).toBeGreaterThan(900)
})

test('a device whose battery is dead stops at its next report and does not start again', () => {
  const clock = new VirtualClock()
  const village = createVillage({ seed: 7, devices: 1, url: nobody, clock, reportIntervalMs: 60_000 })
  village.start()
  const { device } = village.button('button-001')
  device.battery?.replace(0)
  clock.advance(120_000)
  device.start()
  expect(device.isOn).toBe(false)
  expect(village.press('button-001')).toBeUndefined()
})

test('passwords come from lines, with * for all others, and a device without one is named', () => {
  expect(parsePasswords('# kitchen\nbutton-001:a:b\n\n*:rest\n')).toEqual(
    new Map([
      ['button-001', 'a:b'],
      ['*', 'rest'],
    ]),
  )
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-sim-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const passwordFile = join(folder, 'passwords')
  writeFileSync(passwordFile, 'button-001:secret\n')
  const credential = readCredentials({ passwordFile })
  expect(credential('button-001')).toEqual({ username: 'button-001', password: 'secret' })
  expect(() => credential('door-001')).toThrow('no password for door-001')
  expect(() => readCredentials({ certDir: folder })('door-001')).toThrow('no certificate for door-001')
})
