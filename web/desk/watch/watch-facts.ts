// What a supervisor looks for, from what the desk knows: deadlines missed, alarms that stand or chatter, and what is held back and until when.
// Pure.
import type { DeskAlarm, VillageSummary } from '../../../protocols/desk/api.ts'
import type { CaseDeadline, CaseSummary } from '../../../protocols/desk/cases.ts'
import { guardHolds, type GuardUntil } from '../../../protocols/domain/guard.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { shownColour } from '../queue/accept-deadline.ts'

/** As the figures of the centre count them. */
export const standingAfterMs = 24 * 3_600_000
export const chatteringAt = 10
/** ISA-18.2: more new alarms in ten minutes than one person can answer. */
export const floodAbove = 10
const floodWindowMs = 10 * 60_000

export interface MissedDeadline {
  item: CaseSummary
  deadline: CaseDeadline
  overdueMs: number
}

/** The steps that are past their limit, the longest first; of one case the worst. */
export function missedDeadlines(cases: readonly CaseSummary[], nowMs: number): MissedDeadline[] {
  return cases
    .flatMap((item): MissedDeadline[] => {
      if (item.isDrill) return []
      const missed = item.deadlines
        .filter(({ dueAtMs }) => dueAtMs !== undefined && dueAtMs < nowMs)
        .sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0))
      const [deadline] = missed
      return deadline?.dueAtMs === undefined ? [] : [{ item, deadline, overdueMs: nowMs - deadline.dueAtMs }]
    })
    .sort(
      (a, b) => colours.indexOf(a.item.colour) - colours.indexOf(b.item.colour) || b.overdueMs - a.overdueMs,
    )
}

/** Of walk tests and drills, the newest first: a real alarm behind one is seen by who leads. */
export const drillAlarms = (alarms: readonly DeskAlarm[]): DeskAlarm[] =>
  alarms.filter(({ isDrill }) => isDrill === true).sort((a, b) => b.receivedAtMs - a.receivedAtMs)

/** Open for more than a day, the oldest first. */
export const standingAlarms = (alarms: readonly DeskAlarm[], nowMs: number): DeskAlarm[] =>
  alarms
    .filter(({ receivedAtMs, isDrill }) => !isDrill && nowMs - receivedAtMs > standingAfterMs)
    .sort((a, b) => a.receivedAtMs - b.receivedAtMs)

/** They come again and again, the most frequent first. */
export const chatteringAlarms = (alarms: readonly DeskAlarm[]): DeskAlarm[] =>
  alarms
    .filter(({ occurrences, isDrill }) => !isDrill && occurrences >= chatteringAt)
    .sort((a, b) => b.occurrences - a.occurrences)

export interface Flood {
  village: string
  name: string
  count: number
}

/** Villages with a flood now: new alarms of the last ten minutes that are still open. */
export function floodsNow(alarms: readonly DeskAlarm[], nowMs: number): Flood[] {
  const byVillage = new Map<string, Flood>()
  for (const alarm of alarms) {
    if (alarm.isDrill || nowMs - alarm.receivedAtMs > floodWindowMs) continue
    const { village, boxName } = alarm
    const flood = byVillage.get(village) ?? { village, name: boxName, count: 0 }
    byVillage.set(village, { ...flood, count: flood.count + 1 })
  }
  return [...byVillage.values()].filter(({ count }) => count > floodAbove).sort((a, b) => b.count - a.count)
}

export interface HeldBack extends GuardUntil {
  kind: (typeof guardHolds)[number]
  box: string
  boxName: string
}

/** Everything bypassed, on test or shelved in the town, with its end; the first to end is first. */
export const heldBack = (villages: readonly VillageSummary[]): HeldBack[] =>
  villages
    .flatMap(({ boxes }) => boxes)
    .flatMap(({ id: box, name: boxName, guard }) =>
      guardHolds.flatMap((kind) => (guard?.[kind] ?? []).map((one) => ({ ...one, kind, box, boxName }))),
    )
    .sort((a, b) => a.untilMs - b.untilMs)

/** The worst colours first, then those that wait longest. */
export const byUrgency = (a: DeskAlarm, b: DeskAlarm): number =>
  colours.indexOf(shownColour(a)) - colours.indexOf(shownColour(b)) || a.receivedAtMs - b.receivedAtMs
