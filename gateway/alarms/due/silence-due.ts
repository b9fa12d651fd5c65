// When a device counts as silent: after three missed reports plus its usual lateness, or, for a device that stays
// connected, when its connection is lost and has not come back. A device that sleeps closes its connection after each
// report, so for it a closed connection means nothing.
import type { DeviceDocument } from '../documents.ts'
import { missedReportsMax, type DeviceFacts } from '../resolved-settings.ts'

/** Counted from the latest start at the earliest: after a power cut every device gets time to come back. */
export function silentDueMs(
  document: DeviceDocument,
  facts: DeviceFacts,
  startedMs: number | undefined,
): number {
  const started = startedMs ?? -Infinity
  const byReports =
    Math.max(document.heardMs, started) + facts.silentAfterMs + missedReportsMax * (document.lateMs ?? 0)
  if (document.offlineMs === undefined) return byReports
  return Math.min(byReports, Math.max(document.offlineMs, started) + facts.silentOfflineMs)
}

/** The remembered lateness shrinks by this much with each report that is not late. */
const forgetsTo = 0.9

/** Updates a device when it is heard: the time, and its usual lateness. A missed report does not count as lateness. */
export function heardAt(
  before: DeviceDocument | undefined,
  { reportIntervalMs, isRegistered }: DeviceFacts,
  nowMs: number,
): Pick<DeviceDocument, 'heardMs' | 'lateMs'> {
  const gapMs = before ? nowMs - before.heardMs : 0
  // Several messages of one waking, or messages between two reports, do not show how its timer runs.
  if (!isRegistered || gapMs < reportIntervalMs / 2 || gapMs > 1.5 * reportIntervalMs)
    return { heardMs: nowMs }
  const lateMs = Math.round(Math.max(gapMs - reportIntervalMs, (before?.lateMs ?? 0) * forgetsTo, 0))
  return { heardMs: nowMs, lateMs }
}
