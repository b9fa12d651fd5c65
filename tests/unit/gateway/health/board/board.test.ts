// Does the box read its board, its modem and its batteries as they tell of themselves, and is silent where they do not?
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BatteryForecast, flatAtMs, withPoint } from '../../../../../gateway/health/board/battery-forecast.ts'
import { readBoard } from '../../../../../gateway/health/board/board-facts.ts'
import { BoxExtras } from '../../../../../gateway/health/board/box-extras.ts'
import { askModem, parseModem, readModemTraffic } from '../../../../../gateway/health/board/sim-facts.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'

const dayMs = 86_400_000
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gengfu-board-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function plant(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

test('a board tells its model, memory, heat, voltage and mains', () => {
  plant({
    'sys/firmware/devicetree/base/model': 'Raspberry Pi 4 Model B Rev 1.4\0',
    'proc/meminfo': 'MemTotal:        1000000 kB\nMemFree: 5 kB\nMemAvailable:     250000 kB\n',
    'sys/class/thermal/thermal_zone0/temp': '48200\n',
    'sys/class/thermal/thermal_zone1/temp': '51000\n',
    'sys/devices/platform/soc/soc:firmware/get_throttled': '50000\n',
    'sys/class/power_supply/AC/type': 'Mains\n',
    'sys/class/power_supply/AC/online': '0\n',
    'sys/class/power_supply/BAT0/type': 'Battery\n',
  })
  expect(readBoard(root)).toEqual({
    model: 'Raspberry Pi 4 Model B Rev 1.4',
    memory: { freeBytes: 250_000 * 1024, totalBytes: 1_000_000 * 1024 },
    temperatureC: 51,
    isUndervolted: true,
    isOnMains: false,
  })
})

test('a machine that tells nothing has no fact', () => expect(readBoard(root)).toEqual({}))

test('the modem tells operator and signal; what is no answer of it tells nothing', async () => {
  const answer = {
    modem: {
      '3gpp': { 'operator-name': 'CHINA MOBILE', imei: '--' },
      generic: { 'signal-quality': { recent: 'yes', value: '67' }, sim: '/org/x/SIM/0' },
    },
  }
  expect(parseModem(JSON.stringify(answer))).toEqual({ operator: 'CHINA MOBILE', signalPercent: 67 })
  expect(parseModem('{"modem":{"3gpp":{"operator-name":"--"}}}')).toEqual({})
  expect(parseModem('no modem')).toBe(undefined)
  const program = join(root, 'mmcli')
  writeFileSync(program, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`)
  chmodSync(program, 0o755)
  expect(await askModem(program)).toMatchObject({ signalPercent: 67 })
  expect(await askModem(join(root, 'none'))).toBe(undefined)
})

test('traffic is that of modems alone', () => {
  expect(readModemTraffic(root)).toBe(undefined)
  plant({
    'sys/class/net/eth0/statistics/rx_bytes': '999\n',
    'sys/class/net/wwan0/statistics/rx_bytes': '1000\n',
    'sys/class/net/wwan0/statistics/tx_bytes': '24\n',
  })
  expect(readModemTraffic(root)).toBe(1024)
})

test('a battery that loses a tenth in 30 days is flat when the line says so', () => {
  const at = (days: number, percent: number): [number, number] => [days * dayMs, percent]
  const flat = flatAtMs([at(0, 95), at(30, 85), at(60, 75)])
  expect(Math.round((flat ?? 0) / dayMs)).toBe(270)
  expect(flatAtMs([at(0, 95), at(3, 60)])).toBe(undefined)
  expect(flatAtMs([at(0, 80), at(40, 80)])).toBe(undefined)
  expect(withPoint([at(0, 30), at(9, 20)], 10 * dayMs, 100)).toEqual([at(10, 100)])
  let points: [number, number][] = []
  for (let day = 0; day < 60; day++) points = withPoint(points, day * dayMs, 100 - day)
  expect(points.length).toBeLessThanOrEqual(24)
})

test('levels are written once a day, survive a restart, and a damaged file starts anew', () => {
  const forecast = new BatteryForecast(root)
  const file = join(root, 'batteries.json')
  expect(forecast.note(new Map([['door-1', 90]]), 0)).toBe(true)
  expect(forecast.note(new Map([['door-1', 89]]), 3_600_000)).toBe(false)
  for (let day = 1; day <= 40; day++) forecast.note(new Map([['door-1', 90 - day]]), day * dayMs)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = new BatteryForecast(root)
  expect(Math.round((again.flatAtMs('door-1', 40 * dayMs) ?? 0) / dayMs)).toBe(85)
  // No other level was heard for as long again: it lasts longer.
  expect(again.flatAtMs('door-1', 80 * dayMs)).toBeGreaterThan(90 * dayMs)
  writeFileSync(file, '{"door-1":[["x"]]}')
  expect(new BatteryForecast(root).flatAtMs('door-1', 0)).toBe(undefined)
})

test('the health page gets the board, the card of the SIM, bridges and the month of a battery', async () => {
  const clock = new VirtualClock()
  let percent = 90
  let wallMs: number | undefined = 0
  const extras = new BoxExtras({
    config: {
      dataDir: root,
      box: { id: 'b', dailyReportAt: '20:00', sim: { label: 'CMCC 7', expiresOn: '2027-03-31' } },
      uplink: undefined,
      mqtt: { listeners: [] } as never,
      bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt' }] as never,
    },
    clock,
    wallMs: () => wallMs,
    batteries: () => new Map([['door-1', percent]]),
    isConnected: () => false,
    onFailed: (error) => {
      throw error
    },
    root,
    modem: async () => ({ operator: 'CMCC', signalPercent: 40 }),
  })
  await extras.askModem()
  for (let day = 0; day <= 20; day++) {
    wallMs = day * dayMs
    percent = 90 - day
    extras.noteBatteries()
  }
  const device = { id: 'door-1', presence: 'present' as const, batteryPercent: percent }
  expect(extras.withForecast(device).flatAtMs).toBeGreaterThan(20 * dayMs)
  wallMs = undefined
  expect(extras.withForecast(device).flatAtMs).toBe(undefined)
  expect(extras.read()).toEqual({
    board: {},
    sim: { card: 'CMCC 7', expiresOn: '2027-03-31', operator: 'CMCC', signalPercent: 40 },
    bridges: [{ id: 'z2m', dialect: 'zigbee2mqtt', isConnected: false }],
  })
})
