// Does a release go through a town wave after wave, and no further once a box went back, failed or fell silent?
import { describe, expect, it } from 'vitest'
import { fetchingMax, beginRollout, membersOf, stepRollout } from '../../../../centre/updates/rollout.ts'
import type { BoxPresence } from '../../../../protocols/desk/api.ts'
import type { DeskCommand, DeskCommandState } from '../../../../protocols/desk/commands.ts'
import { parseWaves, type RolloutPlan } from '../../../../protocols/desk/updates.ts'

const hourMs = 3_600_000
const plan: RolloutPlan = {
  version: '1.1.0',
  waves: [{ percent: 10 }, { percent: 50 }, { percent: 100 }],
  termHours: 24,
  restHours: 1,
  by: 'li',
  startedAtMs: 0,
  isPaused: false,
}

/** A town of boxes that answer as the test says. */
class Town {
  nowMs = 0
  progress
  readonly presence = new Map<string, BoxPresence>()
  readonly commands = new Map<string, DeskCommand>()
  readonly asked: string[] = []
  plan: RolloutPlan

  constructor(boxes: number, change: Partial<RolloutPlan> = {}) {
    this.plan = { ...plan, ...change }
    this.progress = beginRollout(this.plan, 0)
    for (let i = 1; i <= boxes; i++) this.presence.set(`32061210${4000 + i}-1`, 'present')
  }

  look(hours = 0): void {
    this.nowMs += hours * hourMs
    const boxes = [...this.presence].map(([id, presence]) => ({ id, presence }))
    const facts = { nowMs: this.nowMs, boxes, commands: this.commands }
    const { progress, ask } = stepRollout(this.plan, this.progress, facts)
    this.progress = progress
    for (const id of ask) {
      progress.boxes[id] = { wave: progress.wave, state: 'asked', command: `k-${id}`, atMs: this.nowMs }
      this.answer(id, 'waiting')
    }
    this.asked.push(...ask)
  }

  answer(id: string, state: DeskCommandState, code?: string): void {
    const reason = code === undefined ? {} : { reason: { code, zh: '因', en: 'why' } }
    this.commands.set(id, { id: `k-${id}`, box: id, state, ...reason } as DeskCommand)
  }

  answerAll(state: DeskCommandState): void {
    for (const id of this.asked) this.answer(id, state)
  }
}

it('takes wave after wave, each after its rest, to the end', () => {
  const town = new Town(20)
  town.look()
  expect(town.asked).toHaveLength(2)
  town.look(1)
  expect(town.progress).toMatchObject({ wave: 0, state: 'running' })
  town.answerAll('done')
  town.look()
  town.look(0.5)
  expect(town.progress.wave).toBe(0)
  town.look(0.6)
  town.look()
  expect(town.asked).toHaveLength(10)
  town.answerAll('done')
  town.look()
  town.look(1)
  town.look()
  town.answerAll('done')
  town.look()
  expect(town.asked).toHaveLength(20)
  expect(town.progress.state).toBe('finished')
})

describe('stops by itself, with the box and what happened', () => {
  it.each([
    ['when a box went back', 'failed', 'went-back', 'went-back'],
    ['when a box could not do it', 'failed', 'update-failed', 'failed'],
    ['when a box has no result after its term', 'unanswered', undefined, 'missing'],
    ['when a box did not take it in its term', 'expired', undefined, 'missing'],
  ] as const)('%s', (_what, state, code, what) => {
    const town = new Town(20)
    town.look()
    const [first = '', second = ''] = town.asked
    town.answer(first, 'done')
    town.answer(second, state, code)
    town.look()
    expect(town.progress).toMatchObject({ state: 'stopped', reason: { box: second, what } })
    for (let day = 0; day < 10; day++) town.look(24)
    expect(town.asked).toHaveLength(2)
  })

  it('when a box that was done falls silent before the next wave', () => {
    const town = new Town(20)
    town.look()
    town.answerAll('done')
    town.look()
    town.presence.set(town.asked[0] ?? '', 'silent')
    town.look(2)
    expect(town.progress).toMatchObject({ state: 'stopped', reason: { what: 'silent' } })
  })

  it('when a box was noted and its command never stored, because the power was cut', () => {
    const town = new Town(20)
    town.look()
    town.commands.clear()
    town.look(24)
    expect(town.progress.state).toBe('running')
    town.look(2)
    expect(town.progress).toMatchObject({ state: 'stopped', reason: { what: 'missing' } })
  })
})

