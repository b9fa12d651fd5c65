// Do the figures equal a count by hand, are drills excluded, and can no name become markup or a formula?
import { describe, expect, it } from 'vitest'
import { lastMonth, monthSpan } from '../../../../centre/api/figure-routes.ts'
import { computeFigures, type FigureOptions } from '../../../../centre/figures/figures.ts'
import { csvCell, duration, figuresCsv, reportPage } from '../../../../centre/figures/report-page.ts'
import type { AlarmRow, CaseRow } from '../../../../centre/storage/figure-port.ts'
import { stepLimits } from '../../../../protocols/domain/step-limits.ts'

const t0 = 1_800_000_000_000
const minuteMs = 60_000
const dayMs = 86_400_000
const options: FigureOptions = {
  fromMs: t0,
  toMs: t0 + 10 * dayMs,
  nowMs: t0 + 10 * dayMs,
  limitMs: (step, colour) => stepLimits[step][colour].limitMs,
  boxes: ['320612104201-1'],
}

const caseRow = (more: Partial<CaseRow>): CaseRow => ({
  village: '320612104201',
  colour: 'red',
  isDrill: false,
  isOver: true,
  openedAtMs: t0,
  doneAtMs: {},
  reopened: 0,
  supervisorCalls: 0,
  ...more,
})
const alarmRow = (more: Partial<AlarmRow>): AlarmRow => ({
  box: '320612104201-1',
  village: '320612104201',
  device: 'door-1',
  zone: 'z1',
  kind: 'intrusion',
  occurrences: 1,
  receivedAtMs: t0,
  changedAtMs: t0,
  isActive: false,
  isDrill: false,
  ...more,
})
const of = (cases: CaseRow[], alarms: AlarmRow[] = [], more: Partial<FigureOptions> = {}) =>
  computeFigures({ cases, alarms, isCut: false }, { ...options, ...more })

describe('cases', () => {
  it('counts acceptance from the opening and later steps from the step before, against their limits', () => {
    const { town } = of(
      [30_000, 59_000, 61_000, 200_000].map((ms) =>
        caseRow({ doneAtMs: { accept: t0 + ms, dispatch: t0 + ms + 2 * minuteMs } }),
      ),
    )
    expect(town.byColour.red?.steps.accept).toEqual({
      done: 4,
      inTime: 2,
      limitMs: minuteMs,
      medianMs: 59_000,
      p95Ms: 200_000,
      targets: [
        { withinMs: 30_000, share: 0.8, inTime: 1, missed: 3, isMet: false },
        { withinMs: 60_000, share: 0.985, inTime: 2, missed: 2, isMet: false },
      ],
    })
    expect(town.byColour.red?.steps.dispatch).toMatchObject({ done: 4, inTime: 4, medianMs: 2 * minuteMs })
  })

  it('counts a case that nobody answers as late in the step that it waits for, and one that is over in none', () => {
    const open = { isOver: false }
    const { town } = of(
      [
        caseRow({ doneAtMs: { accept: t0 + 1000 } }),
        caseRow(open),
        caseRow({ ...open, doneAtMs: { accept: t0 + 1000 } }),
        caseRow({ ...open, openedAtMs: t0 + 20 * minuteMs - 1000 }),
        caseRow({}),
      ],
      [],
      { nowMs: t0 + 20 * minuteMs },
    )
    expect(town.byColour.red?.steps.accept).toMatchObject({ done: 2, inTime: 2, overdue: 1 })
    expect(town.byColour.red?.steps.dispatch).toMatchObject({ done: 0, inTime: 0, overdue: 1 })
    expect(Object.keys(town.byColour.red?.steps ?? {})).toEqual(['accept', 'dispatch'])
    expect(town.tenMinutes).toEqual({ cases: 2, inTime: 0 })
  })

  it('says whether enough red and orange cases were accepted in time: 985 of 1000, and 984 are too few', () => {
    const met = (inTime: number, colour: 'red' | 'orange' | 'yellow', limitMs: number) => {
      const rows = Array.from({ length: 1000 }, (_, at) =>
        caseRow({ colour, doneAtMs: { accept: t0 + (at < inTime ? limitMs : limitMs + 1) } }),
      )
      return of(rows).town.byColour[colour]?.steps.accept?.targets?.map(({ isMet }) => isMet)
    }
    expect([met(985, 'red', 60_000), met(984, 'red', 60_000)]).toEqual([
      [false, true],
      [false, false],
    ])
    expect(met(1000, 'orange', 90_000)).toEqual([true, true])
    expect(met(1000, 'yellow', 1000)).toBeUndefined()
    const waiting = caseRow({ isOver: false })
    const { town } = of([waiting], [], { nowMs: t0 + 40_000 })
    expect(town.byColour.red?.steps.accept).toBeUndefined()
    const late = of([waiting], [], { nowMs: t0 + 61_000 }).town.byColour.red?.steps.accept
    expect(late?.targets?.map(({ missed, isMet }) => [missed, isMet])).toEqual([
      [1, false],
      [1, false],
    ])
  })

  it('leaves drills out of everything but their own count, and keeps villages apart', () => {
    const figures = of([
      caseRow({}),
      caseRow({ isDrill: true }),
      caseRow({ village: 'other', colour: 'yellow' }),
    ])
    expect(figures).toMatchObject({ drills: 1, town: { cases: 2 } })
    expect(Object.keys(figures.villages)).toEqual(['320612104201', 'other'])
    expect(figures.villages['other']?.byColour).toEqual({ yellow: { cases: 1, steps: {} } })
  })

  it('counts feedback within ten minutes for red and orange alone, and false alarms among those that are known', () => {
    const { town } = of([
      caseRow({ doneAtMs: { feedback: t0 + 10 * minuteMs }, outcome: 'real' }),
      caseRow({ doneAtMs: { feedback: t0 + 10 * minuteMs + 1 }, outcome: 'false-alarm' }),
      caseRow({ colour: 'yellow', doneAtMs: { feedback: t0 + 1 }, outcome: 'test' }),
      caseRow({ supervisorCalls: 2, reopened: 1 }),
    ])
    expect(town).toMatchObject({
      tenMinutes: { cases: 2, inTime: 1 },
      falseAlarms: { known: 3, false: 2 },
      supervisorCalls: 2,
      reopened: 1,
    })
  })
})

