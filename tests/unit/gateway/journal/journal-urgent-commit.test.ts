// An alarm comes while a commit of routine records runs: it is in the next commit, before all that waits, and no record
// is lost, doubled or renumbered.
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { BatchingJournal } from '../../../../gateway/journal/journal.ts'
import type { JournalThread } from '../../../../gateway/journal/open-worker.ts'
import { besideUrgentMax } from '../../../../gateway/journal/commits/take-batch.ts'
import { JournalError, type Journal } from '../../../../gateway/journal/port.ts'
import type { CommitRequest, OpenedJournal } from '../../../../gateway/journal/worker-messages.ts'
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
  /** Ends the running commit: it is written, or failed. */
  end: (failure?: JournalError) => Promise<void>
}

function openWithThread(): Bench {
  const commits: CommitRequest[] = []
  const underWay: ((failure?: JournalError) => void)[] = []
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
        underWay.push((failure) => (failure ? reject(failure) : resolve(undefined)))
      }),
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
  const end: Bench['end'] = async (failure) => {
    underWay.shift()?.(failure)
    for (let turns = 0; turns < 20; turns++) await turn()
  }
  return { journal: new BatchingJournal(options, thread), commits, end }
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

it('an alarm is in the commit after the one that runs, before all routine records that wait', async () => {
  const { journal, commits, end } = openWithThread()
  const waiting = upTo(100).map(() => append(journal, 'routine'))
  await turn()
  expect(commits).toHaveLength(1)
  for (let later = 0; later < 60; later++) waiting.push(append(journal, 'routine'))
  const alarm = append(journal, ['red', 'routine'])
  const second = append(journal, 'red')
  await turn()
  expect(commits).toHaveLength(1)
  await end()
  expect(commits.map(laneNames)).toEqual([['routine'], ['red', 'routine']])
  // The alarms first, and few others beside them.
  expect([commits[1]?.numbers.slice(0, 3), commits[1]?.numbers.length]).toEqual([
    [1, 101, 2],
    3 + besideUrgentMax,
  ])
  await end()
  expect([await alarm, await second].flat().map(({ number }) => number)).toEqual([1, 101, 2])
  await end()
  const numbers = (await Promise.all(waiting)).map(([one]) => one?.number)
  expect(numbers).toEqual([...upTo(100), ...upTo(161).slice(101)])
})

it('the commit before an alarm fails: the alarm is refused with it, and no number is left out or given twice', async () => {
  const { journal, end } = openWithThread()
  const failure = new JournalError('SQLITE_IOERR', 'the disk refused')
  const refused = [append(journal, 'routine')]
  await turn()
  refused.push(append(journal, 'red'), append(journal, 'routine'))
  for (const one of refused) one.catch(() => undefined)
  await turn()
  await end(failure)
  for (const one of refused) await expect(one).rejects.toBe(failure)
  const later = [append(journal, 'red'), append(journal, 'routine')]
  await turn()
  await end()
  await end()
  expect((await Promise.all(later)).map(([one]) => one?.number)).toEqual([1, 1])
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