it('a box that refuses keeps its version and stops nothing', () => {
  const town = new Town(10, { waves: [{ percent: 100 }] })
  town.look()
  town.answerAll('done')
  town.answer(town.asked[0] ?? '', 'refused', 'not-allowed')
  town.look()
  expect(town.progress.state).toBe('finished')
  expect(town.progress.boxes[town.asked[0] ?? '']).toMatchObject({ state: 'refused', reason: { en: 'why' } })
})

it('boxes that are away hold no wave up; the last wave waits for them', () => {
  const town = new Town(4, { waves: [{ percent: 50 }, { percent: 100 }], restHours: 0 })
  const [away = ''] = membersOf(
    '1.1.0',
    { percent: 50 },
    [...town.presence.keys()].map((id) => ({ id })),
  )
  town.presence.set(away, 'silent')
  for (let turn = 0; turn < 6; turn++) {
    town.look()
    town.answerAll('done')
  }
  expect(town.asked).toHaveLength(3)
  expect(town.progress.state).toBe('running')
  town.presence.set(away, 'present')
  town.look()
  town.answerAll('done')
  town.look()
  expect(town.asked.at(-1)).toBe(away)
  expect(town.progress.state).toBe('finished')
})

it('a pause asks no further box, and what was asked still counts', () => {
  const town = new Town(100, { waves: [{ percent: 100 }], isPaused: true })
  town.look()
  expect([town.progress.state, town.asked.length]).toEqual(['paused', 0])
  town.plan = { ...town.plan, isPaused: false }
  town.look()
  expect([town.progress.state, town.asked.length]).toEqual(['running', fetchingMax])
})

it('a wave of names takes boxes, villages and towns by their codes, and no other', () => {
  const boxes = ['320612104201-1', '320612104201-2', '320612205301-1', 'upper-brook', 'upper-brook-2'].map(
    (id) => ({ id }),
  )
  expect(membersOf('1', { boxes: ['320612104201-2', 'upper'] }, boxes)).toEqual([
    '320612104201-2',
    'upper-brook',
    'upper-brook-2',
  ])
  expect(membersOf('1', { boxes: ['320612205301'] }, boxes)).toEqual(['320612205301-1'])
  expect(membersOf('1', { boxes: ['320612'] }, boxes)).toHaveLength(3)
})

it('a share takes the same boxes each time, each share all of the smaller one, and another version others', () => {
  const boxes = Array.from({ length: 200 }, (_, i) => ({ id: `box-${i}` }))
  const small = membersOf('1.1.0', { percent: 5 }, boxes)
  const large = membersOf('1.1.0', { percent: 50 }, boxes)
  expect(small).toHaveLength(10)
  expect(small.filter((id) => !large.includes(id))).toEqual([])
  expect(membersOf('1.1.0', { percent: 5 }, [...boxes].reverse())).toEqual(small)
  expect(membersOf('1.2.0', { percent: 5 }, boxes)).not.toEqual(small)
})

it('waves are read from text, or not at all', () => {
  expect(parseWaves('a-1,b-1; 10%;100 %')).toEqual([
    { boxes: ['a-1', 'b-1'] },
    { percent: 10 },
    { percent: 100 },
  ])
  for (const text of ['', '0%', '101%', 'a-1,,b', ';', '10%;'.repeat(30)])
    expect(parseWaves(text)).toBeUndefined()
})
