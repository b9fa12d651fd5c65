// The writer's side of cases: alarms open and change them inside the commit that stores the alarm; every step of a
// person is one transaction together with the alarms that it changes.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import { alarmTable } from '../../../../protocols/domain/alarm-table.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import { resolveActions, type ActionList } from '../../../cases/action-lists.ts'
import { incidentOf, placeOfAlarm } from '../../../cases/case-of-alarm.ts'
import { summaryOf } from '../../../cases/case-summary.ts'
import { mergeCases, openCase, splitCase, type Changed } from '../../../cases/workflow/case-alarms.ts'
import type { Actor, CentreInput, PersonInput } from '../../../cases/workflow/case-input.ts'
import { centreHolder } from '../../../cases/workflow/case-upward.ts'
import { takeCentreInput, takeStep } from '../../../cases/workflow/case-workflow.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import type { CaseOutcome, CaseTarget, CaseWriterCalls, DueEvent, ManualCase } from '../../case-port.ts'
import type { StoredChange } from '../../port.ts'
import type { UpwardAnswer, UpwardWriterCalls } from '../../upward-port.ts'
import { immediately } from '../database.ts'
import { createActionLists, type ActionLists } from './action-list-table.ts'
import { createAlarmCases, type AlarmCases } from './alarm-cases.ts'
import { createCaseHandover } from './case-handover-table.ts'
import { createCaseOutcome, returnAlarms, type FinishCase } from './case-outcome.ts'
import { createCaseRows, type CaseKeys, type CaseRows } from './case-rows.ts'
import type { CaseTableOptions } from './case-table-options.ts'

/** What a centre below may write into the history of a case. */
const packageCharsMax = 2000

/** Cases whose deadlines are checked in one transaction; the rest follow in the next. */
const dueAtOnceMax = 200

export interface CaseTable
  extends Omit<CaseWriterCalls, 'putCaseRules'>, Pick<UpwardWriterCalls, 'takeUpwardAnswer'> {
  /** A centre below sent what its people need for a case: into the history of ours. */
  hearPackage: (box: string, record: LogRecord, atMs: number) => void
  /** Inside the commit that stores the alarm. */
  hearAlarm: (row: DeskRow, atMs: number) => StoredChange[]
  /** Inside a transaction of the writer. */
  caseOf: (target: CaseTarget) => Case | undefined
  /** The limits have changed: inside a transaction of the writer. */
  renewDue: () => void
}

/** Stores a case that changed, with its events. */
type KeepCase = (before: Case | undefined, changed: Changed, nowMs: number, keys?: CaseKeys) => StoredChange[]

interface Parts extends CaseTableOptions {
  rows: CaseRows
  lists: ActionLists
  keep: KeepCase
  finish: FinishCase
  openForAlarm: AlarmCases['openForAlarm']
}

export function createCaseTable(options: CaseTableOptions): CaseTable {
  const { db, policy } = options
  const rows = createCaseRows(db, policy, options.seal, options.search, options.upward.hearCase)
  const lists = createActionLists(db)
  const keep = keeping(options, rows)
  const { hearAlarm, openForAlarm } = createAlarmCases({ rows, lists, policy, keep })
  const finish = createCaseOutcome({ ...options, keep })
  const parts: Parts = { ...options, rows, lists, keep, finish, openForAlarm }
  return {
    hearAlarm,
    caseOf: rows.get,
    renewDue: rows.renewDue,
    hearPackage: hearingPackages(parts),
    ...stepCalls(parts),
    ...upwardCalls(parts),
    ...openingCalls(parts),
    ...joiningCalls(parts),
    ...deadlineCalls(parts),
    ...createCaseHandover({ db, rows, policy, keep, seal: options.seal, logChange: options.logChange }),
    putActionLists: immediately(db, (given: readonly ActionList[], who: string, atMs: number) =>
      lists.put(given, who, Math.round(atMs)),
    ),
  }
}

