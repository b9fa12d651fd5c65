// When a device counts as silent: after three missed reports plus its usual lateness, or, for a device that stays
// connected, when its connection is lost and was not opened again. A device that sleeps closes its connection after each
// report, so for it a closed connection means nothing.
import type { DeviceDocument } from '../documents.ts'
import { missedReportsMax, type DeviceFacts } from '../resolved-settings.ts'
import { rhythmAfter, silentAfterMsOf, usualGapMs } from './rhythm.ts'

/** A bridge's report about a device is valid for at least this long. */
const hintedForMsMin = 180_000

/** Counted from the latest start at the earliest: after a power cut every device gets time to connect again. */
export function silentDueMs(
  document: DeviceDocument,
  facts: DeviceFacts,
  startedMs: number | undefined,
): number {
  const started = startedMs ?? -Infinity
  const byReports =
    Math.max(document.heardMs, started) +
    silentAfterMsOf(document, facts) +
    missedReportsMax * (document.lateMs ?? 0)
  const { offlineMs, hintMs } = document
  const byConnection =
    offlineMs === undefined ? Infinity : Math.max(offlineMs, started) + facts.silentOfflineMs
  // "Offline" from a bridge is no proof; with one missing report it is.
  const byHint = hintMs === undefined ? Infinity : Math.max(hintMs, started) + oneReportMs(document, facts)
  return Math.min(byReports, byConnection, byHint)
}

function oneReportMs(document: DeviceDocument, facts: DeviceFacts): number {
  const gapMs = (facts.isLearned ? usualGapMs(document) : undefined) ?? facts.silentAfterMs / missedReportsMax
  return Math.max(hintedForMsMin, gapMs)
}

/** The remembered lateness shrinks by this much with each report that is not late. */
const forgetsTo = 0.9

/** Updates a device when it sends: the time, and its usual lateness. A missed report does not count as lateness. */
export function heardAt(
  before: DeviceDocument | undefined,
  facts: DeviceFacts,
  nowMs: number,
): Pick<DeviceDocument, 'heardMs' | 'lateMs' | 'rhythm'> {
  const { reportIntervalMs, isRegistered, isLearned } = facts
  const gapMs = before ? nowMs - before.heardMs : 0
  const rhythm = isLearned ? rhythmAfter(before, facts, nowMs) : undefined
  const heard = rhythm ? { heardMs: nowMs, rhythm } : { heardMs: nowMs }
  // Several messages of one waking, or messages between two reports, do not show how its timer runs.
  if (!isRegistered || gapMs < reportIntervalMs / 2 || gapMs > 1.5 * reportIntervalMs) return heard
  const lateMs = Math.round(Math.max(gapMs - reportIntervalMs, (before?.lateMs ?? 0) * forgetsTo, 0))
  return { ...heard, lateMs }
}
