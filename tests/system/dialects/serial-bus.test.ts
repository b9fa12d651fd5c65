// Question: is a sensor at a serial RS-485 adapter (pymodbus behind a pseudo-terminal) heard as a device, and again after its adapter
// was pulled out and put back?
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { HealthAnswer } from '../../../protocols/console/api.ts'
import { createBoxFolder, startBox, type BoxInProcess } from '../../kits/system/box-in-process.ts'

const gaugeProgram = join(import.meta.dirname, '../../kits/network/serial-gauge.py')
const place = createBoxFolder()
const scratch = mkdtempSync(join(tmpdir(), 'gengfu-serial-'))
const adapter = join(scratch, 'ttyUSB0')
let gauge: ChildProcess
let box: BoxInProcess

async function plugIn(value: number): Promise<void> {
  // The system's own Python has pymodbus, another one in front of it may not.
  gauge = spawn('/usr/bin/python3', [gaugeProgram, adapter, String(value)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (gauge.stdout) await once(gauge.stdout, 'data')
}

beforeAll(async () => {
  await plugIn(0)
  const registers = [{ reading: 'leak', at: 10, words: { 0: false, 1: true } }]
  box = await startBox(place.folder, {
    bridges: [
      {
        id: 'rs485',
        dialect: 'modbus',
        modbus: {
          serial: adapter,
          baudRate: 19_200,
          pollS: 1,
          timeoutMs: 2000,
          units: [{ unit: 3, device: 'cellar', registers }],
        },
      },
    ],
    devices: [{ id: 'cellar', kind: 'leak', via: 'rs485' }],
  })
}, 60_000)
afterAll(async () => {
  gauge.kill('SIGKILL')
  await box.gateway.stop()
  place.remove()
  rmSync(scratch, { recursive: true, force: true })
}, 60_000)

const health = async (): Promise<HealthAnswer> =>
  (await (await fetch(new URL('/api/v1/health', box.consoleUrl))).json()) as HealthAnswer
const wait = { timeout: 60_000, interval: 200 }

test('a sensor at a serial adapter is polled, also at an adapter that was pulled out and is there again', async () => {
  await vi.waitFor(
    async () => expect((await health()).devices.list).toMatchObject([{ id: 'cellar', presence: 'present' }]),
    wait,
  )
  expect((await health()).alarms.list).toEqual([])
  gauge.kill('SIGKILL')
  await once(gauge, 'exit')
  await plugIn(1)
  await vi.waitFor(
    async () => expect((await health()).alarms.list).toMatchObject([{ device: 'cellar', kind: 'leak' }]),
    wait,
  )
}, 150_000)
