// The lines of the queue: many silent boxes are one line, and alarms collected in a storm are under the storm's line.
import type { BoardAlarm, BoardView } from './alarm-board.ts'

/** With this number of silent boxes or more, one line shows them all. */
export const silentTogetherMin = 5

export type QueueLine =
  | { type: 'alarm'; alarm: BoardAlarm; folded: BoardAlarm[] }
  /** `sinceMs`: the centre's time when the first of these alarms was received. */
  | { type: 'silent'; alarms: BoardAlarm[]; sinceMs: number }

export interface Folded {
  /** The alarms of each storm, by the id of the alarm that stands for the storm. */
  byStorm: ReadonlyMap<string, BoardAlarm[]>
  /** Alarms without a storm line: suppressed by a root cause, shelved, or out of service (maintenance). */
  others: BoardAlarm[]
}

/** A box has one storm at a time, and the alarms suppressed in that time belong to it. */
export function foldStorms({ waiting, mine, answered, suppressed }: BoardView): Folded {
  const storms = new Map<string, string>()
  for (const alarm of [...waiting, ...mine, ...answered])
    if (alarm.kind === 'storm') storms.set(alarm.box, alarm.id)
  const byStorm = new Map<string, BoardAlarm[]>()
  const others: BoardAlarm[] = []
  for (const alarm of suppressed) {
    const storm = alarm.state === 'suppressed' ? storms.get(alarm.box) : undefined
    if (storm === undefined) others.push(alarm)
    else byStorm.set(storm, [...(byStorm.get(storm) ?? []), alarm])
  }
  return { byStorm, others }
}

/** Keeps the order of `alarms`; the line of the silent boxes is at the place of the first silent box. */
export function linesOf(alarms: readonly BoardAlarm[], { byStorm }: Pick<Folded, 'byStorm'>): QueueLine[] {
  const silent = alarms.filter(({ kind }) => kind === 'box-silent')
  const isTogether = silent.length >= silentTogetherMin
  const lines: QueueLine[] = []
  let isMarked = false
  for (const alarm of alarms) {
    if (alarm.kind !== 'box-silent' || !isTogether) {
      lines.push({ type: 'alarm', alarm, folded: byStorm.get(alarm.id) ?? [] })
    } else if (!isMarked) {
      isMarked = true
      lines.push({
        type: 'silent',
        alarms: silent,
        sinceMs: Math.min(...silent.map(({ receivedAtMs }) => receivedAtMs)),
      })
    }
  }
  return lines
}
