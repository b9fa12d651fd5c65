// A box without a clock battery starts without knowing the time. Once it does, its journal says when that boot began,
// and every time of the boot can be told: shown repaired, never rewritten. Pure.
import type { BoxTime } from '../../protocols/domain/event.ts'
import { bootMax, isWallMs } from '../../protocols/domain/limits.ts'
import type { JournalRecord, LogRecord } from '../../protocols/domain/record.ts'
import { isObject } from '../../protocols/kit/parse-json.ts'

/** `what` of the log record by which a box says that it knows the time. */
const clockSynced = 'clock-synced'

export interface BootTime {
  boot: number
  /** Wall time at which this boot began, ms since 1970. */
  bootWallMs: number
}

export function isClockSynced(record: JournalRecord): record is LogRecord {
  return record.type === 'log' && record.what === clockSynced
}

/** What the record says; undefined when its facts are not what they should be. */
export function readBootTime({ facts }: LogRecord): BootTime | undefined {
  const { boot, bootWallMs } = facts ?? {}
  if (typeof boot !== 'number' || !Number.isInteger(boot) || boot < 1 || boot > bootMax) return undefined
  return isWallMs(bootWallMs) && bootWallMs >= 0 ? { boot, bootWallMs } : undefined
}

/** The time as it may be shown once it is known when its boot began. */
export function repairTime<T extends BoxTime>(time: T, bootWallMs: number | undefined): T {
  if (time.clock !== 'unsynced' || bootWallMs === undefined) return time
  return { ...time, atMs: Math.round(bootWallMs + time.sinceBootMs), clock: 'repaired' }
}

/** Cheap enough to ask for every stored record: most have a known time and need no parsing. */
export function mayNeedRepair(body: string): boolean {
  return body.includes('"clock":"unsynced"')
}

/** The record in a stored body, when it has an unsynced time. */
export function parseUnsynced(body: string): JournalRecord | undefined {
  if (!mayNeedRepair(body)) return undefined
  const record: unknown = JSON.parse(body)
  return isObject(record) && record['clock'] === 'unsynced' ? (record as unknown as JournalRecord) : undefined
}
