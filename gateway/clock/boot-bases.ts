// Steady time over all boots: each boot begins at the last known end of the boot before, so time-outs do not run while
// the power is off and never run backwards.
import { forgetOldest } from '../../platform/forget-oldest.ts'
import type { Lane } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import type { Journal } from '../journal/port.ts'

/** Most boots kept: records of older ones were stored long ago. */
const bootsMax = 100
export const bootsKey = 'boots'

interface BootsDocument {
  bases: [boot: number, baseMs: number][]
}

export interface BootBases {
  baseOf(boot: number): number
}

/** Reads the bases, adds this boot's when it is new, and stores it. */
export async function loadBootBases(journal: Journal): Promise<BootBases> {
  const [row] = await journal.loadState(bootsKey)
  const bases = new Map((row?.[1] as BootsDocument | undefined)?.bases)
  const { boot } = journal.facts()
  if (!bases.has(boot)) {
    bases.set(boot, await lastSteadyMs(journal, bases))
    forgetOldest(bases, bootsMax)
    await journal.append({ records: [], state: [[bootsKey, { bases: [...bases] }]], isUrgent: true })
  }
  return { baseOf: (wanted) => bases.get(wanted) ?? 0 }
}

/** The latest steady time in any lane's last record. */
async function lastSteadyMs(journal: Journal, bases: Map<number, number>): Promise<number> {
  let latest = Math.max(0, ...bases.values())
  const positions = journal.positions()
  for (const lane of Object.keys(positions) as Lane[]) {
    const rows = await journal.read(lane, positions[lane].last - 1, { recordsMax: 1, bytesMax: 1 })
    for (const { body } of rows) {
      const { boot, sinceBootMs } = JSON.parse(body) as JournalRecord
      latest = Math.max(latest, (bases.get(boot) ?? 0) + sinceBootMs)
    }
  }
  return latest
}