describe('alarms', () => {
  it('names the devices that alarm most by occurrences, and floods of more than ten in ten minutes', () => {
    const start = Math.ceil(t0 / (10 * minuteMs)) * 10 * minuteMs
    const many = Array.from({ length: 11 }, (_, i) => alarmRow({ device: `d${i}`, receivedAtMs: start + i }))
    const { alarms } = of(
      [],
      [...many, alarmRow({ device: 'loud', occurrences: 50, receivedAtMs: start + dayMs })],
    )
    expect(alarms).toMatchObject({ alarms: 12, chattering: 1, floods: { windows: 1, largest: 11 } })
    expect(alarms.worstDevices[0]).toMatchObject({ device: 'loud', occurrences: 50, alarms: 1 })
    expect(alarms.worstDevices).toHaveLength(10)
  })

  it('names the places with the most alarms by village and zone, and nothing of a person', () => {
    const rows = [
      alarmRow({ zone: 'quay' }),
      alarmRow({ zone: 'quay', device: 'door-2' }),
      alarmRow({ zone: 'school' }),
      alarmRow({ village: 'other', zone: 'quay' }),
    ]
    expect(of([], rows).alarms.places).toEqual([
      { village: '320612104201', zone: 'quay', alarms: 2 },
      { village: '320612104201', zone: 'school', alarms: 1 },
      { village: 'other', zone: 'quay', alarms: 1 },
    ])
  })

  it('counts what stands for more than a day, also what began before the span', () => {
    const { alarms } = of([], [alarmRow({ isActive: true, receivedAtMs: t0 - dayMs })])
    expect(alarms).toMatchObject({ alarms: 0, standing: 1 })
  })

  it('takes the time that a box was silent from its availability, inside the span only', () => {
    const silent = { kind: 'box-silent' }
    const { availability, alarms } = of(
      [],
      [
        alarmRow({ ...silent, receivedAtMs: t0 - dayMs, changedAtMs: t0 + dayMs }),
        alarmRow({ ...silent, receivedAtMs: t0 + 9 * dayMs, isActive: true }),
      ],
    )
    expect(availability).toEqual({ '320612104201-1': 0.8 })
    expect(alarms.alarms).toBe(0)
  })
})

describe('the report', () => {
  it('makes no markup of a hostile name and no formula of one', () => {
    const figures = of([caseRow({ village: '<img src=x>' })], [alarmRow({ device: '<script>' })])
    const page = reportPage(figures, '2026-11', 'zh')
    expect(page).not.toMatch(/<img|<script/)
    expect(page).toContain('&lt;script&gt;')
    expect(csvCell('=1+1')).toBe(`'=1+1`)
    expect(csvCell('a"b,c')).toBe('"a""b,c"')
  })

  it('is complete in both languages and has one line a step as CSV', () => {
    const figures = of([caseRow({ doneAtMs: { accept: t0 + 1000 } })])
    for (const language of ['zh', 'en'] as const)
      expect(reportPage(figures, '2026-11', language)).not.toContain('undefined')
    expect(figuresCsv(figures, 'en').split('\r\n')[1]).toBe('Town,red,Accept,1,1,60,1,1,0')
  })

  it('counts a month in the time of China, and says lengths of time in words', () => {
    expect(monthSpan('2026-12')).toEqual({
      fromMs: Date.UTC(2026, 10, 30, 16),
      toMs: Date.UTC(2026, 11, 31, 16),
    })
    expect(lastMonth(Date.UTC(2026, 11, 31, 16))).toBe('2026-12')
    expect(lastMonth(Date.UTC(2026, 11, 31, 15))).toBe('2026-11')
    expect([90_000, 150_000, 3 * 3_600_000].map(duration)).toEqual(['90 s', '2.5 min', '3.0 h'])
  })
})
