// Follows the alarms of the journal, lane by lane from where it stopped: a crash between the commit of an alarm and that of its messages
// loses none, and the intake's commit waits for nothing here.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { AlarmRecord, JournalRecord } from '../../protocols/domain/record.ts'
import { parseJson } from '../../protocols/kit/parse-json.ts'
import type { Outbox, StoredRecord } from '../journal/port.ts'
import type { Cursor } from './box-queue.ts'

/** Alarms are in these lanes, the most urgent first. */
export const followedLanes = ['red', 'orange', 'yellow', 'blue'] as const satisfies readonly Lane[]
const limits = { recordsMax: 100, bytesMax: 256 * 1024 }

export type FollowedOutbox = Pick<Outbox, 'epoch' | 'positions' | 'read'>

export interface Followed {
  alarms: AlarmRecord[]
  cursor: Cursor
  isEnd: boolean
}

/** Where a first run begins: what happened before it concerns no receiver. */
export function cursorNow(outbox: FollowedOutbox): Cursor {
  const positions = outbox.positions()
  const lanes = followedLanes.map((lane) => [lane, { number: positions[lane].last, sequence: 0 }] as const)
  return { epoch: outbox.epoch, lastNumber: 0, lanes: Object.fromEntries(lanes) }
}

export class LaneFollower {
  readonly #outbox: FollowedOutbox
  /** The sequences up to which an earlier epoch was looked at. */
  #earlier: Record<string, number> = {}

  constructor(outbox: FollowedOutbox) {
    this.#outbox = outbox
  }

  /** The cursor in the numbers of this epoch. After a salvage every record has another number, and keeps its first sequence. */
  adopt(cursor: Cursor): Cursor {
    if (cursor.epoch === this.#outbox.epoch) return cursor
    const lanes = followedLanes.map((lane) => [lane, cursor.lanes[lane]?.sequence ?? 0] as const)
    this.#earlier = Object.fromEntries(lanes)
    const fresh = lanes.map(([lane, sequence]) => [lane, { number: 0, sequence }] as const)
    return { ...cursor, epoch: this.#outbox.epoch, lanes: Object.fromEntries(fresh) }
  }

  /** The next page of the most urgent lane that has one. */
  async next(cursor: Cursor): Promise<Followed> {
    const positions = this.#outbox.positions()
    for (const lane of followedLanes) {
      const at = cursor.lanes[lane] ?? { number: 0, sequence: 0 }
      if (at.number >= positions[lane].last) continue
      const rows = await this.#outbox.read(lane, at.number, limits)
      const last = rows.at(-1)
      // The rest of the lane was deleted.
      const number = last?.number ?? positions[lane].last
      const records = rows.flatMap((row) => recordOf(row) ?? [])
      const sequence = Math.max(at.sequence, ...records.map((record) => record.sequence))
      const lanes = { ...cursor.lanes, [lane]: { number, sequence } }
      const alarms = records.filter(
        (record): record is AlarmRecord => record.type === 'alarm' && !this.#isKnown(lane, record),
      )
      return { alarms, cursor: { ...cursor, lanes }, isEnd: false }
    }
    return { alarms: [], cursor, isEnd: true }
  }

  #isKnown(lane: Lane, { was, sequence }: AlarmRecord): boolean {
    return (was?.sequence ?? sequence) <= (this.#earlier[lane] ?? 0)
  }
}

function recordOf({ body }: StoredRecord): JournalRecord | undefined {
  const parsed = parseJson(body, Infinity)
  return parsed.ok ? (parsed.value as JournalRecord) : undefined
}
