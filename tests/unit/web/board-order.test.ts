// Question: do the lists that change alarm by alarm stay the lists that a sort of all alarms gives, whatever comes?
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AlarmBoard, byUrgency } from '../../../web/desk/queue/alarm-board.ts'
import { colours } from '../../../protocols/domain/colour.ts'
import { makeAlarm } from '../../browser/desk-alarms.ts'

const states = ['unacknowledged', 'acknowledged', 'suppressed', 'normal'] as const
const change = fc.record({
  n: fc.integer({ min: 0, max: 12 }),
  colour: fc.constantFrom(...colours),
  state: fc.constantFrom(...states),
  by: fc.constantFrom(undefined, 'wang', 'li'),
  needsAnswer: fc.boolean(),
  isDrill: fc.boolean(),
  atMs: fc.integer({ min: 0, max: 3 }),
})

test('the lists are those of a fresh board, in order, and an unchanged list is the same one', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const board = new AlarmBoard()
      for (const [turn, { n, by, atMs, isDrill, ...more }] of changes.entries()) {
        const options = {
          me: turn % 7 === 0 ? undefined : 'wang',
          lingering: new Set(turn % 5 === 0 ? ['a-3'] : []),
        }
        const accepted = by === undefined ? {} : { acceptedBy: by }
        const alarm = makeAlarm(more.colour, 'sos', atMs, { id: `a-${n}`, ...more, ...accepted, isDrill })
        board.put(alarm)
        const view = board.view(options)
        const known = Object.values(view).flat()
        const fresh = new AlarmBoard()
        fresh.replace(known)
        const ids = (lists: object): string[][] =>
          Object.values(lists).map((list: { id: string }[]) => list.map(({ id }) => id))
        expect(ids(view)).toEqual(ids(fresh.view(options)))
        for (const list of Object.values(view)) expect(list).toEqual([...list].sort(byUrgency))
        expect(known.length).toBe(new Set(known.map(({ id }) => id)).size)
        expect(known.some(({ id }) => id === alarm.id)).toBe(more.state !== 'normal')
        expect(board.view(options)).toBe(view)
      }
    }),
    { numRuns: 200 },
  )
})
