// The state of lanes for a starting centre. A damaged state that an older version stored is recomputed from the stored
// records: the start never fails for it.
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { laneNumberMax } from '../../../../protocols/domain/limits.ts'
import { addRange, areSound } from '../../../../protocols/kit/ranges.ts'
import type { Sqlite } from '../database.ts'
import type { KnownLane, NumberRange, SetAside } from '../../port.ts'

interface LaneRow {
  number: number
  box: string
  epoch: string
  lane: number
  settled: string
  givenUp: number
}

/** Of these boxes, or of all. */
export function readKnownLanes(
  db: Sqlite,
  only?: readonly string[],
): { known: KnownLane[]; setAside: SetAside[] } {
  // total() and not sum(): the sum of an older version's ranges may be no integer any more.
  const rows = db.prepare<string[], LaneRow>(
    `SELECT e.number, e.box, e.epoch, l.lane, l.settled,
       (SELECT total(s.to_number - s.from_number + 1) FROM skipped s
        WHERE s.epoch = l.epoch AND s.lane = l.lane) AS givenUp
     FROM lanes l JOIN epochs e ON e.number = l.epoch${only === undefined ? '' : ' WHERE e.box IN (SELECT value FROM json_each(?))'}`,
  )
  const known: KnownLane[] = []
  const setAside: SetAside[] = []
  for (const { number, box, epoch, lane, settled, givenUp } of rows.all(
    ...(only === undefined ? [] : [JSON.stringify(only)]),
  )) {
    const name = lanes[lane]
    if (name === undefined) {
      setAside.push({ box, epoch, lane: String(lane), why: 'no such lane' })
      continue
    }
    const ranges = parseRanges(settled)
    if (ranges)
      known.push({ box, epoch, lane: name, settled: ranges, givenUp: Math.min(givenUp, laneNumberMax) })
    else {
      setAside.push({
        box,
        epoch,
        lane: name,
        why: 'its ranges of numbers make no sense: made anew from its records',
      })
      known.push(rebuild(db, number, { box, epoch, lane: name }))
    }
  }
  return { known, setAside }
}

function parseRanges(settled: string): NumberRange[] | undefined {
  try {
    const ranges: unknown = JSON.parse(settled)
    return areSound(ranges, laneNumberMax) ? ranges : undefined
  } catch {
    return undefined
  }
}

/** From the stored records and from plausible skipped ranges. */
function rebuild(db: Sqlite, epoch: number, place: { box: string; epoch: string; lane: Lane }): KnownLane {
  const lane = lanes.indexOf(place.lane)
  let settled: NumberRange[] = []
  const numbers = db
    .prepare<[number, number, number], number>(
      'SELECT number FROM records WHERE epoch = ? AND lane = ? AND number BETWEEN 1 AND ? ORDER BY number',
    )
    .pluck()
  const stored: NumberRange[] = []
  for (const number of numbers.iterate(epoch, lane, laneNumberMax)) {
    const last = stored.at(-1)
    if (last && number === last[1] + 1) last[1] = number
    else stored.push([number, number])
  }
  settled = stored
  const highest = stored.at(-1)?.[1] ?? 0
  const skipped = db
    .prepare<[number, number, number], { from: number; to: number }>(
      `SELECT from_number AS "from", to_number AS "to" FROM skipped
       WHERE epoch = ? AND lane = ? AND from_number BETWEEN 1 AND to_number AND to_number < ?`,
    )
    .all(epoch, lane, highest)
  for (const { from, to } of skipped) settled = addRange(settled, from, to)
  return { ...place, settled, givenUp: 0 }
}
