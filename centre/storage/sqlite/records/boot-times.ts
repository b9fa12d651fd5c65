// The start of each boot of a box, from its journal: used to repair the shown times of an unsynced boot.
import type { BoxTime } from '../../../../protocols/domain/event.ts'
import { parseUnsynced, repairTime, type BootTime } from '../../../alarms/boot-time.ts'
import { isWallMs } from '../../../../protocols/domain/limits.ts'
import type { Sqlite } from '../database.ts'

/** Boots kept per journal, the latest: three per day for two years. */
export const bootsPerEpochMax = 2000
/** A better value for the same boot is shown only when it changes times by this much. */
const shownAgainMs = 1000

export interface BootTimes {
  /** Inside the caller's transaction; the latest value counts. True when shown times change by it. */
  note(epoch: number, time: BootTime): boolean
  /** `epoch` is the number of the epoch in which the time was first written. */
  repaired<T extends BoxTime>(epoch: number, time: T): T
  /** A record's JSON as it may be shown. `epochOf` finds the number of an epoch of the same box. */
  repairedBody(epoch: number, body: string, epochOf: (name: string) => number | undefined): string
}

export function createBootTimes(db: Sqlite): BootTimes {
  const put = db.prepare(`INSERT INTO boot_times (epoch, boot, boot_wall_ms) VALUES (?, ?, ?)
     ON CONFLICT (epoch, boot) DO UPDATE SET boot_wall_ms = excluded.boot_wall_ms`)
  const prune = db.prepare(
    `DELETE FROM boot_times WHERE epoch = @epoch AND boot <=
       (SELECT boot FROM boot_times WHERE epoch = @epoch ORDER BY boot DESC LIMIT 1 OFFSET ${bootsPerEpochMax})`,
  )
  const select = db
    .prepare<[number, number], number>('SELECT boot_wall_ms FROM boot_times WHERE epoch = ? AND boot = ?')
    .pluck()
  /** A damaged number is ignored: it would give a time that no page can show. */
  const beganAt = (epoch: number, boot: number): number | undefined => {
    const atMs = select.get(epoch, boot)
    return isWallMs(atMs) ? atMs : undefined
  }
  const repaired = <T extends BoxTime>(epoch: number, time: T): T =>
    time.clock === 'unsynced' ? repairTime(time, beganAt(epoch, time.boot)) : time
  return {
    note: (epoch, { boot, bootWallMs }) => {
      const before = select.get(epoch, boot) as number | undefined
      if (before === bootWallMs) return false
      put.run(epoch, boot, bootWallMs)
      if (before === undefined) prune.run({ epoch })
      return before === undefined || Math.abs(before - bootWallMs) >= shownAgainMs
    },
    repaired,
    repairedBody: (epoch, body, epochOf) => {
      const record = parseUnsynced(body)
      if (!record) return body
      const first = (record.was && epochOf(record.was.epoch)) ?? epoch
      const shown = repaired(first, record)
      return shown === record ? body : JSON.stringify(shown)
    },
  }
}
