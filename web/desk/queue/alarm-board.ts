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

const emptyLists = (): BoardView => ({ waiting: [], mine: [], answered: [], suppressed: [], drills: [] })

export const emptyView: BoardView = emptyLists()

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

const withWait = (alarm: DeskAlarm, before: BoardAlarm | undefined): BoardAlarm => ({
  ...alarm,
  waitingSinceMs: waitingSince(alarm, before),
})

function sameIds(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false
  for (const id of a ?? []) if (!b?.has(id)) return false
  return true
}

function placeOf(alarm: BoardAlarm, { me, lingering }: BoardViewOptions): keyof BoardView {
  if (alarm.isDrill === true) return 'drills'
  if (isWaiting(alarm) || lingering?.has(alarm.id) === true) return 'waiting'
  if (suppressedStates.includes(alarm.state)) return 'suppressed'
  return me !== undefined && alarm.acceptedBy === me ? 'mine' : 'answered'
}

const listNames = ['waiting', 'mine', 'answered', 'suppressed', 'drills'] as const

/** Where the alarm is, or would be: lists are sorted, and no two alarms are equal. */
function indexIn(list: readonly BoardAlarm[], alarm: BoardAlarm): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = list[middle]
    if (other && byUrgency(other, alarm) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Each change moves one alarm in sorted lists: with thousands of open alarms a sort of all of them for each draw would take longer than a
 * red may.
 */
export class AlarmBoard {
  #alarms = new Map<string, BoardAlarm>()
  #lists: BoardView = emptyLists()
  #places = new Map<string, keyof BoardView>()
  #options: BoardViewOptions = {}
  /** Lists that changed since the last view: the others are handed out again. */
  #changed = new Set<keyof BoardView>(listNames)
  #view: BoardView = emptyView

  /** The centre's complete present list; an alarm that is not in it has ended. */
  replace(alarms: readonly DeskAlarm[]): void {
    const before = this.#alarms
    this.#alarms = new Map()
    for (const alarm of alarms)
      if (!isOver(alarm)) this.#alarms.set(alarm.id, withWait(alarm, before.get(alarm.id)))
    this.#sortAll()
  }

  /** One alarm in its present state. The order of the stream counts: the latest message wins. */
  put(alarm: DeskAlarm): void {
    const before = this.#alarms.get(alarm.id)
    if (before) this.#takeOut(before)
    if (isOver(alarm)) this.#alarms.delete(alarm.id)
    else this.#putIn(withWait(alarm, before))
  }

  get(id: string): BoardAlarm | undefined {
    return this.#alarms.get(id)
  }

  /** The same list as before where nothing in it has changed. */
  view(options: BoardViewOptions = {}): BoardView {
    const isSame = options.me === this.#options.me && sameIds(options.lingering, this.#options.lingering)
    this.#options = options
    if (!isSame) this.#sortAll()
    if (this.#changed.size === 0) return this.#view
    const view = { ...this.#view }
    for (const name of this.#changed) view[name] = this.#lists[name].slice()
    this.#changed.clear()
    this.#view = view
    return view
  }

  #sortAll(): void {
    this.#lists = emptyLists()
    this.#places.clear()
    for (const alarm of this.#alarms.values()) {
      const place = placeOf(alarm, this.#options)
      this.#places.set(alarm.id, place)
      this.#lists[place].push(alarm)
    }
    for (const name of listNames) {
      this.#lists[name].sort(byUrgency)
      this.#changed.add(name)
    }
  }

  #takeOut(alarm: BoardAlarm): void {
    const place = this.#places.get(alarm.id)
    if (place === undefined) return
    const list = this.#lists[place]
    const at = indexIn(list, alarm)
    if (list[at]?.id === alarm.id) list.splice(at, 1)
    this.#places.delete(alarm.id)
    this.#changed.add(place)
  }

  #putIn(alarm: BoardAlarm): void {
    this.#alarms.set(alarm.id, alarm)
    const place = placeOf(alarm, this.#options)
    const list = this.#lists[place]
    list.splice(indexIn(list, alarm), 0, alarm)
    this.#places.set(alarm.id, place)
    this.#changed.add(place)
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
