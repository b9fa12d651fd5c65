// How much memory does the gateway use while a million waiting records drain to a centre, and how fast do they drain?
import { join } from 'node:path'
import { createTown } from '../kits/system/programs.ts'
import { boxEnvironment } from './figures/box-environment.ts'
import { fillJournal } from './fill-journal.ts'
import { printTable, printVerdict, short } from './figures/figures.ts'
import { residentMegabytes } from './figures/kernel-figures.ts'
import { pause, readOptions } from './options.ts'
import { villageDevices } from './village.ts'

const lookEachMs = 250

export async function receiptedRoutine(consolePort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${consolePort}/metrics`)
  const [, receipted] = /^gengfu_journal_receipted\{lane="routine"\} (\d+)/m.exec(await answer.text()) ?? []
  return Number(receipted ?? 0)
}

export async function runMemory(args: readonly string[]): Promise<void> {
  const { records, secondsMax } = readOptions(args, { records: 1_000_000, secondsMax: 300 })
  const town = await createTown({ devices: villageDevices(500) })
  try {
    await fillJournal(join(town.folder, 'gateway'), records)
    await town.startCentre()
    const gateway = await town.startGateway(boxEnvironment())
    const startMs = performance.now()
    const atStart = residentMegabytes(gateway.pid)
    let [most, receipted] = [atStart, 0]
    while (receipted < records && performance.now() - startMs < secondsMax * 1000) {
      await pause(lookEachMs)
      most = Math.max(most, residentMegabytes(gateway.pid))
      receipted = await receiptedRoutine(town.ports.console)
    }
    const seconds = (performance.now() - startMs) / 1000
    printTable(
      `memory: ${records} records waiting, drained to a centre on the same machine`,
      ['', 'resident MB', 'records/s'],
      [
        ['at the start', short(atStart), ''],
        ['the most while draining', short(most), short(receipted / seconds)],
      ],
    )
    printVerdict('resident MB', most, most <= 120, '120')
    if (receipted < records) console.log(`  ${receipted} of ${records} were receipted in ${short(seconds)} s`)
  } finally {
    await town.close()
  }
}
