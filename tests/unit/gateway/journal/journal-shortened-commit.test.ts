// An alarm comes while a long commit of routine records runs: the commit ends early, and none of its records is lost,
// doubled or renumbered.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { BatchingJournal } from '../../../../gateway/journal/journal.ts'
import type { JournalThread } from '../../../../gateway/journal/open-worker.ts'
import { JournalError, type Journal } from '../../../../gateway/journal/port.ts'
import { openJournalFile } from '../../../../gateway/journal/damage/salvage.ts'
import { JournalStore } from '../../../../gateway/journal/store.ts'
import {
  createCommit,
  type CommitRequest,
  type OpenedJournal,
} from '../../../../gateway/journal/worker-messages.ts'
import { lanes, type Lane } from '../../../../protocols/domain/colour.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const perLane = <T>(value: () => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, value()])) as Record<Lane, T>
const space = { state: 'sound', isForAlarmsOnly: false } as OpenedJournal['space']
const times = { boot: 1, sinceBootMs: 1, atMs: 1, clock: 'unsynced' as const }

interface Bench {
  journal: Journal
  commits: CommitRequest[]
  shortened: () => number
  /** Ends the oldest running commit: it wrote this many records, or all; or failed. */
  end: (taken?: number | JournalError) => Promise<void>
}

function openWithThread(): Bench {
  const commits: CommitRequest[] = []
  const underWay: ((taken?: number | JournalError) => void)[] = []
  let shortened = 0
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
      new Promise((resolve, reject) => {
        if (request.type !== 'commit') return
        commits.push(request)
        underWay.push((taken = request.bodies.length) =>
          typeof taken === 'number' ? resolve(taken) : reject(taken),
        )
      }),
    shorten: () => void shortened++,
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
  const end: Bench['end'] = async (taken) => {
    underWay.shift()?.(taken)
    for (let turns = 0; turns < 20; turns++) await turn()
  }
  return { journal: new BatchingJournal(options, thread), commits, shortened: () => shortened, end }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1)
const laneNames = (request: CommitRequest | undefined): (Lane | undefined)[] =>
  [...new Set(request?.lanes)].map((lane) => lanes[lane])

function append(journal: Journal, laneList: Lane | Lane[], more: object = {}): ReturnType<Journal['append']> {
  const records = [laneList].flat().map((lane) => {
    const sequence = journal.nextSequence()
    return { lane, record: { type: 'log' as const, sequence, ...times, what: 'note', facts: {} } }
  })
  return journal.append({ records, isUrgent: records.some(({ lane }) => lane !== 'routine'), ...more })
}

it('what comes of an alarm goes on before the reports of its commit are answered', async () => {
  const { journal, commits, end } = openWithThread()
  const heard: string[] = []
  const report = append(journal, 'routine').then(() => heard.push('report answered'))
  const sounded = append(journal, 'red').then(async () => {
    // As intake, broker and commands wait for each other.
    for (let step = 0; step < 10; step++) await Promise.resolve()
    heard.push('siren sounded')
  })
  await turn()
  expect(commits.map(laneNames)).toEqual([['red', 'routine']])
  await end()
  await Promise.all([report, sounded])
  expect(heard).toEqual(['siren sounded', 'report answered'])
})

it('an alarm follows a running commit of routine records at once, which ends where it is', async () => {
  const { journal, commits, shortened, end } = openWithThread()
  const waiting = upTo(100).map(() => append(journal, 'routine'))
  await turn()
  expect([commits.length, commits[0]?.isDivisible, shortened()]).toEqual([1, true, 0])
  const alarm = append(journal, 'red')
  for (let later = 0; later < 10; later++) waiting.push(append(journal, 'routine'))
  await turn()
  expect(shortened()).toBe(1)
  expect(commits.map(laneNames)).toEqual([['routine'], ['red']])
  const second = append(journal, 'red')
  await end(40)
  expect([journal.positions().routine.last, journal.positions().red.last]).toEqual([40, 0])
  expect(commits).toHaveLength(2)
  await end()
  expect((await alarm)[0]?.number).toBe(1)
  expect(commits.map(laneNames)[2]).toEqual(['red', 'routine'])
  await end()
  expect((await second)[0]?.number).toBe(2)
  await end()
  const stored = await Promise.all(waiting)
  expect(stored.map(([one]) => one?.number)).toEqual(upTo(110))
  const routine = commits.map(({ lanes: of, numbers }) =>
    numbers.filter((_, at) => lanes[of[at] ?? 0] === 'routine'),
  )
  expect([routine[0]?.slice(0, 40), routine[2], routine[3]].flat()).toEqual(upTo(110))
})

