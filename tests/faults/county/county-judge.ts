// What must hold behind each fault of the campaign: nothing that has a Receipt is lost, nothing is doubled, no position is missing or comes
// twice for a reader, and every red is on every desk once.
import { lanes } from '../../../protocols/domain/colour.ts'
import { pause } from '../../bench/options.ts'
import type { CountyBox } from './county-box.ts'
import type { CountyTown } from './county-town.ts'

/** Not back by then: stuck. */
const backMsMax = 180_000

export interface Verdict {
  /** From the call until the last box had a Receipt for all that it had. */
  backMs: number
  violations: string[]
}

const isDone = (box: CountyBox): boolean => box.waiting('red') === 0 && box.waiting('routine') === 0

async function waitFor(what: () => boolean | Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + backMsMax
  while (!(await what())) {
    if (performance.now() > endMs) return false
    await pause(20)
  }
  return true
}

async function judgeStored(town: CountyTown): Promise<string[]> {
  const found: string[] = []
  const rows = (await town.primary.query(
    `SELECT e.box, r.lane::int AS lane, count(*)::int AS count, count(DISTINCT r.number)::int AS numbers, max(r.number)::int AS last
     FROM records r JOIN epochs e ON e.number = r.epoch GROUP BY e.box, r.lane`,
    'town',
  )) as unknown as { box: string; lane: number; count: number; numbers: number; last: number }[]
  const stored = new Map(rows.map((row) => [`${row.box} ${lanes[row.lane]}`, row]))
  for (const box of town.boxes) {
    found.push(...box.violations.splice(0))
    if (stored.has(`${box.id} yellow`)) found.push(`${box.id}: stored by a centre that had lost the box`)
    for (const lane of ['red', 'routine'] as const) {
      const { receipted, records } = box.lanes[lane]
      const { count = 0, numbers = 0, last = 0 } = stored.get(`${box.id} ${lane}`) ?? {}
      if (count < receipted) found.push(`${box.id} ${lane}: ${receipted} have a Receipt, ${count} are stored`)
      if (count !== numbers || count !== last || count > records.length)
        found.push(
          `${box.id} ${lane}: ${count} rows, ${numbers} numbers up to ${last}, made ${records.length}`,
        )
    }
  }
  return found
}

async function judgeReaders(town: CountyTown): Promise<string[]> {
  const found: string[] = []
  const [row] = await town.primary.query('SELECT count(*)::int AS count FROM records', 'town')
  const count = row?.['count'] as number
  const isRead = await waitFor(() => town.reader.read.size >= count)
  if (!isRead) found.push(`a reader has ${town.reader.read.size} of ${count} records`)
  for (const [key, times] of town.reader.read) if (times > 1) found.push(`a reader got ${key} ${times} times`)
  for (const desk of town.desks) {
    await waitFor(() => town.pressed.every((id) => desk.raised.has(id)))
    found.push(...desk.violations.splice(0))
    for (const id of town.pressed) {
      const times = desk.raised.get(id) ?? 0
      if (times !== 1) found.push(`${id} was raised ${times} times at desk ${town.desks.indexOf(desk)}`)
    }
    if (desk.resyncs > 0) found.push(`desk ${town.desks.indexOf(desk)} had to load everything again`)
  }
  return found
}

export async function judge(town: CountyTown): Promise<Verdict> {
  const startMs = performance.now()
  town.stopLoad()
  const areBack = await waitFor(() => town.boxes.every(isDone))
  const backMs = performance.now() - startMs
  const stuck = town.boxes.filter((box) => !isDone(box)).map(({ id }) => id)
  const violations = areBack ? [] : [`not back within ${backMsMax} ms: ${stuck.slice(0, 5).join(', ')}`]
  violations.push(...(await judgeStored(town)), ...(await judgeReaders(town)))
  return { backMs, violations }
}
