// Does a case take its steps in order, report every deadline once, and keep a complete history, whatever people and
// alarms do?
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCasePolicy } from '../../../../centre/cases/case-policy.ts'
import { mergeCases, openCase, splitCase, takeAlarm } from '../../../../centre/cases/workflow/case-alarms.ts'
import { asksFor } from '../../../../centre/cases/workflow/asks-for.ts'
import type { Actor, CentreInput, PersonInput } from '../../../../centre/cases/workflow/case-input.ts'
import { refusalWords } from '../../../../centre/cases/workflow/refusal-words.ts'
import { takeCentreInput, takeStep } from '../../../../centre/cases/workflow/case-workflow.ts'
import { nextDueMs, passTime } from '../../../../centre/cases/workflow/deadlines.ts'
import { isOver, stateDiagram } from '../../../../protocols/domain/case-order.ts'
import type { Case, CaseAction, CaseAlarm, CaseEvent } from '../../../../protocols/domain/case.ts'
import { colours, type Colour } from '../../../../protocols/domain/colour.ts'

const policy = createCasePolicy()
const li: Actor = { who: 'li', isSupervisor: false }
const wang: Actor = { who: 'wang', isSupervisor: false }
const chief: Actor = { who: 'chief', isSupervisor: true }
const minute = 60_000

function alarmOf(id: string, colour: Colour = 'red', more: Partial<CaseAlarm> = {}): CaseAlarm {
  const made = { id: `box-1.${id}`, kind: 'sos', colour, device: 'button-1', occurrences: 1 } as const
  return { ...made, isActive: true, endsByReading: false, ...more }
}

function open(colour: Colour = 'red', actions: CaseAction[] = [], atMs = 0): Case {
  const title = { zh: '求助', en: 'call' }
  const alarms = [alarmOf('a', colour)]
  const given = {
    id: 'case-1',
    village: 'box-1',
    box: 'box-1',
    title,
    colour,
    isDrill: false,
    alarms,
    actions,
  }
  return openCase({ ...given, guidanceVersion: 0, who: 'centre', text: 'sos' }, policy, atMs).item
}

class Desk {
  item: Case
  nowMs = 0
  readonly history: CaseEvent[] = []
  readonly #policy: typeof policy

  constructor(item: Case = open(), rules: typeof policy = policy) {
    this.item = item
    this.#policy = rules
  }

