// A box without a clock battery starts without the time. Once it has the time, its journal records when that boot
// began, and every time of the boot can be repaired: it is shown repaired, never rewritten. Pure.
import type { BoxTime } from '../../protocols/domain/event.ts'
import { bootMax, isWallMs } from '../../protocols/domain/limits.ts'
import type { JournalRecord, LogRecord } from '../../protocols/domain/record.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'

/** `what` of the log record in which a box reports that it has the time. */
const clockSynced = 'clock-synced'

export interface BootTime {
  boot: number
  /** Wall time at which this boot began, ms since 1970. */
  bootWallMs: number
}

export function isClockSynced(record: JournalRecord): record is LogRecord {
  return record.type === 'log' && record.what === clockSynced
}

/** The content of the record; undefined when its facts are invalid. */
export function readBootTime({ facts }: LogRecord): BootTime | undefined {
  const { boot, bootWallMs } = facts ?? {}
  if (typeof boot !== 'number' || !Number.isInteger(boot) || boot < 1 || boot > bootMax) return undefined
  return isWallMs(bootWallMs) && bootWallMs >= 0 ? { boot, bootWallMs } : undefined
}

/** The time to show, once the start of its boot is known. */
export function repairTime<T extends BoxTime>(time: T, bootWallMs: number | undefined): T {
  if (time.clock !== 'unsynced' || bootWallMs === undefined) return time
  return { ...time, atMs: Math.round(bootWallMs + time.sinceBootMs), clock: 'repaired' }
}

/** Cheap enough for every stored record: most have a known time and need no parsing. */
export function mayNeedRepair(body: string): boolean {
  return body.includes('"clock":"unsynced"')
}

/** The record in a stored body, if it has an unsynced time. */
export function parseUnsynced(body: string): JournalRecord | undefined {
  if (!mayNeedRepair(body)) return undefined
  const record: unknown = JSON.parse(body)
  return isObject(record) && record['clock'] === 'unsynced' ? (record as unknown as JournalRecord) : undefined
}
