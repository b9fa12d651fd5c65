// The lines of the queue: many boxes that fell silent are one line, and what a storm folded is under the storm's line.
import type { BoardAlarm, BoardView } from './alarm-board.ts'

/** From so many silent boxes on they are one line. */
export const silentTogetherMin = 5

export type QueueLine =
  | { type: 'alarm'; alarm: BoardAlarm; folded: BoardAlarm[] }
  /** `sinceMs`: the centre's time of the first of them. */
  | { type: 'silent'; alarms: BoardAlarm[]; sinceMs: number }

export interface Folded {
  /** By the id of the storm's own alarm. */
  byStorm: ReadonlyMap<string, BoardAlarm[]>
  /** Held back with no storm line to stand under: by a root cause, a shelf or maintenance. */
  others: BoardAlarm[]
}

/** A box has one storm at a time, and what it suppresses meanwhile stands behind it. */
export function foldStorms({ waiting, mine, answered, heldBack }: BoardView): Folded {
  const storms = new Map<string, string>()
  for (const alarm of [...waiting, ...mine, ...answered])
    if (alarm.kind === 'storm') storms.set(alarm.box, alarm.id)
  const byStorm = new Map<string, BoardAlarm[]>()
  const others: BoardAlarm[] = []
  for (const alarm of heldBack) {
    const storm = alarm.state === 'suppressed' ? storms.get(alarm.box) : undefined
    if (storm === undefined) others.push(alarm)
    else byStorm.set(storm, [...(byStorm.get(storm) ?? []), alarm])
  }
  return { byStorm, others }
}

/** In the order of `alarms`; the line of silent boxes stands where the first of them stood. */
export function linesOf(alarms: readonly BoardAlarm[], { byStorm }: Pick<Folded, 'byStorm'>): QueueLine[] {
  const silent = alarms.filter(({ kind }) => kind === 'box-silent')
  const isTogether = silent.length >= silentTogetherMin
  const lines: QueueLine[] = []
  let isTold = false
  for (const alarm of alarms) {
    if (alarm.kind !== 'box-silent' || !isTogether) {
      lines.push({ type: 'alarm', alarm, folded: byStorm.get(alarm.id) ?? [] })
    } else if (!isTold) {
      isTold = true
      lines.push({
        type: 'silent',
        alarms: silent,
        sinceMs: Math.min(...silent.map(({ receivedAtMs }) => receivedAtMs)),
      })
    }
  }
  return lines
}
