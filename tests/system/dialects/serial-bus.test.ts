// Question: is a gauge at a serial RS-485 adapter (pymodbus behind a pseudo-terminal) heard as a device, and again after its adapter
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

async function plugIn(levelMm: number): Promise<void> {
  // The system's own Python has pymodbus, another one in front of it may not.
  gauge = spawn('/usr/bin/python3', [gaugeProgram, adapter, String(levelMm)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (gauge.stdout) await once(gauge.stdout, 'data')
}

beforeAll(async () => {
  await plugIn(1500)
  const registers = [{ reading: 'waterLevelMm', at: 10, min: 0, max: 9000 }]
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
          units: [{ unit: 3, device: 'creek', registers }],
        },
      },
    ],
    devices: [{ id: 'creek', kind: 'water', via: 'rs485', water: { warningMm: 1000, historicMm: 2000 } }],
  })
}, 60_000)
afterAll(async () => {
  gauge.kill('SIGKILL')
  await box.gateway.stop()
  place.remove()
  rmSync(scratch, { recursive: true, force: true })
}, 60_000)

const levels = async (): Promise<unknown[]> => {
  const answer = await fetch(new URL('/api/v1/health', box.consoleUrl))
  const { alarms } = (await answer.json()) as HealthAnswer
  return alarms.list.map(({ device, kind, colour, readings }) => [
    device,
    kind,
    colour,
    readings?.['waterLevelMm'],
  ])
}
const wait = { timeout: 60_000, interval: 200 }

test('a gauge at a serial adapter is polled, also at an adapter that was pulled out and is there again', async () => {
  await vi.waitFor(
    async () => expect(await levels()).toContainEqual(['creek', 'water', 'yellow', 1500]),
    wait,
  )
  gauge.kill('SIGKILL')
  await once(gauge, 'exit')
  await plugIn(2500)
  await vi.waitFor(async () => expect(await levels()).toContainEqual(['creek', 'water', 'red', 2500]), wait)
}, 150_000)