function keeping(options: CaseTableOptions, rows: CaseRows): KeepCase {
  const { policy, upward, logChange } = options

  /** Cases of a colour in the town's rule are reported upward as soon as they have this colour. */
  function ruled(changed: Changed, nowMs: number): Changed {
    const rule = upward.settings()
    const { item, events } = changed
    if (!rule || !rule.byRule.includes(item.colour) || isOver(item.state)) return changed
    const reported = takeCentreInput(item, { do: 'report-up', to: rule.to, text: 'rule' }, policy(), nowMs)
    return reported.ok ? { ...reported, events: [...events, ...reported.events] } : changed
  }

  return (before, changed, nowMs, keys) => {
    if (changed.item === before && changed.events.length === 0) return []
    const { item, events } = ruled(changed, nowMs)
    rows.put(item, events, keys)
    options.hearCase(before, item, Math.round(nowMs))
    const type = before === undefined ? 'case.opened' : isOver(item.state) ? 'case.over' : 'case.changed'
    return [
      logChange({ type, case: summaryOf(item, policy(), nowMs) }),
      ...returnAlarms(options, before, item, nowMs),
    ]
  }
}

function hearingPackages({ rows, policy }: Parts): CaseTable['hearPackage'] {
  return (box: string, { facts }: LogRecord, atMs: number): void => {
    const { case: id, text } = facts ?? {}
    const item = typeof id === 'string' ? rows.get({ alarm: `${box}.${id}` }) : undefined
    if (!item || isOver(item.state) || typeof text !== 'string' || text === '') return
    const step = { item, actor: { who: `centre:${box}`, isSupervisor: false }, policy: policy(), nowMs: atMs }
    const noted = takeStep(step, { do: 'note', text: text.slice(0, packageCharsMax) })
    if (noted.ok) rows.put(noted.item, noted.events)
  }
}

function stepCalls(parts: Parts): Pick<CaseTable, 'takeCaseStep' | 'takeCentreInput'> {
  const { db, alarms, rows, shown, policy, keep, finish, openForAlarm } = parts

  /** An alarm older than the cases gets one when a person acts on it. */
  function find(target: CaseTarget, atMs: number): { item: Case; alarm?: DeskAlarm } | undefined {
    const row = 'alarm' in target ? alarms.get(target.alarm) : undefined
    const item = rows.get(target)
    if (item) return row ? { item, alarm: shown(row) } : { item }
    if (!row) return undefined
    const opened = openForAlarm(row, atMs)
    const keys = { incident: incidentOf(row.box, row.alarm), place: placeOfAlarm(row.box, row.alarm) }
    keep(undefined, opened, atMs, keys)
    return { item: opened.item, alarm: shown(row) }
  }

  return {
    takeCaseStep: immediately(db, (target: CaseTarget, input: PersonInput, actor: Actor, wallMs: number) => {
      const atMs = Math.round(wallMs)
      const found = find(target, atMs)
      if (!found) return { type: 'unknown' } as const
      return finish(
        found.item,
        takeStep({ item: found.item, actor, policy: policy(), nowMs: atMs }, input),
        actor,
        atMs,
        found.alarm,
      )
    }),

    takeCentreInput: immediately(db, (id: string, input: CentreInput, wallMs: number) => {
      const atMs = Math.round(wallMs)
      const item = rows.get({ case: id })
      if (!item) return { type: 'unknown' } as const
      return finish(
        item,
        takeCentreInput(item, input, policy(), atMs),
        { who: 'centre', isSupervisor: true },
        atMs,
      )
    }),
  }
}

function upwardCalls({ db, rows, policy, upward, finish }: Parts): Pick<CaseTable, 'takeUpwardAnswer'> {
  return {
    takeUpwardAnswer: immediately(db, (answer: UpwardAnswer, wallMs: number): CaseOutcome => {
      const atMs = Math.round(wallMs)
      const item = rows.get({ case: answer.case })
      const to = upward.settings()?.to
      if (!item || to === undefined) return { type: 'unknown' }
      if (answer.command !== undefined && !upward.takeCommand(answer.command, atMs))
        return { type: 'done', case: item, alarms: [], changes: [] }
      const { stage, text, who } = answer
      const outcome = takeCentreInput(item, { do: 'report-answer', to, stage, text, who }, policy(), atMs)
      return finish(item, outcome, { who: centreHolder(to), isSupervisor: false }, atMs)
    }),
  }
}

