// How long from starting the process to the first durable PUBACK, with an empty journal and with a million waiting
// records, compared with a Node process that only starts?
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { createTown, freePort, Program, type TestTown } from '../kits/system/programs.ts'
import { fillJournal } from './fill-journal.ts'
import { median, printTable, printVerdict, short } from './figures/figures.ts'
import { pause, readOptions } from './options.ts'
import { RawDevice } from './load/raw-device.ts'
import { villageDevices } from './village.ts'

const startMsMax = 60_000
const betweenTriesMs = 5

function bareNodeMs(): number {
  const startMs = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - startMs
}

export async function firstPubackMs(
  town: TestTown,
  round: number,
  wrap: readonly string[] = [],
): Promise<number> {
  const startMs = performance.now()
  const program = new Program(['gateway', '--config', town.gatewayFile], wrap)
  try {
    for (;;) {
      let acked: () => void = () => undefined
      const answered = new Promise<void>((resolve) => (acked = resolve))
      const device = new RawDevice('bench-button', { onAck: () => acked() })
      try {
        await device.connect(town.ports.mqtt)
        device.publish(`{"id":"${round}-${Date.now()}","button":"pressed"}`)
        await answered
        const tookMs = performance.now() - startMs
        device.end()
        return tookMs
      } catch (error) {
        const isRefused = (error as { code?: string }).code === 'ECONNREFUSED'
        if (!isRefused || !program.isRunning || performance.now() - startMs > startMsMax) throw error
      }
      await pause(betweenTriesMs)
    }
  } finally {
    await program.end('SIGKILL')
  }
}

export async function runStart(args: readonly string[]): Promise<void> {
  const { rounds, records } = readOptions(args, { rounds: 5, records: 1_000_000 })
  const settings = async (): Promise<object> => ({
    devices: villageDevices(500),
    uplink: { url: `mqtt://127.0.0.1:${await freePort()}` },
  })
  const [empty, full] = [await createTown(await settings()), await createTown(await settings())]
  try {
    await fillJournal(join(full.folder, 'gateway'), records)
    const took: Record<'node' | 'empty' | 'full', number[]> = { node: [], empty: [], full: [] }
    for (let round = 1; round <= rounds; round++) {
      took.node.push(bareNodeMs())
      rmSync(join(empty.folder, 'gateway'), { recursive: true, force: true })
      took.empty.push(await firstPubackMs(empty, round))
      took.full.push(await firstPubackMs(full, round))
    }
    const node = median(took.node)
    const row = (name: string, list: number[]): string[] => [
      name,
      short(median(list)),
      short(median(list) / node),
    ]
    printTable(
      `start: process start to first durable PUBACK, median of ${rounds} rounds`,
      ['', 'ms', 'times node -e 0'],
      [
        row('node -e 0', took.node),
        row('Gengfu, empty journal', took.empty),
        row(`Gengfu, ${records} records waiting`, took.full),
      ],
    )
    for (const [name, list] of [['empty', took.empty] as const, ['full', took.full] as const])
      printVerdict(`ms with the ${name} journal`, median(list), median(list) <= 1000, '1000')
  } finally {
    await empty.close()
    await full.close()
  }
}
