// The town's own figures: answers against their limits, false alarms, devices with too many alarms. All times are ms.
import type { Colour } from '../domain/colour.ts'

/** The steps with a limit and a moment: the time from the opening, or from the step before. */
export const measuredSteps = ['accept', 'report', 'dispatch', 'feedback', 'verify', 'archive'] as const
export type MeasuredStep = (typeof measuredSteps)[number]

export interface StepFigures {
  /** Cases in which the step was done. */
  done: number
  /** Of those, within the limit; absent when the step has no limit. */
  inTime?: number
  limitMs?: number
  medianMs?: number
  p95Ms?: number
}

export interface CaseFigures {
  cases: number
  byColour: Partial<Record<Colour, { cases: number; steps: Partial<Record<MeasuredStep, StepFigures>> }>>
  /** Red and orange cases with feedback from the scene, and those of them within ten minutes of the opening. */
  tenMinutes: { cases: number; inTime: number }
  /** Cases whose feedback gives a cause, and the false ones among them. */
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
  /** More than `chatteringAt` occurrences of one alarm. */
  chattering: number
  /** Active for more than a day. */
  standing: number
  worstDevices: DeviceFigures[]
  /** By place and never by person. */
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
  /** There were more rows than one answer holds: the oldest are missing. */
  isCut?: true
}