/** Cases that a person opens without an alarm. */
function openingCalls({ db, rows, lists, policy, keep }: Parts): Pick<CaseTable, 'openCase'> {
  return {
    openCase: immediately(db, (made: ManualCase, who: string, wallMs: number): CaseOutcome => {
      const atMs = Math.round(wallMs)
      const { version, lists: held } = lists.newest()
      const { guidance, actions } = resolveActions(held, {
        kind: made.kind,
        village: made.village,
        ...(made.box === undefined ? {} : { box: made.box }),
      })
      const name = alarmTable[made.kind].name
      const opened = openCase(
        {
          id: rows.newId(),
          village: made.village,
          ...(made.box === undefined ? {} : { box: made.box }),
          title: { zh: `${name.zh}：${made.text}`, en: `${name.en}: ${made.text}` },
          colour: made.colour,
          isDrill: made.isDrill,
          alarms: [],
          actions,
          guidanceVersion: version,
          guidance,
          who,
          text: made.text,
        },
        policy(),
        atMs,
      )
      return {
        type: 'done',
        case: opened.item,
        alarms: [],
        changes: keep(undefined, opened, atMs),
      }
    }),
  }
}

function joiningCalls({
  db,
  rows,
  policy,
  keep,
  finish,
}: Parts): Pick<CaseTable, 'mergeCases' | 'splitCase'> {
  return {
    mergeCases: immediately(
      db,
      (intoId: string, fromId: string, actor: Actor, wallMs: number): CaseOutcome => {
        const atMs = Math.round(wallMs)
        const [into, from] = [rows.get({ case: intoId }), rows.get({ case: fromId })]
        if (!into || !from) return { type: 'unknown' }
        const outcome = mergeCases(into, from, actor.who, policy(), atMs)
        if (!outcome.ok) return finish(into, outcome, actor, atMs)
        // The empty one first: its alarms then belong to the one that continues.
        const gone = keep(from, outcome.from, atMs)
        const done = finish(into, outcome.into, actor, atMs)
        return done.type === 'done' ? { ...done, changes: [...gone, ...done.changes] } : done
      },
    ),

    splitCase: immediately(
      db,
      (id: string, ids: readonly string[], actor: Actor, wallMs: number): CaseOutcome => {
        const atMs = Math.round(wallMs)
        const item = rows.get({ case: id })
        if (!item) return { type: 'unknown' }
        const outcome = splitCase(item, ids, rows.newId(), actor.who, policy(), atMs)
        if (!outcome.ok) return finish(item, outcome, actor, atMs)
        const stays = keep(item, outcome.from, atMs)
        return {
          type: 'done',
          case: outcome.split.item,
          alarms: [],
          changes: [...stays, ...keep(undefined, outcome.split, atMs)],
        }
      },
    ),
  }
}

function deadlineCalls(parts: Parts): Pick<CaseTable, 'passDeadlines'> {
  const { db, rows, policy, logChange } = parts
  return {
    passDeadlines: immediately(db, (wallMs: number) => {
      const nowMs = Math.round(wallMs)
      const changes: StoredChange[] = []
      const due: DueEvent[] = []
      for (const item of rows.due(nowMs, dueAtOnceMax)) {
        const outcome = takeCentreInput(item, { do: 'time' }, policy(), nowMs)
        if (!outcome.ok) continue
        // A case without an event is stored too: its next moment is computed again.
        rows.put(outcome.item, outcome.events)
        if (outcome.events.length === 0) continue
        // A drill lights its lamps and sends no message.
        if (!item.isDrill) due.push(...outcome.events.map((event) => ({ case: item.id, event })))
        changes.push(logChange({ type: 'case.changed', case: summaryOf(outcome.item, policy(), nowMs) }))
        changes.push(...returnAlarms(parts, item, outcome.item, nowMs))
      }
      const nextDueMs = rows.firstDue()
      return { changes, due, ...(nextDueMs === undefined ? {} : { nextDueMs }) }
    }),
  }
}
