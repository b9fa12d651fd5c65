// The writer's side of cases: alarms open and change them inside the commit that stores the alarm; every step of a
// person is one transaction together with the alarms that it changes.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { Stage } from '../../../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import type { LogRecord } from '../../../../protocols/domain/record.ts'
import type { CaseMessage } from '../../../../protocols/desk/cases.ts'
import { alarmTable } from '../../../../protocols/domain/alarm-table.ts'
import type { DeskRow } from '../../../alarms/desk-row.ts'
import { resolveActions, type ActionList } from '../../../cases/action-lists.ts'
import {
  caseAlarmOf,
  handledBefore,
  handledBeforeMs,
  incidentMs,
  incidentOf,
  opensCase,
  placeOfAlarm,
} from '../../../cases/case-of-alarm.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import { acceptAlarm } from '../../../cases/case-steps.ts'
import { summaryOf } from '../../../cases/case-summary.ts'
import { mergeCases, openCase, splitCase, type Changed } from '../../../cases/workflow/case-alarms.ts'
import type { Actor, CentreInput, PersonInput, Refusal } from '../../../cases/workflow/case-input.ts'
import { centreHolder } from '../../../cases/workflow/case-upward.ts'
import { takeCentreInput, takeStep } from '../../../cases/workflow/case-workflow.ts'
import { isOver } from '../../../../protocols/domain/case-order.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import { villageOf } from '../../../../protocols/domain/names.ts'
import type { CaseOutcome, CaseTarget, CaseWriterCalls, DueEvent, HandMade } from '../../case-port.ts'
import type { StoredChange } from '../../port.ts'
import type { AlarmTable } from '../alarm-table.ts'
import { createActionLists } from './action-list-table.ts'
import { createCaseHands, type ShiftMessageBody } from './case-hands-table.ts'
import { createCaseRows, type CaseKeys } from './case-rows.ts'
import { immediately, type Sqlite } from '../database.ts'
import type { UpwardAnswer, UpwardWriterCalls } from '../../upward-port.ts'
import type { UpwardWriter } from '../upward/upward-table.ts'
import type { SearchWriter } from '../search/search-writer.ts'

/** What a centre below may write into the history of a case. */
const packageCharsMax = 2000

/** Cases whose deadlines are checked in one transaction; the rest follow in the next. */
const dueAtOnceMax = 200

export interface CaseTableOptions {
  db: Sqlite
  alarms: AlarmTable
  search: Pick<SearchWriter, 'case'>
  /** What goes to the next centre up. */
  upward: Pick<UpwardWriter, 'settings' | 'hearCase' | 'takeCommand'>
  policy: () => CasePolicy
  shown: (row: DeskRow) => DeskAlarm
  logChange: (
    message: Omit<CaseMessage, 'position'> | ShiftMessageBody | { type: 'alarm.stage'; alarm: DeskAlarm },
  ) => StoredChange
  seal: (entry: TrailEntry) => void
  /** Inside the transaction that stores the case: families are told. */
  hearCase: (before: Case | undefined, item: Case, atMs: number) => void
}

export interface CaseTable extends CaseWriterCalls, Pick<UpwardWriterCalls, 'takeUpwardAnswer'> {
  /** A centre below sent what its people need for a case: into the history of ours. */
  hearPackage: (box: string, record: LogRecord, atMs: number) => void
  /** Inside the commit that stores the alarm. */
  hearAlarm: (row: DeskRow, atMs: number) => StoredChange[]
  /** Inside a transaction of the writer. */
  caseOf: (target: CaseTarget) => Case | undefined
}

