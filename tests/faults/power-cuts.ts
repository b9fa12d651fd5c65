// Does the box keep every acknowledged event when the power fails? The gateway writes to ext4 on a loop device. At a
// random moment it is stopped and the bytes below the file system are copied: exactly the data that had reached the
// disk, nothing that was only in memory. The copy is mounted, which replays the file system's own log as after a real
// cut, and opened by the journal as the next start would.
import { copyFileSync, mkdtempSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVillage, type Village } from '../../firmware-sim/village/village.ts'
import { createSeededRandom } from '../../protocols/kit/random.ts'
import { readJournalRecords } from './journal-records.ts'
import { createTown } from '../kits/system/programs.ts'
import { createSmallDisk, mountImage } from './small-disk.ts'

export interface PowerCutPlan {
  seed: number
  cuts: number
  devices: number
  eventsPerSecond: number
  /** Prefix of the gateway's command, for example a program that removes its syncs. */
  wrap?: readonly string[]
  progress?: (text: string) => void
}

export interface PowerCutResult {
  cuts: number
  acknowledged: number
  /** Acknowledged before a cut and not in the journal after it. */
  lost: string[]
  /** Cuts after which the journal did not open as it was. */
  salvaged: number
}

export async function runPowerCuts(plan: PowerCutPlan): Promise<PowerCutResult> {
  const random = createSeededRandom(plan.seed)
  const disk = createSmallDisk(48)
  const town = await createTown({ dataDir: join(disk.folder, 'box'), uplink: undefined })
  const gateway = await town.startGateway(plan.wrap)
  const village = createVillage({
    seed: plan.seed,
    devices: plan.devices,
    url: `mqtt://127.0.0.1:${town.ports.mqtt}`,
    reportIntervalMs: 0,
    inFlightMax: 4,
  })
  const result: PowerCutResult = { cuts: 0, acknowledged: 0, lost: [], salvaged: 0 }
  try {
    village.start()
    village.startLoad(plan.eventsPerSecond)
    await pause(1000)
    for (; result.cuts < plan.cuts; result.cuts++) {
      await pause(20 + random.next() * 300)
      for (const { id, kind } of village.inhabitants)
        if (kind === 'button' && random.next() < 0.1) village.press(id)
      const acknowledged = acknowledgedIds(village)
      process.kill(gateway.pid, 'SIGSTOP')
      const base = mkdtempSync(join(tmpdir(), 'gengfu-cut-'))
      copyFileSync(disk.image, join(base, 'disk.img'))
      process.kill(gateway.pid, 'SIGCONT')
      await examine(base, acknowledged, result)
      if (result.cuts % 20 === 19)
        plan.progress?.(
          `${result.cuts + 1} cuts, ${acknowledged.length} acknowledged, ${result.lost.length} lost`,
        )
    }
    return result
  } finally {
    village.stop()
    await town.close()
    disk.remove()
  }
}

function acknowledgedIds(village: Village): string[] {
  return village.inhabitants.flatMap(({ id }) =>
    village.ackedIds(id).map((messageId) => `${id} ${messageId}`),
  )
}

async function examine(base: string, acknowledged: string[], result: PowerCutResult): Promise<void> {
  const mountPoint = join(base, 'mount')
  mkdirSync(mountPoint)
  const unmount = mountImage(join(base, 'disk.img'), mountPoint, base)
  try {
    const folder = join(mountPoint, 'box')
    mkdirSync(folder, { recursive: true }) // if not even the folder had reached the disk
    const { records, isSalvaged } = await readJournalRecords(folder)
    if (isSalvaged) result.salvaged++
    const kept = new Set(
      records.flatMap((record) => (record.type === 'event' ? [`${record.device} ${record.messageId}`] : [])),
    )
    result.acknowledged = acknowledged.length
    for (const id of acknowledged) if (!kept.has(id)) result.lost.push(id)
  } finally {
    unmount()
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