  does(actor: Actor, input: PersonInput): string {
    const outcome = takeStep({ item: this.item, actor, policy: this.#policy, nowMs: this.nowMs }, input)
    if (!outcome.ok) return outcome.code
    this.item = outcome.item
    this.history.push(...outcome.events)
    return outcome.item.state
  }

  hears(input: CentreInput): string {
    const outcome = takeCentreInput(this.item, input, this.#policy, this.nowMs)
    if (!outcome.ok) return outcome.code
    this.item = outcome.item
    this.history.push(...outcome.events)
    return outcome.events.map(({ what }) => what).join(' ')
  }

  wait(ms: number): string[] {
    this.nowMs += ms
    const { item, events } = passTime(this.item, this.#policy, this.nowMs)
    this.item = item
    this.history.push(...events)
    return events.map(({ what, subject }) => `${what} ${subject ?? ''}`.trim())
  }
}

describe('the six steps', () => {
  it('go from open to archived, and the history says who did what', () => {
    const desk = new Desk()
    expect(desk.does(li, { do: 'accept' })).toBe('accepted')
    expect(desk.does(li, { do: 'report', to: 'county', text: 'sos' })).toBe('accepted')
    expect(desk.does(li, { do: 'dispatch', to: ['doctor'], text: '' })).toBe('dispatched')
    expect(desk.does(li, { do: 'arrive', index: 0 })).toBe('dispatched')
    expect(desk.does(li, { do: 'feedback', text: 'fell', outcome: 'real' })).toBe('feedback')
    expect(desk.does(wang, { do: 'verify', isGood: true, text: '' })).toBe('verified')
    expect(desk.does(li, { do: 'archive', text: '' })).toBe('archived')
    expect(desk.history.map(({ what, who }) => `${what} ${who}`)).toEqual([
      'accepted li',
      'reported li',
      'dispatched li',
      'arrived li',
      'feedback li',
      'verified wang',
      'archived li',
    ])
  })

  it('are refused out of order, to others than the holder, and after the end', () => {
    const desk = new Desk()
    expect(desk.does(li, { do: 'dispatch', to: [], text: '' })).toBe('wrong-step')
    desk.does(li, { do: 'accept' })
    expect(desk.does(wang, { do: 'accept' })).toBe('held')
    expect(desk.does(wang, { do: 'dispatch', to: [], text: '' })).toBe('held')
    expect(desk.does(chief, { do: 'dispatch', to: ['fire post'], text: '' })).toBe('dispatched')
    expect(desk.does(li, { do: 'archive', text: '' })).toBe('wrong-step')
    desk.does(wang, { do: 'feedback', text: '', outcome: 'false-alarm' })
    desk.does(chief, { do: 'verify', isGood: true, text: '' })
    desk.does(li, { do: 'archive', text: '' })
    expect(desk.does(wang, { do: 'note', text: 'late' })).toBe('wrong-step')
    expect(desk.does(li, { do: 'archive', text: '' })).toBe('archived')
  })

  it('verify wants a second person, and sends back with a reason', () => {
    const desk = new Desk()
    desk.does(li, { do: 'accept' })
    desk.does(wang, { do: 'feedback', text: 'nobody there', outcome: 'no-access' })
    expect(desk.does(li, { do: 'verify', isGood: true, text: '' })).toBe('same-person')
    expect(desk.does(wang, { do: 'verify', isGood: true, text: '' })).toBe('same-person')
    expect(desk.does(chief, { do: 'verify', isGood: false, text: '' })).toBe('needs-reason')
    expect(desk.does(chief, { do: 'verify', isGood: false, text: 'go again' })).toBe('accepted')
    expect(desk.item.feedback).toBeUndefined()
  })

  it('red may ask for two acknowledgements by two people', () => {
    const desk = new Desk(open(), createCasePolicy({ redAcceptances: 2 }))
    expect(desk.does(li, { do: 'accept' })).toBe('open')
    expect(desk.does(li, { do: 'accept' })).toBe('open')
    expect(desk.does(wang, { do: 'accept' })).toBe('accepted')
    expect(desk.item.holder).toBe('li')
  })

  it('archive waits for required actions and for alarms that still hold, unless a supervisor says why', () => {
    const label = { zh: '回拨', en: 'call back' }
    const desk = new Desk(open('red', [{ id: 'call-back', type: 'call', label, isRequired: true }]))
    desk.does(li, { do: 'accept' })
    desk.does(li, { do: 'feedback', text: '', outcome: 'real' })
    desk.does(wang, { do: 'verify', isGood: true, text: '' })
    expect(desk.does(li, { do: 'archive', text: 'no' })).toBe('open-actions')
    expect(desk.does(chief, { do: 'archive', text: '' })).toBe('open-actions')
    expect(desk.does(li, { do: 'action', action: 'other', value: 'x' })).toBe('no-such-action')
    desk.does(li, { do: 'action', action: 'call-back', value: 'answered' })
    const held = alarmOf('w', 'orange', { kind: 'water', endsByReading: true })
    const flooded = new Desk({ ...desk.item, alarms: [held] })
    expect(flooded.does(li, { do: 'archive', text: '' })).toBe('alarm-active')
    expect(flooded.does(chief, { do: 'archive', text: 'gauge is broken' })).toBe('archived')
    expect(desk.does(li, { do: 'archive', text: '' })).toBe('archived')
  })
})

describe("the town's own rules", () => {
  it('count with its limits in place of the table, for the step and colour that it names', () => {
    const own = createCasePolicy({ limitsMs: { accept: { red: 10 * minute } } })
    const desk = new Desk(open('red'), own)
    expect(desk.wait(7 * minute)).toEqual([])
    expect(desk.wait(minute)).toEqual(['deadline-amber accept'])
    expect(new Desk(open('orange'), own).wait(3 * minute)).toContain('deadline-red accept')
  })

  it('ask for the report upward of the colours that they name, until it is made', () => {
    const own = createCasePolicy({ mustReport: ['red'] })
    const accepted = (colour: Colour, rules = own): Desk => {
      const desk = new Desk(open(colour), rules)
      desk.does(li, { do: 'accept' })
      return desk
    }
    const late = accepted('red')
    expect(late.wait(3 * minute)).toContain('deadline-red report')
    const reported = accepted('red')
    reported.does(li, { do: 'report', to: 'county', text: '' })
    for (const desk of [reported, accepted('orange'), accepted('red', policy)])
      expect(desk.wait(30 * minute).filter((one) => one.endsWith('report'))).toEqual([])
  })

  it('verify every case but blue ones, and of these every tenth', () => {
    const archives = (colour: Colour, number: number): string => {
      const desk = new Desk({ ...open(colour), id: `case-${number}` })
      desk.does(li, { do: 'accept' })
      return desk.does(li, { do: 'archive', text: '' })
    }
    expect([archives('blue', 9), archives('blue', 10), archives('yellow', 9)]).toEqual([
      'archived',
      'wrong-step',
      'wrong-step',
    ])
  })

  it('let a case be archived with an action open that is not required', () => {
    const action = {
      id: 'photo',
      label: { zh: '拍照', en: 'photo' },
      type: 'photo',
      isRequired: false,
    } as const
    const desk = new Desk(open('blue', [action]))
    desk.does(li, { do: 'accept' })
    expect(desk.does(li, { do: 'archive', text: '' })).toBe('archived')
  })
})

describe('deadlines', () => {
  it('light amber, red and call the supervisor once each, and the next step starts its own', () => {
    const desk = new Desk()
    expect(desk.wait(44_000)).toEqual([])
    expect(desk.wait(1000)).toEqual(['deadline-amber accept'])
    expect(desk.wait(14_000)).toEqual([])
    expect(desk.wait(1000)).toEqual(['deadline-red accept'])
    expect(desk.wait(30_000)).toEqual(['supervisor-called accept'])
    expect(desk.wait(10 * minute)).toEqual([])
    desk.does(li, { do: 'accept' })
    expect(desk.item.clocks.accept).toBeUndefined()
    expect(desk.wait(3 * minute)).toEqual(['deadline-amber dispatch', 'deadline-red dispatch'])
  })

  it('bring a case back with its reason, which an answer or the next occurrence ends', () => {
    const desk = new Desk()
    desk.does(li, { do: 'accept' })
    desk.wait(6 * minute)
    expect(desk.item.returned).toEqual({ why: 'reopened', atMs: 6 * minute, who: 'li' })
    desk.does(wang, { do: 'accept' })
    expect(desk.item.returned).toBeUndefined()
    desk.does(wang, { do: 'dispatch', to: ['doctor'], text: '' })
    desk.hears({ do: 'redistribute', who: 'wang', text: 'silent' })
    expect(desk.item).toMatchObject({ needsAnswer: true, returned: { why: 'redistributed', who: 'wang' } })
    const again = alarmOf('a', 'red', { occurrences: 2 })
    desk.hears({ do: 'alarm', alarm: again, title: desk.item.title })
    expect(asksFor(desk.item, policy)?.next).toEqual({ what: 'accept', why: 'again' })
  })

  it('open an accepted case without progress again, but not one in which a person writes', () => {
    const desk = new Desk()
    desk.does(li, { do: 'accept' })
    expect(desk.wait(6 * minute)).toContain('reopened')
    expect(desk.item).toMatchObject({ state: 'open', reopened: 1, acceptances: [] })
    expect(desk.item.holder).toBeUndefined()
    desk.does(wang, { do: 'accept' })
    desk.wait(5 * minute)
    desk.does(wang, { do: 'note', text: 'on the phone' })
    expect(desk.wait(2 * minute)).not.toContain('reopened')
  })

  it('tell a case that they were late for all at once after an outage, and name the next moment', () => {
    const desk = new Desk()
    expect(nextDueMs(desk.item, policy)).toBe(45_000)
    expect(desk.wait(7 * 24 * 60 * minute)).toEqual([
      'deadline-amber accept',
      'deadline-red accept',
      'supervisor-called accept',
    ])
    expect(nextDueMs(desk.item, policy)).toBeUndefined()
  })
})

describe('alarms', () => {
  it('that occur again ask for an answer again, and a worse colour stays', () => {
    const desk = new Desk(open('yellow'))
    desk.does(li, { do: 'accept' })
    desk.item = takeAlarm(desk.item, alarmOf('a', 'orange', { occurrences: 2 }), policy, 1000).item
    expect(desk.item).toMatchObject({ colour: 'orange', needsAnswer: true, state: 'accepted' })
    expect(desk.item.clocks.accept).toEqual({ sinceMs: 1000, level: 0 })
    expect(desk.does(wang, { do: 'accept' })).toBe('accepted')
    expect(desk.item).toMatchObject({ holder: 'wang', needsAnswer: false })
    desk.item = takeAlarm(desk.item, alarmOf('a', 'yellow', { occurrences: 2 }), policy, 2000).item
    expect(desk.item.colour).toBe('orange')
  })

  it('that repeat before the first answer are counted and do not fill the history; later repeats and a worse colour are in it', () => {
    const desk = new Desk(open('yellow'))
    const repeat = (occurrences: number, colour: Colour = 'yellow'): string[] => {
      const changed = takeAlarm(desk.item, alarmOf('a', colour, { occurrences }), policy, occurrences * 1000)
      desk.item = changed.item
      return changed.events.map(({ what, text }) => `${what} ${text}`)
    }
    expect(repeat(2)).toEqual([])
    expect(desk.item.alarms[0]?.occurrences).toBe(2)
    expect(repeat(3, 'red')).toEqual(['alarm-changed red, 3'])
    desk.does(li, { do: 'accept' })
    expect(repeat(4, 'red')).toEqual(['alarm-changed red, 4'])
  })

  it('that are reported twice change nothing', () => {
    const item = open()
    const again = takeAlarm(item, alarmOf('a'), policy, 5000)
    expect(again.item).toBe(item)
    expect(again.events).toEqual([])
  })

  it('go along when cases are merged, and out again when they are split', () => {
    const one = open()
    const two = { ...open('orange'), id: 'case-2', alarms: [alarmOf('b', 'orange')] }
    const merged = mergeCases(one, two, 'li', policy, 1000)
    if (!merged.ok) throw new Error(merged.code)
    expect(merged.into.item.alarms.map(({ id }) => id)).toEqual(['box-1.a', 'box-1.b'])
    expect(merged.from.item).toMatchObject({ state: 'merged', mergedInto: 'case-1', alarms: [], clocks: {} })
    expect(mergeCases(one, merged.from.item, 'li', policy, 1)).toMatchObject({ code: 'wrong-step' })
    const split = splitCase(merged.into.item, ['box-1.b'], 'case-3', 'li', policy, 2000)
    if (!split.ok) throw new Error(split.code)
    expect(split.split.item).toMatchObject({ id: 'case-3', colour: 'orange', state: 'open' })
    expect(splitCase(one, ['box-1.a'], 'case-4', 'li', policy, 1)).toMatchObject({ code: 'no-such-entry' })
  })

  it('make the merged case as urgent as the worse one; the actions of a split case begin undone', () => {
    const done = { who: 'li', atMs: 1, value: '' }
    const label = { zh: '核实', en: 'check' }
    const action: CaseAction = { id: 'check', label, type: 'basic', isRequired: true, done }
    const red = { ...open('red'), id: 'case-2', alarms: [alarmOf('b')] }
    const merged = mergeCases(open('yellow', [action]), red, 'li', policy, 1000)
    if (!merged.ok) throw new Error(merged.code)
    expect(merged.into.item).toMatchObject({ colour: 'red', actions: [{ id: 'check', done }] })
    const split = splitCase(merged.into.item, ['box-1.b'], 'case-3', 'li', policy, 2000)
    if (!split.ok) throw new Error(split.code)
    expect(split.split.item.actions).toEqual([{ id: 'check', label, type: 'basic', isRequired: true }])
  })
})

describe('hands', () => {
  it('of a person who left release their cases; a person who is on the way stays on the way', () => {
    const desk = new Desk()
    desk.does(wang, { do: 'claim' })
    desk.does(li, { do: 'accept' })
    expect(desk.hears({ do: 'redistribute', who: 'chief', text: 'silent' })).toBe('')
    expect(desk.hears({ do: 'redistribute', who: 'wang', text: 'silent' })).toBe('redistributed')
    expect(desk.item).toMatchObject({ state: 'accepted', holder: 'li' })
    expect(desk.hears({ do: 'redistribute', who: 'li', text: 'signed out' })).toBe('redistributed')
    expect(desk.item).toMatchObject({ state: 'open', acceptances: [] })
    expect(desk.item.clocks.accept).toEqual({ sinceMs: 0, level: 0 })
    desk.does(li, { do: 'accept' })
    desk.does(li, { do: 'dispatch', to: ['doctor'], text: '' })
    desk.hears({ do: 'redistribute', who: 'li', text: 'silent' })
    expect(desk.item).toMatchObject({ state: 'dispatched', needsAnswer: true })
    expect(desk.item.holder).toBeUndefined()
    desk.does(wang, { do: 'accept' })
    desk.does(wang, { do: 'feedback', text: '', outcome: 'real' })
    // The rest must be done by a second person.
    expect(desk.hears({ do: 'redistribute', who: 'wang', text: 'silent' })).toBe('')
  })

  it('of the next shift go on where this one stopped', () => {
    const desk = new Desk()
    desk.does(li, { do: 'accept' })
    desk.does(li, { do: 'dispatch', to: ['doctor'], text: '' })
    expect(desk.hears({ do: 'take-over', from: 'wang', to: 'chief', text: '' })).toBe('')
    expect(desk.hears({ do: 'take-over', from: 'li', to: 'wang', text: 'road is closed' })).toBe('taken-over')
    expect(desk.item).toMatchObject({ state: 'dispatched', holder: 'wang', needsAnswer: false })
    expect(desk.history.at(-1)).toMatchObject({ who: 'wang', subject: 'li', text: 'road is closed' })
    expect(desk.does(wang, { do: 'dispatch', to: ['fire post'], text: '' })).toBe('dispatched')
  })

  it('of another centre have it for the night once, and never a drill', () => {
    const desk = new Desk()
    expect(desk.hears({ do: 'night', to: 'county', text: 'timetable' })).toBe('handed-over')
    expect(desk.hears({ do: 'night', to: 'county', text: 'timetable' })).toBe('')
    expect(desk.item).toMatchObject({ handedTo: 'county', reports: [{ who: 'centre', to: 'county' }] })
    expect(desk.hears({ do: 'take-back', text: 'timetable' })).toBe('taken-back')
    expect(desk.item.handedTo).toBeUndefined()
    const drill = new Desk({ ...open(), isDrill: true })
    expect(drill.hears({ do: 'night', to: 'county', text: '' })).toBe('wrong-step')
    expect(drill.does(li, { do: 'hand-over', to: 'county', text: '' })).toBe('wrong-step')
  })
})

const inputs: fc.Arbitrary<PersonInput> = fc.oneof(
  fc.constantFrom<PersonInput>(
    { do: 'accept' },
    { do: 'claim' },
    { do: 'release', text: '' },
    { do: 'report', to: 'county', text: '' },
    { do: 'dispatch', to: ['a'], text: '' },
    { do: 'arrive', index: 0 },
    { do: 'cannot', index: 0, text: 'ill' },
    { do: 'feedback', text: 'x', outcome: 'real' },
    { do: 'verify', isGood: true, text: 'ok' },
    { do: 'verify', isGood: false, text: 'no' },
    { do: 'archive', text: 'why' },
    { do: 'note', text: 'n' },
    { do: 'action', action: 'must', value: 'done' },
    { do: 'call', to: 'son', text: '' },
    { do: 'pre-cancel', text: 'mistake' },
    { do: 'hand-over', to: 'county', text: '' },
    { do: 'take-back', text: '' },
  ),
)
const centreInputs = fc.constantFrom<CentreInput>(
  { do: 'redistribute', who: 'li', text: 'silent' },
  { do: 'redistribute', who: 'wang', text: 'signed out' },
  { do: 'take-over', from: 'li', to: 'wang', text: '' },
  { do: 'night', to: 'county', text: 'timetable' },
  { do: 'take-back', text: 'timetable' },
  { do: 'report-answer', to: 'county', stage: 'accepted', text: '', who: 'zhou' },
  { do: 'report-answer', to: 'county', stage: 'instruction', text: 'send a boat', who: 'zhou' },
  { do: 'report-up', to: 'county', text: 'rule' },
)
const moves = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ actor: fc.constantFrom(li, wang, chief), input: inputs }) },
    { weight: 2, arbitrary: fc.record({ told: centreInputs }) },
    { weight: 2, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 48 * 60 * minute }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        occurrences: fc.integer({ min: 1, max: 9 }),
        colour: fc.constantFrom(...colours),
      }),
    },
  ),
  { maxLength: 60 },
)