export function createCaseTable(options: CaseTableOptions): CaseTable {
  const { db, alarms, shown, logChange, policy, upward } = options
  const rows = createCaseRows(db, policy, options.seal, options.search, upward.hearCase)
  const lists = createActionLists(db)

  function keep(before: Case | undefined, changed: Changed, nowMs: number, keys?: CaseKeys): StoredChange[] {
    if (changed.item === before && changed.events.length === 0) return []
    const { item, events } = ruled(changed, nowMs)
    rows.put(item, events, keys)
    options.hearCase(before, item, Math.round(nowMs))
    const type = before === undefined ? 'case.opened' : isOver(item.state) ? 'case.over' : 'case.changed'
    return [logChange({ type, case: summaryOf(item, policy(), nowMs) })]
  }

  /** Cases of the colours that the town's rule names are reported upward as soon as they are of them. */
  function ruled(changed: Changed, nowMs: number): Changed {
    const rule = upward.settings()
    const { item, events } = changed
    if (!rule || !rule.byRule.includes(item.colour) || isOver(item.state)) return changed
    const reported = takeCentreInput(item, { do: 'report-up', to: rule.to, text: 'rule' }, policy(), nowMs)
    return reported.ok ? { ...reported, events: [...events, ...reported.events] } : changed
  }

  function openForAlarm(row: DeskRow, nowMs: number): Changed {
    const { alarm, box } = row
    const village = villageOf(box)
    const place = {
      kind: alarm.kind,
      village,
      box,
      ...(alarm.zone === undefined ? {} : { zone: alarm.zone }),
    }
    const { version, lists: held } = lists.newest()
    const { guidance, actions } = resolveActions(held, place)
    const before = handledBefore(rows.ofPlace(placeOfAlarm(box, alarm), nowMs - handledBeforeMs))
    return openCase(
      {
        id: rows.newId(),
        village,
        box,
        title: alarm.text,
        colour: alarm.colour,
        isDrill: alarm.isDrill === true,
        alarms: [caseAlarmOf(row)],
        actions,
        guidanceVersion: version,
        guidance,
        ...(before === undefined ? {} : { handledBefore: before }),
        who: 'centre',
        text: alarm.kind,
      },
      policy(),
      nowMs,
    )
  }

  /** The open case of this alarm, else the open case of its incident. */
  function caseFor(row: DeskRow, nowMs: number): { item: Case | undefined; incident: string | undefined } {
    const known = rows.get({ alarm: row.id })
    const incident = incidentOf(row.box, row.alarm)
    if (known && !isOver(known.state)) return { item: known, incident }
    return {
      item: incident === undefined ? undefined : rows.ofIncident(incident, nowMs - incidentMs),
      incident,
    }
  }

  function hearAlarm(row: DeskRow, nowMs: number): StoredChange[] {
    const { item, incident } = caseFor(row, nowMs)
    const keys = { incident, place: placeOfAlarm(row.box, row.alarm) }
    if (!item) return opensCase(row) ? keep(undefined, openForAlarm(row, nowMs), nowMs, keys) : []
    const isKnown = item.alarms.some(({ id }) => id === row.id)
    if (!isKnown && !opensCase(row)) return []
    const input: CentreInput = { do: 'alarm', alarm: caseAlarmOf(row), title: row.alarm.text }
    const outcome = takeCentreInput(item, input, policy(), nowMs)
    // A full case: the alarm gets a separate one.
    if (!outcome.ok)
      return opensCase(row) ? keep(undefined, openForAlarm(row, nowMs), nowMs, { place: keys.place }) : []
    return keep(item, outcome, nowMs, { incident })
  }

  /** The effect of a case's step on its alarms: the stage is sent to the box, and to the lamp of the button. */
  function moveAlarms(
    before: Case,
    after: Case,
    actor: Actor,
    atMs: number,
  ): { moved: DeskAlarm[]; changes: StoredChange[] } {
    const isAccepted =
      (after.state !== 'open' && before.state === 'open') || (before.needsAnswer && !after.needsAnswer)
    const stage: Stage | undefined =
      after.state === 'archived'
        ? 'closed'
        : after.state === 'dispatched' && before.state !== 'dispatched'
          ? 'dispatched'
          : undefined
    const moved: DeskAlarm[] = []
    if (!isAccepted && stage === undefined) return { moved, changes: [] }
    for (const { id } of after.alarms) {
      const row = alarms.get(id)
      if (!row) continue
      const next =
        stage === undefined
          ? accepted(row, after.holder ?? actor.who, atMs)
          : { ...row, stage, changedAtMs: atMs }
      if (!next || next === row) continue
      alarms.put(next)
      moved.push(shown(next))
    }
    return { moved, changes: moved.map((alarm) => logChange({ type: 'alarm.stage', alarm })) }
  }

  function accepted(row: DeskRow, who: string, atMs: number): DeskRow | undefined {
    const outcome = acceptAlarm(row, who, atMs)
    return outcome.type === 'accepted' && outcome.isNew ? outcome.row : undefined
  }

  function finish(
    before: Case,
    outcome: Changed | Refusal,
    actor: Actor,
    atMs: number,
    asked?: DeskAlarm,
  ): CaseOutcome {
    if (!outcome.ok)
      return {
        type: 'refused',
        code: outcome.code,
        detail: outcome.detail,
        case: before,
        ...(asked ? { alarm: asked } : {}),
      }
    const changes = keep(before, outcome, atMs)
    const { moved, changes: stages } = moveAlarms(before, outcome.item, actor, atMs)
    return {
      type: 'done',
      case: outcome.item,
      alarms: moved,
      ...(asked ? { asked } : {}),
      changes: [...changes, ...stages],
    }
  }

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

  function hearPackage(box: string, { facts }: LogRecord, atMs: number): void {
    const { case: id, text } = facts ?? {}
    const item = typeof id === 'string' ? rows.get({ alarm: `${box}.${id}` }) : undefined
    if (!item || isOver(item.state) || typeof text !== 'string' || text === '') return
    const step = { item, actor: { who: `centre:${box}`, isSupervisor: false }, policy: policy(), nowMs: atMs }
    const noted = takeStep(step, { do: 'note', text: text.slice(0, packageCharsMax) })
    if (noted.ok) rows.put(noted.item, noted.events)
  }

  return {
    hearAlarm,
    caseOf: rows.get,
    hearPackage,
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

    openCase: immediately(db, (made: HandMade, who: string, wallMs: number): CaseOutcome => {
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
      }
      const nextDueMs = rows.firstDue()
      return { changes, due, ...(nextDueMs === undefined ? {} : { nextDueMs }) }
    }),

    ...createCaseHands({ db, rows, policy, keep, seal: options.seal, logChange }),

    putActionLists: immediately(db, (given: readonly ActionList[], who: string, atMs: number) =>
      lists.put(given, who, Math.round(atMs)),
    ),
  }
}
