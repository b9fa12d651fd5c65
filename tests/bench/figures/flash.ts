// How many bytes reach the flash for one routine report of an idle village (500 devices, one report a minute each), by
// commit window, beside a naive table? All run side by side in real time; the kernel counts.
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTown } from '../../kits/system/programs.ts'
import { printTable, printVerdict, short } from './figures.ts'
import { writtenBytes } from './kernel-figures.ts'
import { Load } from '../load/load.ts'
import { pause, readOptions } from '../options.ts'
import { villageDevices } from '../village.ts'

const windowsMs = [0, 250, 1000, 5000]
const settleMs = 5000

interface Twin {
  name: string
  pid: number
  events(): Promise<number>
  close(): Promise<void>
}

async function gateway(
  windowMs: number,
  devices: number,
  perSecond: number,
  centrePort: number,
): Promise<Twin> {
  const town = await createTown({
    box: { id: `bench-${windowMs}`, name: 'bench' },
    devices: villageDevices(devices),
    journal: { commitWindowMs: windowMs },
    uplink: { url: `mqtt://127.0.0.1:${centrePort}` },
  })
  const program = await town.startGateway()
  const load = new Load()
  await load.ask({ order: 'connect', port: town.ports.mqtt, devices })
  await load.ask({ order: 'steady', perSecond })
  return {
    name: `Gengfu, window ${windowMs} ms`,
    pid: program.pid,
    events: async () => (await load.ask({ order: 'count' })).acked,
    async close() {
      load.close()
      await town.close()
    },
  }
}

function naive(mode: 'delete' | 'wal', perSecond: number): Twin {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-naive-'))
  const child = fork(
    fileURLToPath(new URL('../load/naive-twin.ts', import.meta.url)),
    [folder, mode, String(perSecond)],
    { execArgv: ['--import', 'tsx'] },
  )
  return {
    name: `naive table, ${mode === 'wal' ? 'write-ahead log' : 'rollback journal'}`,
    pid: child.pid ?? 0,
    events: () =>
      new Promise((resolve) => {
        child.once('message', resolve)
        child.send('count')
      }),
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function runFlash(args: readonly string[]): Promise<void> {
  const { seconds, devices } = readOptions(args, { seconds: 150, devices: 500 })
  const perSecond = devices / 60
  const town = await createTown()
  const twins: Twin[] = []
  try {
    await town.startCentre()
    for (const windowMs of windowsMs)
      twins.push(await gateway(windowMs, devices, perSecond, town.ports.uplink))
    twins.push(naive('delete', perSecond), naive('wal', perSecond))
    await pause(settleMs)
    const look = async (twin: Twin): Promise<[events: number, bytes: number]> => [
      await twin.events(),
      writtenBytes(twin.pid),
    ]
    const before = await Promise.all(twins.map(look))
    await pause(seconds * 1000)
    const after = await Promise.all(twins.map(look))
    const perEvent = after.map(
      ([events, bytes], at) => (bytes - (before[at]?.[1] ?? 0)) / (events - (before[at]?.[0] ?? 0)),
    )
    const naiveBytes = perEvent[windowsMs.length] ?? Number.NaN
    printTable(
      `flash: ${devices} devices, one report a minute, ${seconds} s, bytes of the kernel's write_bytes`,
      ['', 'events', 'bytes/event', 'beside naive'],
      twins.map(({ name }, at) => [
        name,
        String((after[at]?.[0] ?? 0) - (before[at]?.[0] ?? 0)),
        short(perEvent[at] ?? Number.NaN),
        short((perEvent[at] ?? Number.NaN) / naiveBytes),
      ]),
    )
    printVerdict('bytes an event at 250 ms', perEvent[1] ?? 0, (perEvent[1] ?? Infinity) <= 4096, '4096')
    printVerdict('bytes an event at 1 s', perEvent[2] ?? 0, (perEvent[2] ?? Infinity) <= 1024, '1024')
  } finally {
    await Promise.all(twins.map((twin) => twin.close()))
    await town.close()
  }
}
