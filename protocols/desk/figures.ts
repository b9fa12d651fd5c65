// The statistics of the town: times of the case steps compared with their limits, false alarms, devices with too many
// alarms. All times are ms.
import type { Colour } from '../domain/colour.ts'

/**
 * The steps of a case whose duration is measured: `accept` from the opening of the case, each later step from the last
 * completed step before it.
 */
export const measuredSteps = ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'] as const
export type MeasuredStep = (typeof measuredSteps)[number]

export interface StepFigures {
  /** Cases in which the step was done. */
  done: number
  /** Cases in which the step was done within its limit; absent when the step has no limit. */
  inTime?: number
  /** Cases that wait for this step and whose limit is over: they count as not in time. Absent when there is none. */
  overdue?: number
  /** Of acceptance: cases within the time, and whether they are the share that is asked for. */
  targets?: { withinMs: number; share: number; inTime: number; missed: number; isMet: boolean }[]
  limitMs?: number
  medianMs?: number
  p95Ms?: number
}

export interface CaseFigures {
  cases: number
  byColour: Partial<Record<Colour, { cases: number; steps: Partial<Record<MeasuredStep, StepFigures>> }>>
  /**
   * Red and orange cases with feedback from the scene, or for more than ten minutes without; `inTime`: with feedback
   * within ten minutes of the opening.
   */
  tenMinutes: { cases: number; inTime: number }
  /** `known`: cases whose feedback gives a cause; `false`: those of them that were a false alarm. */
  falseAlarms: { known: number; false: number }
  reopened: number
  supervisorCalls: number
}

export interface DeviceFigures {
  box: string
  device: string
  kind: string
  alarms: number
  /** Alarms and their repeats. */
  occurrences: number
}

export interface PlaceFigures {
  village: string
  zone: string
  alarms: number
}

export interface AlarmFigures {
  alarms: number
  byKind: Record<string, number>
  /** Alarms with more than `chatteringAt` occurrences. */
  chattering: number
  /** Alarms that are active for more than a day. */
  standing: number
  worstDevices: DeviceFigures[]
  /** Counted by place, never by person (privacy). */
  places: PlaceFigures[]
  /** Windows of ten minutes with more than ten new alarms in one village (ISA-18.2), and the largest of them. */
  floods: { windows: number; largest: number }
}

export interface Figures {
  fromMs: number
  toMs: number
  town: CaseFigures
  villages: Record<string, CaseFigures>
  alarms: AlarmFigures
  /** Drills are counted separately and are in no other figure. */
  drills: number
  /** Share of the time in which each box was present, 0 to 1. */
  availability: Record<string, number>
  /** True if there are more rows than one answer may contain: the oldest are left out. */
  isCut?: true
}
