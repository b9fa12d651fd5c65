// The writer's side of hands: cases of a person who left return to the queue, shifts are handed over, and a timetable hands the queue
// to another centre for the night. Each call is one transaction.
import type { Case } from '../../../../protocols/domain/case.ts'
import type { Shift, ShiftMessage } from '../../../../protocols/desk/shifts.ts'
import type { CasePolicy } from '../../../cases/case-policy.ts'
import type { Changed } from '../../../cases/workflow/case-alarms.ts'
import type { CentreInput } from '../../../cases/workflow/case-input.ts'
import { takeCentreInput } from '../../../cases/workflow/case-workflow.ts'
import type { TrailEntry } from '../../../cases/trail.ts'
import type { CaseHandoverCalls, ShiftOutcome } from '../../case-port.ts'
import type { StoredChange } from '../../stored-change.ts'
import type { CaseRows } from './case-rows.ts'
import { immediately, type Sqlite } from '../database.ts'
import { readDocument } from '../documents.ts'

/** Cases that the night takes or gives back in one transaction; the rest follow in the next. */
const nightAtOnceMax = 100
/** Case numbers that an offered hand-over lists; the others are handed over as well. */
const listedMax = 500

export type ShiftMessageBody = Omit<ShiftMessage, 'position'>

interface CaseHandoverOptions {
  db: Sqlite
  rows: CaseRows
  policy: () => CasePolicy
  keep: (before: Case | undefined, changed: Changed, nowMs: number) => StoredChange[]
  seal: (entry: TrailEntry) => void
  logChange: (message: ShiftMessageBody) => StoredChange
}

type Move = (items: readonly Case[], input: CentreInput, nowMs: number) => StoredChange[]

export function createCaseHandover(options: CaseHandoverOptions): CaseHandoverCalls {
  const { db, rows, policy, keep } = options

  function move(items: readonly Case[], input: CentreInput, nowMs: number): StoredChange[] {
    return items.flatMap((item) => {
      const outcome = takeCentreInput(item, input, policy(), nowMs)
      return outcome.ok ? keep(item, outcome, nowMs) : []
    })
  }

  return {
    redistribute: immediately(db, (who: string, why: string, wallMs: number): StoredChange[] => {
      const atMs = Math.round(wallMs)
      const held = rows.heldBy(who)
      const ids = new Set(held.map(({ id }) => id))
      const open = rows.claimedBy(who).filter(({ id }) => !ids.has(id))
      return move([...held, ...open], { do: 'redistribute', who, text: why }, atMs)
    }),

    passNight: immediately(db, (to: string | undefined, wallMs: number) => {
      const atMs = Math.round(wallMs)
      const mustLeave = (item: Case): boolean => item.handedTo !== to && isByTimetable(item)
      const back = rows.handed(nightAtOnceMax).filter(mustLeave)
      const changes = move(back, { do: 'take-back', text: 'timetable' }, atMs)
      if (to !== undefined)
        changes.push(...move(rows.inOwnHands(nightAtOnceMax), { do: 'night', to, text: 'timetable' }, atMs))
      return changes
    }),

    ...createShiftCalls(options, move),
  }
}

/** The hand-over of a shift, which both people sign. */
function createShiftCalls(
  { db, rows, seal, logChange }: CaseHandoverOptions,
  move: Move,
): Pick<CaseHandoverCalls, 'offerShift' | 'endShift'> {
  const insert = db.prepare("INSERT INTO shifts (body) VALUES ('{}')")
  const update = db.prepare('UPDATE shifts SET body = ? WHERE number = ?')
  const select = db.prepare<[number], { body: string }>('SELECT body FROM shifts WHERE number = ?')

  function put(shift: Shift, who: string, what: string, why: string, atMs: number): StoredChange[] {
    update.run(JSON.stringify(shift), shift.shift)
    seal({ alarm: `shift ${shift.shift}`, atMs, who, what, why })
    return [logChange({ type: 'shift.changed', shift })]
  }

  function find(shift: number): Shift | undefined {
    const row = select.get(shift)
    return row && readDocument(db, 'shifts', shift, row.body)
  }

  return {
    offerShift: immediately(
      db,
      (leaving: string, entering: string, text: string, wallMs: number): ShiftOutcome => {
        const atMs = Math.round(wallMs)
        const shift: Shift = {
          shift: Number(insert.run().lastInsertRowid),
          leaving,
          entering,
          text,
          offeredAtMs: atMs,
          cases: rows
            .heldBy(leaving)
            .slice(0, listedMax)
            .map(({ id }) => id),
          state: 'offered',
        }
        return { type: 'done', shift, changes: put(shift, leaving, 'shift-offered', text, atMs) }
      },
    ),

    endShift: immediately(
      db,
      (number: number, who: string, isTaken: boolean, text: string, wallMs: number): ShiftOutcome => {
        const atMs = Math.round(wallMs)
        const found = find(number)
        if (!found || (who !== found.entering && (isTaken || who !== found.leaving)))
          return { type: 'unknown' }
        const state = isTaken ? 'signed' : 'refused'
        if (found.state !== 'offered')
          return found.state === state
            ? { type: 'done', shift: found, changes: [] }
            : { type: 'over', shift: found }
        const { leaving, entering } = found
        const taken = isTaken ? rows.heldBy(leaving) : []
        const cases = isTaken ? { cases: taken.map(({ id }) => id) } : {}
        const shift: Shift = { ...found, state, endedAtMs: atMs, endText: text, ...cases }
        const words = `${found.text} ${text}`.trim()
        return {
          type: 'done',
          shift,
          changes: [
            ...move(taken, { do: 'take-over', from: leaving, to: entering, text: words }, atMs),
            ...put(shift, who, `shift-${state}`, text, atMs),
          ],
        }
      },
    ),
  }
}

/** Handed over by the timetable and not by a person, who takes it back by hand. */
function isByTimetable({ reports, handedTo }: Case): boolean {
  return reports.findLast(({ to }) => to === handedTo)?.who === 'centre'
}
