// The outcome of a case's step: stored, and its effect on the alarms of the case.
import type { Stage } from '../../../../protocols/domain/alarm.ts'
import type { Case } from '../../../../protocols/domain/case.ts'
import type { DeskAlarm } from '../../../../protocols/desk/api.ts'
import { alarmTable } from '../../../../protocols/domain/alarm-table.ts'
import { isActive, isOwn, type DeskRow } from '../../../alarms/desk-row.ts'
import { acceptAlarm } from '../../../cases/case-steps.ts'
import type { Changed } from '../../../cases/workflow/case-alarms.ts'
import type { Actor, Refusal } from '../../../cases/workflow/case-input.ts'
import type { CaseOutcome } from '../../case-port.ts'
import type { StoredChange } from '../../port.ts'
import type { CaseTableOptions } from './case-table-options.ts'

export interface CaseOutcomeOptions extends Pick<CaseTableOptions, 'alarms' | 'shown' | 'logChange'> {
  keep: (before: Case | undefined, changed: Changed, nowMs: number) => StoredChange[]
}

export type FinishCase = (
  before: Case,
  outcome: Changed | Refusal,
  actor: Actor,
  atMs: number,
  asked?: DeskAlarm,
) => CaseOutcome

export function createCaseOutcome({ alarms, shown, logChange, keep }: CaseOutcomeOptions): FinishCase {
  /** The effect of a case's step on its alarms: the stage is sent to the box, and to the lamp of the button. */
  function moveAlarms(
    before: Case,
    after: Case,
    actor: Actor,
    atMs: number,
  ): { moved: DeskAlarm[]; changes: StoredChange[] } {
    const isAccepted =
      (after.state !== 'open' && before.state === 'open') || (before.needsAnswer && !after.needsAnswer)
    const stage = stageOf(before, after)
    const moved: DeskAlarm[] = []
    if (!isAccepted && stage === undefined) return { moved, changes: [] }
    for (const { id } of after.alarms) {
      const row = alarms.get(id)
      if (!row) continue
      const next =
        stage === undefined ? accepted(row, after.holder ?? actor.who, atMs) : atStage(row, stage, atMs)
      if (!next || next === row) continue
      alarms.put(next)
      moved.push(shown(next))
    }
    return { moved, changes: moved.map((alarm) => logChange({ type: 'alarm.stage', alarm })) }
  }

  return function finish(
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
}

/** A case returned to the queue: its alarms wait for an answer again, on every desk and with their sound. */
export function returnAlarms(
  { alarms, shown, logChange }: Pick<CaseTableOptions, 'alarms' | 'shown' | 'logChange'>,
  before: Case | undefined,
  after: Case,
  atMs: number,
): StoredChange[] {
  const { returned } = after
  if (!returned || returned.atMs === before?.returned?.atMs) return []
  return after.alarms.flatMap(({ id }) => {
    const row = alarms.get(id)
    if (!row || row.acceptedBy === undefined || !isActive(row)) return []
    const waiting: DeskRow = { ...row, returned, changedAtMs: Math.round(atMs) }
    alarms.put(waiting)
    // No stage: an equal centre would send it to the box, and it could answer an occurrence that has come since.
    return [logChange({ type: 'alarm.updated', alarm: shown(waiting) })]
  })
}

function accepted(row: DeskRow, who: string, atMs: number): DeskRow | undefined {
  const outcome = acceptAlarm(row, who, atMs)
  return outcome.type === 'accepted' && outcome.isNew ? outcome.row : undefined
}

/** An alarm of the centre itself that people end is over with its case: no box ends it. */
function atStage(row: DeskRow, stage: Stage, atMs: number): DeskRow {
  const isEnded = stage === 'closed' && isOwn(row) && alarmTable[row.alarm.kind].endsBy === 'answer'
  const alarm = isEnded ? { ...row.alarm, state: 'normal' as const } : row.alarm
  return { ...row, alarm, stage, changedAtMs: atMs }
}

/** The stage that a step gives to the alarms of the case, if it gives one. */
function stageOf(before: Case, after: Case): Stage | undefined {
  if (after.state === 'archived') return 'closed'
  return after.state === 'dispatched' && before.state !== 'dispatched' ? 'dispatched' : undefined
}
