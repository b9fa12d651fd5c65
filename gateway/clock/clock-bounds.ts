// The earliest and latest time of a right clock, from files on the disk: the program, the certificates, the journal.
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { lanes } from '../../protocols/domain/colour.ts'
import type { JournalRecord } from '../../protocols/domain/record.ts'
import type { Journal } from '../journal/port.ts'
import type { ClockBounds } from './centre-time.ts'

/** No program of this name is older. */
export const programEarliestMs = Date.UTC(2025, 0, 1)
const tenYearsMs = 10 * 365.25 * 86_400_000

export interface BoundsOptions {
  /** The box's own: valid since it was enrolled, and useless when it has ended. */
  certificateFile: string | undefined
  /** Latest time in the journal that was written by a synced clock. */
  journalMs: number | undefined
  programFile?: string
}

export function readClockBounds(options: BoundsOptions): ClockBounds {
  const { certificateFile, journalMs = 0 } = options
  const builtMs = modifiedMs(options.programFile ?? fileURLToPath(import.meta.url))
  const dates = certificateFile === undefined ? undefined : datesOf(certificateFile)
  const earliestMs = Math.max(programEarliestMs, builtMs, journalMs, dates?.fromMs ?? 0)
  return { earliestMs, latestMs: dates?.toMs ?? earliestMs + tenYearsMs }
}

function modifiedMs(file: string): number {
  try {
    return statSync(file).mtimeMs
  } catch {
    return 0
  }
}

function datesOf(file: string): { fromMs: number; toMs: number } | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(readFileSync(file))
    return { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) }
  } catch {
    // Named by check-config and by the connection itself.
    return undefined
  }
}

/** Of the last record of each lane; undefined when none of them was written by a synced clock. */
export async function latestJournalMs(
  journal: Pick<Journal, 'positions' | 'read'>,
): Promise<number | undefined> {
  const positions = journal.positions()
  const times: number[] = []
  for (const lane of lanes) {
    const rows = await journal.read(lane, positions[lane].last - 1, { recordsMax: 1, bytesMax: 1 })
    for (const { body } of rows) {
      const { atMs, clock } = JSON.parse(body) as JournalRecord
      if (clock !== 'unsynced') times.push(atMs)
    }
  }
  return times.length > 0 ? Math.max(...times) : undefined
}
