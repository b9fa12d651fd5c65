// The figures of a time span, from plain rows. Pure.
import type { CaseOutcome } from '../../protocols/domain/case.ts'
import { colours, type Colour } from '../../protocols/domain/colour.ts'
import { answerTargets } from '../../protocols/domain/step-limits.ts'
import {
  measuredSteps,
  type AlarmFigures,
  type CaseFigures,
  type DeviceFigures,
  type Figures,
  type MeasuredStep,
  type StepFigures,
} from '../../protocols/desk/figures.ts'
import type { AlarmRow, CaseRow, FigureRows } from '../storage/figure-port.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const tenMinutesMs = 10 * minuteMs
/** Occurrences of one alarm from which it counts as chattering. */
export const chatteringAt = 10
/** New alarms of one village in ten minutes above which it is a flood (ISA-18.2). */
export const floodAbove = 10
const worstMax = 10
/** Outcomes that mean a false alarm. */
const falseOutcomes = new Set<string>(['false-alarm', 'test'] satisfies CaseOutcome[])

export interface FigureOptions {
  fromMs: number
  toMs: number
  nowMs: number
  limitMs: (step: MeasuredStep, colour: Colour) => number | undefined
  /** Boxes that count for availability. */
  boxes: readonly string[]
}

export function computeFigures({ cases, alarms, isCut }: FigureRows, options: FigureOptions): Figures {
  const real = cases.filter(({ isDrill }) => !isDrill)
  const villages = groupBy(real, ({ village }) => village)
  return {
    fromMs: options.fromMs,
    toMs: options.toMs,
    town: caseFigures(real, options),
    villages: Object.fromEntries(
      [...villages]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, rows]) => [id, caseFigures(rows, options)]),
    ),
    alarms: alarmFigures(
      alarms.filter(({ isDrill, kind }) => !isDrill && kind !== 'box-silent'),
      options,
    ),
    drills: cases.length - real.length,
    availability: availability(alarms, options),
    ...(isCut ? { isCut } : {}),
  }
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const group = groups.get(keyOf(row))
    if (group) group.push(row)
    else groups.set(keyOf(row), [row])
  }
  return groups
}

/** The nearest-rank percentile of sorted values. */
function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** Acceptance counts from the opening, every later step from the last completed step before it. */
function durationOf({ openedAtMs, doneAtMs }: CaseRow, step: MeasuredStep): number | undefined {
  const doneMs = doneAtMs[step]
  if (doneMs === undefined) return undefined
  const before = measuredSteps.slice(0, measuredSteps.indexOf(step)).map((one) => doneAtMs[one] ?? 0)
  return Math.max(0, doneMs - Math.max(openedAtMs, ...before.filter((ms) => ms <= doneMs)))
}

/** A report upward is not asked for in every case: only these follow each other. */
const dueSteps = measuredSteps.filter((step) => step !== 'report')

/** True if the case waits for this step and the limit is over: an alarm without an answer must lower the share. */
function isOverdue(row: CaseRow, step: MeasuredStep, limitMs: number, nowMs: number): boolean {
  const { openedAtMs, doneAtMs, isOver } = row
  const last = dueSteps.findLastIndex((one) => doneAtMs[one] !== undefined)
  if (isOver || dueSteps[last + 1] !== step) return false
  const sinceMs = Math.max(openedAtMs, ...Object.values(doneAtMs))
  return nowMs - sinceMs > limitMs
}

