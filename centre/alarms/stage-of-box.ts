// The message to a box with the stage that the town has set on one of its alarms. Pure.
import { centreAlarmKinds, type Stage } from '../../protocols/domain/alarm.ts'
import type { DeskAlarm } from '../../protocols/desk/api.ts'

export interface StageOfBox {
  alarm: string
  stage: Stage
  by?: string
  atMs: number
}

/** Undefined for the centre's own alarms: the box does not know them. */
export function stageOfBox({
  id,
  kind,
  box,
  stage,
  acceptedBy,
  changedAtMs,
}: DeskAlarm): StageOfBox | undefined {
  if (centreAlarmKinds.some((one) => one === kind)) return undefined
  return {
    alarm: id.slice(box.length + 1),
    stage,
    ...(acceptedBy === undefined ? {} : { by: acceptedBy }),
    atMs: changedAtMs,
  }
}