it('an alarm with a routine record of its own waits until it is certain which number that gets', async () => {
  const { journal, commits, end } = openWithThread()
  const waiting = upTo(100).map(() => append(journal, 'routine'))
  await turn()
  const alarm = append(journal, ['red', 'routine'])
  const behind = append(journal, 'red')
  await turn()
  expect(commits).toHaveLength(1)
  await end(40)
  expect(commits[1]?.numbers.slice(0, 3)).toEqual([1, 41, 2])
  await end()
  await end()
  expect([await alarm, await behind].flat().map(({ number }) => number)).toEqual([1, 41, 2])
  const numbers = (await Promise.all(waiting)).map(([one]) => one?.number)
  expect(numbers).toEqual([...upTo(40), ...upTo(101).slice(41)])
})

it('the commit before an alarm fails: the alarm stands by itself, and no number is left out or given twice', async () => {
  for (const isAlarmKept of [true, false]) {
    const { journal, end } = openWithThread()
    const failure = new JournalError('SQLITE_IOERR', 'the disk refused')
    const routine = append(journal, 'routine')
    await turn()
    const alarm = append(journal, 'red')
    await turn()
    const waiting = append(journal, 'routine')
    for (const one of [routine, waiting, alarm]) one.catch(() => undefined)
    await end(failure)
    await expect(routine).rejects.toBe(failure)
    await expect(waiting).rejects.toBe(failure)
    const later = [append(journal, 'red'), append(journal, 'routine')]
    for (const one of later) one.catch(() => undefined)
    await end(isAlarmKept ? undefined : failure)
    // Entries handed in before a second failure are refused with it.
    const settled = await Promise.allSettled(isAlarmKept ? [alarm] : [alarm, ...later.splice(0)])
    const outcomes = settled.map((one) =>
      one.status === 'fulfilled' ? one.value[0]?.number : (one.reason as unknown),
    )
    expect(outcomes).toEqual(isAlarmKept ? [1] : [failure, failure, failure])
    if (!isAlarmKept) later.push(append(journal, 'red'), append(journal, 'routine'))
    await turn()
    await end()
    await end()
    const numbers = (await Promise.all(later)).map(([one]) => one?.number)
    expect(numbers).toEqual([isAlarmKept ? 2 : 1, 1])
  }
})

it('divides nothing that belongs together', async () => {
  const together = [
    { state: [['judge:x', {}]] },
    { uncountedIds: [['door', 'odd']] },
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

it('a shortened commit on disk holds the first records, any other one holds all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-shortened-'))
  try {
    const { db } = openJournalFile(folder, 'epoch')
    const limits = { quarantineMax: 1, uncountedIdsMax: 1, keepReceipted: 1 }
    const options = { folder, newEpoch: 'epoch', bootId: 'boot', ...limits }
    const store = new JournalStore(db, options, new VirtualClock())
    store.open()
    const routine = lanes.indexOf('routine')
    const commit = (from: number, isDivisible: boolean, isShortened: boolean): number => {
      const request = { ...createCommit(perLane(() => 0)), isDivisible }
      for (let number = from; number < from + 100; number++) {
        request.lanes.push(routine)
        request.numbers.push(number)
        request.bodies.push(JSON.stringify({ type: 'log', sequence: number, ...times, what: 'n', facts: {} }))
      }
      return store.commit(request, () => isShortened)
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

it('a step back while the Receipts are being written is written with the next documents', async () => {
  const { journal, commits, end } = openWithThread()
  const document = { state: [['zone:1', {}]] }
  const waiting = [append(journal, 'routine')]
  await turn()
  await end()
  journal.settle('routine', 1)
  waiting.push(append(journal, 'red', document))
  await turn()
  journal.stepBack('routine', 0)
  await end()
  waiting.push(append(journal, 'red', document))
  await turn()
  await end()
  expect(commits.map(({ keepsReceipted, receipted }) => [keepsReceipted, receipted.routine])).toEqual([
    [false, 0],
    [true, 1],
    [true, 0],
  ])
  await Promise.all(waiting)
})
