// When a device that says nothing is silent: three missed reports with the lateness that it is known for, or, where it is always
// connected, its connection lost and not come back. What sleeps between its reports closes its connection each time.
import type { DeviceDocument } from '../documents.ts'
import { missedReportsMax, type DeviceFacts } from '../resolved-settings.ts'

/** Counted from the latest start at the earliest: after a power cut everything gets its time to come back. */
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

/** A lateness that is not seen again is forgotten by this much with each report. */
const forgetsTo = 0.9

/** What changes when a device is heard: when, and how late it comes as a habit. A report that was missed is no lateness. */
export function heardAt(
  before: DeviceDocument | undefined,
  { reportIntervalMs, isRegistered }: DeviceFacts,
  nowMs: number,
): Pick<DeviceDocument, 'heardMs' | 'lateMs'> {
  const gapMs = before ? nowMs - before.heardMs : 0
  // What it says in one waking, and between its reports, tells nothing of its clock.
  if (!isRegistered || gapMs < reportIntervalMs / 2 || gapMs > 1.5 * reportIntervalMs)
    return { heardMs: nowMs }
  const lateMs = Math.round(Math.max(gapMs - reportIntervalMs, (before?.lateMs ?? 0) * forgetsTo, 0))
  return { heardMs: nowMs, lateMs }
}
