// The villages for the strip: those that need attention first, with the reason in words.
import type {
  BoxPresence,
  BoxSummary,
  DeskAlarm,
  StreamMessage,
  VillageSummary,
} from '../../../protocols/desk/api.ts'
import { guardHolds, type GuardTimes, type GuardUntil } from '../../../protocols/domain/guard.ts'
import { colours, type Colour } from '../../../protocols/domain/colour.ts'
import { isWaiting, shownColour } from '../queue/accept-deadline.ts'
import { silentTogetherMin } from '../queue/queue-lines.ts'

export interface StripBox {
  /** Its village. */
  village: string
  id: string
  name: string
  presence: BoxPresence
  lastHeardAtMs: number | undefined
  /** Records known to be missing at the centre, over all lanes. */
  missing: number
  isClockUnsynced: boolean
  devices: { known: number; present: number } | undefined
  /** The most urgent colour waiting for an answer here. */
  waiting: Colour | undefined
  guard: GuardTimes | undefined
  /** The day whose report the village has not filed, or not signed where the town requires it. */
  dailyMissing: { day: string; isFiled: boolean } | undefined
}

function dailyMissing({ daily }: VillageSummary): StripBox['dailyMissing'] {
  if (!daily || (daily.isFiled && daily.isSigned !== false)) return undefined
  return { day: daily.day, isFiled: daily.isFiled }
}

const attention: Record<BoxPresence, number> = { silent: 0, late: 1, unknown: 2, present: 3 }

function missingRecords(box: BoxSummary): number {
  let count = 0
  for (const lane of Object.values(box.lanes)) {
    for (const [from, to] of lane?.missing ?? []) count += to - from + 1
  }
  return count
}

/** One entry per box: silent before late, gaps before none, then by name. */
export function stripBoxes(villages: readonly VillageSummary[], alarms: readonly DeskAlarm[]): StripBox[] {
  const waiting = new Map<string, number>()
  for (const alarm of alarms) {
    if (!isWaiting(alarm)) continue
    const rank = colours.indexOf(shownColour(alarm))
    waiting.set(alarm.box, Math.min(rank, waiting.get(alarm.box) ?? colours.length))
  }
  const boxes: StripBox[] = []
  for (const village of villages) {
    for (const box of village.boxes) {
      boxes.push({
        id: box.id,
        name: box.name,
        presence: box.presence,
        lastHeardAtMs: box.lastHeardAtMs,
        missing: missingRecords(box),
        isClockUnsynced: box.clock === 'unsynced',
        devices: box.devices,
        waiting: colours[waiting.get(box.id) ?? colours.length],
        guard: box.guard,
        village: village.id,
        dailyMissing: dailyMissing(village),
      })
    }
  }
  return boxes.sort(
    (a, b) =>
      attention[a.presence] - attention[b.presence] ||
      Number(b.missing > 0) - Number(a.missing > 0) ||
      rankOf(a) - rankOf(b) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
}

function rankOf(box: StripBox): number {
  return box.waiting === undefined ? colours.length : colours.indexOf(box.waiting)
}

type BoxMessage = Extract<StreamMessage, { type: 'box.presence' | 'box.gap' | 'box.retired' }>

/** The villages after one message of the stream; an unknown box or village is added. */
export function applyBoxMessage(villages: readonly VillageSummary[], message: BoxMessage): VillageSummary[] {
  if (message.type === 'box.gap') {
    const { box: id, lane, missing } = message
    return mapBoxes(villages, (box) => {
      if (box.id !== id) return box
      const progress = box.lanes[lane] ?? { storedTo: 0, announced: 0, missing: [] }
      return { ...box, lanes: { ...box.lanes, [lane]: { ...progress, missing } } }
    })
  }
  if (message.type === 'box.retired') {
    return villages
      .map((village) => ({ ...village, boxes: village.boxes.filter(({ id }) => id !== message.box) }))
      .filter(({ boxes }) => boxes.length > 0)
  }
  const { box: next, village: villageId } = message
  const village = villages.find(({ id }) => id === villageId)
  if (village === undefined) {
    const openAlarms = { red: 0, orange: 0, yellow: 0, blue: 0 }
    return [...villages, { id: villageId, boxes: [next], openAlarms }]
  }
  if (village.boxes.some(({ id }) => id === next.id)) {
    return mapBoxes(villages, (box) => (box.id === next.id ? next : box))
  }
  return villages.map((one) => (one === village ? { ...one, boxes: [...one.boxes, next] } : one))
}

function mapBoxes(
  villages: readonly VillageSummary[],
  change: (box: BoxSummary) => BoxSummary,
): VillageSummary[] {
  return villages.map((village) => ({ ...village, boxes: village.boxes.map(change) }))
}

/** An item there is bypassed, on test or shelved: an alarm may be invisible. */
export const isSetAside = ({ guard }: StripBox): boolean =>
  guard !== undefined && guardHolds.some((kind) => guard[kind].length > 0)

/** Silent, late or never connected, with missing records, or with suppressed items. */
export const wantsAttention = (box: StripBox): boolean =>
  box.presence !== 'present' || box.missing > 0 || isSetAside(box)

/** Until when and by whom an alarm is shelved at its box. */
export function shelfOf(
  villages: readonly VillageSummary[],
  { id, box, state }: Pick<DeskAlarm, 'id' | 'box' | 'state'>,
): GuardUntil | undefined {
  if (state !== 'shelved') return undefined
  const guard = villages.flatMap(({ boxes }) => boxes).find((one) => one.id === box)?.guard
  return guard?.shelved.find((one) => `${box}.${one.id}` === id)
}

/**
 * All silent boxes as one line: their number, and since when half of them are; the oldest, perhaps dead for a month, is
 * not significant for tonight.
 */
export function silentGroup(boxes: readonly StripBox[]): { count: number; sinceMs: number } | undefined {
  const silent = boxes.filter(({ presence }) => presence === 'silent')
  if (silent.length < silentTogetherMin) return undefined
  const heard = silent.flatMap(({ lastHeardAtMs }) => lastHeardAtMs ?? [])
  const sinceMs = heard.sort((a, b) => a - b)[Math.floor(heard.length / 2)]
  return sinceMs === undefined ? undefined : { count: silent.length, sinceMs }
}

/** Boxes in the centre's configuration that never sent: as separate lines they would hide those with problems. */
export function neverHeard(boxes: readonly StripBox[]): StripBox[] {
  const found = boxes.filter(({ presence }) => presence === 'unknown')
  return found.length < silentTogetherMin ? [] : found
}

/** Those whose name or id contains every word, in any case. */
export function findBoxes(boxes: readonly StripBox[], text: string): StripBox[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean)
  return boxes.filter(({ id, name }) => wanted.every((one) => `${name} ${id}`.toLowerCase().includes(one)))
}
