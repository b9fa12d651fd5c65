// The alarms on this desk: filled by the list and the stream, in the order of urgency.
import type { DeskAlarm } from '../../../protocols/desk/api.ts'
import { urgency, gradeRank } from '../../../protocols/domain/colour.ts'
import { isWaiting, shownColour } from './accept-deadline.ts'

export interface BoardAlarm extends DeskAlarm {
  /** Since the centre stored it, or since it first occurred again after its acceptance; by the centre's clock. */
  waitingSinceMs: number
}

export interface BoardView {
  /** Unanswered: most urgent first, newest first within a colour. */
  waiting: BoardAlarm[]
  /** Accepted by the person at this desk and not ended yet. */
  mine: BoardAlarm[]
  /** Accepted by others, or answered at the village, and not ended yet. */
  answered: BoardAlarm[]
  /** Alarms suppressed by design at boxes, without a need to answer: collected in a storm, shelved, out of service. */
  suppressed: BoardAlarm[]
  /** Drills and walk tests of any colour: separate from all real alarms. */
  drills: BoardAlarm[]
}

export const emptyView: BoardView = { waiting: [], mine: [], answered: [], suppressed: [], drills: [] }

export interface BoardViewOptions {
  /** The person at this desk. */
  me?: string | undefined
  /** Alarms that keep their place although another person has them now: this person has just pressed there. */
  lingering?: ReadonlySet<string>
}

/** More urgent first, then the more closely watched zone, then the later arrival; the id decides the rest, so that rows never swap at random. */
export function byUrgency(a: DeskAlarm, b: DeskAlarm): number {
  return (
    urgency(shownColour(a)) - urgency(shownColour(b)) ||
    gradeRank(a.place?.grade) - gradeRank(b.place?.grade) ||
    b.receivedAtMs - a.receivedAtMs ||
    (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
  )
}

const suppressedStates: readonly DeskAlarm['state'][] = ['suppressed', 'shelved', 'out-of-service']

/** Ended: by the box, or closed by the town. */
function isOver(alarm: DeskAlarm): boolean {
  return alarm.state === 'normal' || alarm.stage === 'closed'
}

/** Repeated presses must not move the deadline of the first one. */
function waitingSince(alarm: DeskAlarm, before: BoardAlarm | undefined): number {
  if (!alarm.needsAnswer) return alarm.receivedAtMs
  return before?.needsAnswer === true ? before.waitingSinceMs : alarm.changedAtMs
}

function placeOf(alarm: BoardAlarm, { me, lingering }: BoardViewOptions): keyof BoardView {
  if (alarm.isDrill === true) return 'drills'
  if (isWaiting(alarm) || lingering?.has(alarm.id) === true) return 'waiting'
  if (suppressedStates.includes(alarm.state)) return 'suppressed'
  return me !== undefined && alarm.acceptedBy === me ? 'mine' : 'answered'
}

export class AlarmBoard {
  #alarms = new Map<string, BoardAlarm>()

  /** The centre's complete present list; an alarm that is not in it has ended. */
  replace(alarms: readonly DeskAlarm[]): void {
    const before = this.#alarms
    this.#alarms = new Map()
    for (const alarm of alarms) this.#set(alarm, before.get(alarm.id))
  }

  /** One alarm in its present state. The order of the stream counts: the latest message wins. */
  put(alarm: DeskAlarm): void {
    this.#set(alarm, this.#alarms.get(alarm.id))
  }

  #set(alarm: DeskAlarm, before: BoardAlarm | undefined): void {
    if (isOver(alarm)) this.#alarms.delete(alarm.id)
    else this.#alarms.set(alarm.id, { ...alarm, waitingSinceMs: waitingSince(alarm, before) })
  }

  get(id: string): BoardAlarm | undefined {
    return this.#alarms.get(id)
  }

  view(options: BoardViewOptions = {}): BoardView {
    const view: BoardView = { waiting: [], mine: [], answered: [], suppressed: [], drills: [] }
    for (const alarm of this.#alarms.values()) view[placeOf(alarm, options)].push(alarm)
    for (const list of Object.values(view) as BoardAlarm[][]) list.sort(byUrgency)
    return view
  }

  /** True when each of these is stored here exactly as at the centre: the stream has missed none of them. */
  agreesWith(alarms: readonly DeskAlarm[]): boolean {
    return alarms.every((theirs) => {
      if (isOver(theirs)) return !this.#alarms.has(theirs.id)
      const ours = this.#alarms.get(theirs.id)
      return (
        ours !== undefined &&
        ours.state === theirs.state &&
        ours.stage === theirs.stage &&
        ours.colour === theirs.colour &&
        ours.occurrences === theirs.occurrences &&
        ours.acceptedBy === theirs.acceptedBy &&
        ours.needsAnswer === theirs.needsAnswer
      )
    })
  }
}

/** Reds that wait now and did not wait at the last call: the siren and the screen reader announce them. */
export class RedWatch {
  #known = new Set<string>()

  update(waiting: readonly BoardAlarm[]): BoardAlarm[] {
    const reds = waiting.filter((alarm) => shownColour(alarm) === 'red' && isWaiting(alarm))
    const fresh = reds.filter((alarm) => !this.#known.has(alarm.id))
    this.#known = new Set(reds.map((alarm) => alarm.id))
    return fresh
  }
}