function stepFigures(
  rows: readonly CaseRow[],
  step: MeasuredStep,
  limitMs: number | undefined,
  nowMs: number,
): StepFigures {
  const overdue =
    limitMs === undefined ? 0 : rows.filter((row) => isOverdue(row, step, limitMs, nowMs)).length
  const durations = rows.flatMap((row) => durationOf(row, step) ?? []).sort((a, b) => a - b)
  const [medianMs, p95Ms] = [percentile(durations, 0.5), percentile(durations, 0.95)]
  return {
    done: durations.length,
    ...(limitMs === undefined ? {} : { limitMs, inTime: durations.filter((ms) => ms <= limitMs).length }),
    ...(overdue === 0 ? {} : { overdue }),
    ...(medianMs === undefined ? {} : { medianMs }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
  }
}

/** Cases that still wait longer than the time count as missed. */
function targetsOf(rows: readonly CaseRow[], colour: Colour, nowMs: number): StepFigures['targets'] {
  return answerTargets[colour]?.map(({ withinMs, share }) => {
    const inTime = rows.filter((row) => (durationOf(row, 'accept') ?? Infinity) <= withinMs).length
    const missed = rows.filter(
      (row) => isOverdue(row, 'accept', withinMs, nowMs) || (durationOf(row, 'accept') ?? 0) > withinMs,
    ).length
    return { withinMs, share, inTime, missed, isMet: inTime >= share * (inTime + missed) }
  })
}

function caseFigures(rows: readonly CaseRow[], { limitMs, nowMs }: FigureOptions): CaseFigures {
  const byColour: CaseFigures['byColour'] = {}
  for (const colour of colours) {
    const some = rows.filter((row) => row.colour === colour)
    if (some.length === 0) continue
    const targets = targetsOf(some, colour, nowMs)
    const steps = measuredSteps.map((step) => {
      const found = stepFigures(some, step, limitMs(step, colour), nowMs)
      return [step, step === 'accept' && targets ? { ...found, targets } : found] as const
    })
    byColour[colour] = {
      cases: some.length,
      steps: Object.fromEntries(steps.filter(([, { done, overdue }]) => done > 0 || overdue)),
    }
  }
  const answered = rows.filter(
    ({ colour, doneAtMs, isOver, openedAtMs }) =>
      (colour === 'red' || colour === 'orange') &&
      (doneAtMs.feedback !== undefined || (!isOver && nowMs - openedAtMs > tenMinutesMs)),
  )
  const known = rows.flatMap(({ outcome }) => outcome ?? [])
  const sum = (valueOf: (row: CaseRow) => number): number => rows.reduce((all, row) => all + valueOf(row), 0)
  return {
    cases: rows.length,
    byColour,
    tenMinutes: {
      cases: answered.length,
      inTime: answered.filter(
        ({ openedAtMs, doneAtMs }) => (doneAtMs.feedback ?? Infinity) - openedAtMs <= tenMinutesMs,
      ).length,
    },
    falseAlarms: { known: known.length, false: known.filter((outcome) => falseOutcomes.has(outcome)).length },
    reopened: sum(({ reopened }) => reopened),
    supervisorCalls: sum(({ supervisorCalls }) => supervisorCalls),
  }
}

function alarmFigures(rows: readonly AlarmRow[], { fromMs, nowMs }: FigureOptions): AlarmFigures {
  const fresh = rows.filter(({ receivedAtMs }) => receivedAtMs >= fromMs)
  const count = (groups: Map<string, AlarmRow[]>): [string, number][] =>
    [...groups].map(([key, some]) => [key, some.length])
  const byKind = count(groupBy(fresh, ({ kind }) => kind)).sort(([, a], [, b]) => b - a)
  const places = [...groupBy(fresh, ({ village, zone }) => `${village} ${zone ?? ''}`).values()]
  return {
    alarms: fresh.length,
    byKind: Object.fromEntries(byKind),
    chattering: fresh.filter(({ occurrences }) => occurrences > chatteringAt).length,
    standing: rows.filter(({ isActive, receivedAtMs }) => isActive && nowMs - receivedAtMs > dayMs).length,
    worstDevices: worstDevices(fresh),
    places: places
      .map((some) => ({ village: some[0]?.village ?? '', zone: some[0]?.zone ?? '', alarms: some.length }))
      .sort((a, b) => b.alarms - a.alarms)
      .slice(0, worstMax),
    floods: floods(fresh),
  }
}

function worstDevices(rows: readonly AlarmRow[]): DeviceFigures[] {
  return [...groupBy(rows, ({ box, device, kind }) => `${box} ${device} ${kind}`).values()]
    .flatMap((some) => {
      const [first] = some
      if (!first) return []
      const { box, device, kind } = first
      const occurrences = some.reduce((all, row) => all + row.occurrences, 0)
      return [{ box, device, kind, alarms: some.length, occurrences }]
    })
    .sort((a, b) => b.occurrences - a.occurrences)
    .slice(0, worstMax)
}

function floods(rows: readonly AlarmRow[]): AlarmFigures['floods'] {
  const windows = groupBy(
    rows,
    ({ village, receivedAtMs }) => `${village} ${Math.floor(receivedAtMs / tenMinutesMs)}`,
  )
  const sizes = [...windows.values()].map(({ length }) => length).filter((size) => size > floodAbove)
  return { windows: sizes.length, largest: Math.max(0, ...sizes) }
}

/** The share of the time in which a box was present, from the centre's own alarms about silent boxes. */
function availability(rows: readonly AlarmRow[], options: FigureOptions): Record<string, number> {
  const { fromMs, boxes } = options
  const toMs = Math.min(options.toMs, options.nowMs)
  const spanMs = Math.max(1, toMs - fromMs)
  const silentMs = new Map(boxes.map((box) => [box, 0]))
  for (const { box, kind, receivedAtMs, changedAtMs, isActive } of rows) {
    const known = silentMs.get(box)
    if (kind !== 'box-silent' || known === undefined) continue
    const endMs = Math.min(toMs, isActive ? toMs : changedAtMs)
    silentMs.set(box, known + Math.max(0, endMs - Math.max(fromMs, receivedAtMs)))
  }
  return Object.fromEntries([...silentMs].map(([box, ms]) => [box, Math.max(0, 1 - ms / spanMs)]))
}
