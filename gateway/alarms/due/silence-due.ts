// When a device that says nothing is silent: three missed reports, or its connection lost and not come back.
import type { DeviceDocument } from '../documents.ts'
import type { DeviceFacts } from '../resolved-settings.ts'

/** Counted from the latest start at the earliest: after a power cut everything gets its time to come back. */
export function silentDueMs(
  document: DeviceDocument,
  facts: DeviceFacts,
  startedMs: number | undefined,
): number {
  const started = startedMs ?? -Infinity
  const byReports = Math.max(document.heardMs, started) + facts.silentAfterMs
  if (document.offlineMs === undefined) return byReports
  return Math.min(byReports, Math.max(document.offlineMs, started) + facts.silentOfflineMs)
}