describe('whatever happens', () => {
  it('no step is lost, no deadline is silent or said twice, and restarting anywhere changes nothing', () => {
    fc.assert(
      fc.property(moves, fc.constantFrom(...colours), (all, colour) => {
        const must: CaseAction = {
          id: 'must',
          type: 'basic',
          label: { zh: '看', en: 'look' },
          isRequired: true,
        }
        const desk = new Desk(open(colour, [must]))
        for (const move of all) {
          const before = desk.item
          const said = desk.history.length
          if ('input' in move) desk.does(move.actor, move.input)
          else if ('waitMs' in move) desk.wait(move.waitMs)
          else if ('told' in move) desk.hears(move.told)
          else {
            const alarm = alarmOf('a', move.colour, { occurrences: move.occurrences })
            desk.hears({ do: 'alarm', alarm, title: desk.item.title })
          }
          const { item } = desk
          // A change of hands has one, too.
          const hands = ({ holder, claimedBy, handedTo }: Case) => [holder, claimedBy?.who, handedTo]
          expect(desk.history.length > said ? [] : hands(item)).toEqual(
            desk.history.length > said ? [] : hands(before),
          )
          // Every change of state has an entry in the history.
          expect(item.state === before.state || desk.history.length > said).toBe(true)
          expect(!isOver(before.state) || item === before).toBe(true)
          expect(item.state !== 'archived' || item.archived !== undefined).toBe(true)
          expect(item.verified === undefined || item.verified.who !== item.feedback?.who).toBe(true)
          // The desk offers the archive exactly where it can follow, and a case that returned waits for a person.
          const asks = asksFor(item, policy)
          const archived = takeStep(
            { item, actor: wang, policy, nowMs: desk.nowMs },
            { do: 'archive', text: '' },
          )
          expect(asks === undefined || (asks.beforeArchive.length === 0) === archived.ok).toBe(true)
          expect(item.returned === undefined || isOver(item.state) || asks?.next.what === 'accept').toBe(true)
          const refusal = archived.ok ? [] : Object.values(refusalWords(archived, item))
          expect(refusal.join(' ')).not.toMatch(/needs-answer|box-1/)
          expect(refusal).not.toContain('must')
          // Every open step has a running clock.
          expect(isOver(item.state) || Object.keys(item.clocks).length > 0).toBe(true)
          // The same after a round through the database.
          const restored = JSON.parse(JSON.stringify(item)) as Case
          expect(passTime(restored, policy, desk.nowMs + minute)).toEqual(
            passTime(item, policy, desk.nowMs + minute),
          )
        }
        for (const what of ['deadline-amber', 'deadline-red', 'supervisor-called'] as const) {
          const keys = desk.history
            .filter((event) => event.what === what)
            .map(({ atMs, subject }) => `${subject} ${atMs}`)
          expect(new Set(keys).size).toBe(keys.length)
        }
      }),
      { numRuns: 300 },
    )
  })
})

it.each(['cases.md', 'cases.zh.md'])('the state diagram of %s is the one that the code makes', (page) => {
  const text = readFileSync(new URL(`../../../../docs/${page}`, import.meta.url), 'utf8')
  expect(text).toContain(stateDiagram())
})
