// An alarm comes while a long commit of routine records runs: the commit ends where it is, and nothing of it is lost, doubled
// or numbered anew.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { BatchingJournal } from '../../gateway/journal/journal.ts'
import type { JournalThread } from '../../gateway/journal/open-worker.ts'
import type { Journal } from '../../gateway/journal/port.ts'
import { openJournalFile } from '../../gateway/journal/salvage.ts'
import { JournalStore } from '../../gateway/journal/store.ts'
import {
  createCommit,
  type CommitRequest,
  type OpenedJournal,
} from '../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../protocols/domain/colour.ts'
import { VirtualClock } from '../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../protocols/kit/random.ts'

const perLane = <T>(value: () => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, value()])) as Record<Lane, T>
const space = { state: 'sound', isForAlarmsOnly: false } as OpenedJournal['space']
const times = { boot: 1, sinceBootMs: 1, atMs: 1, clock: 'unsynced' as const }

/** A thread whose commits end when they are told to, with as many records as they are told. */
function openWithThread(): {
  journal: Journal
  commits: CommitRequest[]
  hurried: () => number
  end: (taken: number) => Promise<void>
} {
  const commits: CommitRequest[] = []
  let hurried = 0
  let answer: (taken: number) => void = () => undefined
  const thread: JournalThread = {
    opened: {
      epoch: 'e',
      boot: 1,
      positions: perLane(() => ({ last: 0, receipted: 0 })),
      lastSequence: 0,
      quarantined: 0,
      sizeBytes: 0,
      space,
    },
    ask: (request) =>
      new Promise((resolve) => {
        if (request.type === 'commit') commits.push(request)
        answer = resolve
      }),
    hurry: () => void hurried++,
    sizeBytes: () => 0,
    space: () => space,
    spoilt: () => 0,
    ended: Promise.resolve(),
  }
  const options = {
    folder: '',
    clock: new VirtualClock(),
    random: createSeededRandom(1),
    logger: pino({ level: 'silent' }),
    bootId: 'boot',
    commitWindowMs: 0,
  }
  const end = async (taken: number): Promise<void> => {
    answer(taken)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return { journal: new BatchingJournal(options, thread), commits, hurried: () => hurried, end }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function append(journal: Journal, lane: Lane, more: object = {}): ReturnType<Journal['append']> {
  const sequence = journal.nextSequence()
  const record = { type: 'log' as const, sequence, ...times, what: 'note', facts: {} }
  return journal.append({ records: [{ lane, record }], isUrgent: lane !== 'routine', ...more })
}

it('asks a running commit to hurry, gives its numbers anew, and puts the alarm in front', async () => {
  const { journal, commits, hurried, end } = openWithThread()
  const waiting = Array.from({ length: 100 }, () => append(journal, 'routine'))
  await turn()
  expect([commits.length, commits[0]?.isDivisible, hurried()]).toEqual([1, true, 0])
  const alarm = append(journal, 'red')
  for (let later = 0; later < 10; later++) waiting.push(append(journal, 'routine'))
  expect(hurried()).toBe(1)
  await end(40)
  expect(journal.positions().routine.last).toBe(40)
  expect([commits.length, commits[1]?.isDivisible]).toEqual([2, false])
  expect(commits[1]?.lanes[0]).toBe(lanes.indexOf('red'))
  expect(commits[1]?.numbers.slice(1, 3)).toEqual([41, 42])
  await end(commits[1]?.numbers.length ?? 0)
  await alarm
  await end(commits[2]?.numbers.length ?? 0)
  const stored = await Promise.all(waiting)
  const inOrder = Array.from({ length: 110 }, (_, at) => at + 1)
  expect(stored.map(([one]) => one?.number)).toEqual(inOrder)
  const written = [commits[0]?.numbers.slice(0, 40), commits[1]?.numbers.slice(1), commits[2]?.numbers]
  expect(written.flat()).toEqual(inOrder)
})

it('divides nothing that belongs together', async () => {
  const together = [
    { state: [['judge:x', {}]] },
    { oddIds: [['door', 'odd']] },
    { quarantine: { atMs: 0, device: 'door', topic: 't', problem: 'p', payload: new Uint8Array() } },
  ]
  for (const more of together) {
    const { journal, commits } = openWithThread()
    void append(journal, 'routine')
    void append(journal, 'routine', more)
    await turn()
    expect(commits.map(({ isDivisible }) => isDivisible)).toEqual([false])
  }
})

it('a hurried commit on disk holds the first records, any other one holds all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-hurried-'))
  try {
    const { db } = openJournalFile(folder, 'epoch')
    const limits = { quarantineMax: 1, oddIdsMax: 1, keepReceipted: 1 }
    const options = { folder, newEpoch: 'epoch', bootId: 'boot', ...limits }
    const store = new JournalStore(db, options, new VirtualClock())
    store.open()
    const routine = lanes.indexOf('routine')
    const commit = (from: number, isDivisible: boolean, isHurried: boolean): number => {
      const request = { ...createCommit(perLane(() => 0)), isDivisible }
      for (let number = from; number < from + 100; number++) {
        request.lanes.push(routine)
        request.numbers.push(number)
        request.bodies.push(JSON.stringify({ type: 'log', sequence: number, ...times, what: 'n', facts: {} }))
      }
      return store.commit(request, () => isHurried)
    }
    const first = commit(1, true, true)
    expect(first).toBeLessThan(100)
    expect(commit(first + 1, false, true)).toBe(100)
    expect(commit(first + 101, true, false)).toBe(100)
    expect(store.read('routine', 0, 1000, 1e6).map(({ number }) => number)).toEqual(
      Array.from({ length: first + 200 }, (_, at) => at + 1),
    )
    store.close(perLane(() => 0))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
