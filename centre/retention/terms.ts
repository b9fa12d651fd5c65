// How long each kind of record is kept. Pure.
import type { ExpiredKind } from '../storage/retention-port.ts'

export interface RetentionSettings {
  routineDays: number
  alarmDays: number
  quarantineDays: number
}

const dayMs = 86_400_000

/** Rows of a kind whose last change is before this, ms since 1970, are past their term. */
export function termsAt(settings: RetentionSettings, nowMs: number): Record<ExpiredKind, number> {
  const ago = (days: number): number => nowMs - days * dayMs
  const alarms = ago(settings.alarmDays)
  return {
    routine: ago(settings.routineDays),
    records: alarms,
    cases: alarms,
    alarms,
    commands: alarms,
    quarantine: ago(settings.quarantineDays),
  }
}
