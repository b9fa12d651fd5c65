// How often a device sends by itself, learned from its own messages: three times its longest known gap is silence, and
// never more than the ceiling of its kind. An interval in the configuration takes precedence.
import type { DeviceDocument, ReportIntervals } from '../documents.ts'
import { missedReportsMax, type DeviceFacts } from '../resolved-settings.ts'

/** An observation time is long enough when it contains a night and this many messages. */
const learnForMs = 86_400_000
const messagesMin = 24
/** However often a device sends, it may be silent for this long. */
const silentAfterMsMin = 15 * 60_000

/** The longest known gap of a device; undefined until one whole observation time has passed. */
export function usualGapMs({ rhythm }: DeviceDocument): number | undefined {
  if (rhythm?.beforeMs === undefined) return undefined
  return Math.max(rhythm.beforeMs, rhythm.longestMs)
}

/** Without a message for this long a device is silent. */
export function silentAfterMsOf(document: DeviceDocument, facts: DeviceFacts): number {
  const gapMs = facts.isLearned ? usualGapMs(document) : undefined
  if (gapMs === undefined) return facts.silentAfterMs
  return Math.min(facts.silentAfterMs, Math.max(silentAfterMsMin, missedReportsMax * gapMs))
}

/** The rhythm after a message. A longer gap counts at once, and is forgotten after two observation times without it. */
export function rhythmAfter(
  before: DeviceDocument | undefined,
  facts: DeviceFacts,
  nowMs: number,
): ReportIntervals | undefined {
  if (!facts.isLearned) return undefined
  const gapMs = before ? nowMs - before.heardMs : 0
  const rhythm = before?.rhythm
  if (!rhythm) return { sinceMs: nowMs, longestMs: 0, count: 0 }
  const longestMs = Math.max(rhythm.longestMs, gapMs)
  const count = rhythm.count + 1
  if (nowMs - rhythm.sinceMs >= learnForMs && count >= messagesMin)
    return { sinceMs: nowMs, longestMs: 0, count: 0, beforeMs: longestMs }
  return { ...rhythm, longestMs, count }
}
