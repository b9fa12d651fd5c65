// Does a red Report wait at the centre no longer than necessary, and does every other lane still get its turn?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { beforeEach, expect, it } from 'vitest'
import {
  boxRecordsMax,
  otherRecordsMax,
  ReportIntake,
  urgentInARowMax,
} from '../../../centre/receiver/report-intake.ts'
import { ReceiverCore } from '../../../centre/receiver/receiver-core.ts'
import type { Lane } from '../../../protocols/domain/colour.ts'
import type { JournalRecord, LogRecord } from '../../../protocols/domain/record.ts'
import { snapshotTaken } from '../../../protocols/domain/snapshot.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { encodeJson } from '../../../protocols/uplink/codec.ts'
import { epoch, makeAlarm, makeEvent } from '../../contract/centre/centre-parts.ts'

/** Lane and count of records of each commit, in order. */
let commits: [Lane, number][][]
/** Lets the running commit finish. */
let release: () => void
let fail: () => void
let intake: ReportIntake
const next = new Map<Lane, number>()

beforeEach(() => {
  commits = []
  next.clear()
  intake = new ReportIntake({
    core: new ReceiverCore(),
    clock: createSystemClock(),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    storage: {
      storeIntake: ({ lanes }) => {
        commits.push(lanes.map(({ lane, numbers }) => [lane, numbers.length]))
        return new Promise((resolve, reject) => {
          release = () => resolve({ changes: [], spoilt: [] })
          fail = () => reject(new Error('no disk'))
        })
      },
    },
  })
})

it('gives red to a store of several centres while bulk is being stored, which ends early for it', async () => {
  const running: string[][] = []
  const ends: (() => void)[] = []
  const shared = new ReportIntake({
    core: new ReceiverCore(),
    clock: createSystemClock(),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    claims: { fenceOf: () => 1, lost: () => undefined },
    storage: {
      storeIntake: ({ lanes }) => {
        running.push(lanes.map(({ lane }) => lane))
        return new Promise((resolve) => ends.push(() => resolve({ changes: [], spoilt: [] })))
      },
    },
  })
  const answered: Lane[] = []
  const send = (lane: Lane, record: JournalRecord): void => {
    const payload = Buffer.from(encodeJson({ v: 1, epoch, lane, first: 1, records: [record] }))
    shared.offer('box-a', lane, `up/box-a/${lane}`, payload, () => answered.push(lane))
  }
  send('routine', makeEvent(1))
  await expect.poll(() => running).toEqual([['routine']])
  send('red', makeAlarm(2, 'raised'))
  await expect.poll(() => running).toEqual([['routine'], ['red']])
  ends[1]?.()
  await expect.poll(() => answered).toEqual(['red'])
  ends[0]?.()
  await expect.poll(() => answered).toEqual(['red', 'routine'])
  await shared.drain()
})

function makePictureRecord(sequence: number): LogRecord {
  const { boot, sinceBootMs, atMs, clock } = makeEvent(sequence)
  return { type: 'log', sequence, boot, sinceBootMs, atMs, clock, what: snapshotTaken, facts: {} }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function offer(lane: Lane, make: (sequence: number) => JournalRecord, count: number): Promise<void> {
  const first = next.get(lane) ?? 1
  next.set(lane, first + count)
  const records = Array.from({ length: count }, (_, i) => make(first + i))
  return offerBytes('box-a', records, lane, first)
}

function offerBytes(box: string, records: JournalRecord[], lane: Lane = 'red', first = 1): Promise<void> {
  const bytes = encodeJson({ v: 1, epoch, lane, first, records })
  return new Promise((resolve, reject) => {
    intake.offer(box, lane, `up/${box}/${lane}`, bytes, (error) => (error ? reject(error) : resolve()))
  })
}

/** Lets commits finish until none is running. */
async function finish(): Promise<void> {
  const drained = intake.drain().then(() => true)
  while (!(await Promise.race([drained, turn()]))) release()
}

it('red is committed alone, and before records that have waited longer', async () => {
  void offer('routine', makeEvent, 1)
  await turn()
  for (let i = 0; i < 3; i++) void offer('routine', makeEvent, 10)
  void offer('red', (sequence) => makeAlarm(sequence, 'raised'), 1)
  await finish()
  expect(commits).toEqual([[['routine', 1]], [['red', 1]], [['routine', 30]]])
})

it('a commit on which red may have to wait is small, and smaller when it is about pictures', async () => {
  const all = Array.from({ length: 8 }, () => offer('routine', makeEvent, otherRecordsMax / 4))
  await finish()
  expect(commits).toEqual([[['routine', otherRecordsMax]], [['routine', otherRecordsMax]]])
  commits = []
  const pictures = Array.from({ length: 8 }, () => offer('blue', makePictureRecord, 10))
  await finish()
  const sizes = commits.map(([batch]) => batch?.[1] ?? 0)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(otherRecordsMax / 16)
  expect(sizes.reduce((a, b) => a + b)).toBe(80)
  await Promise.all([...all, ...pictures])
})

it('a Report larger than that is stored in parts, and the red of another box goes with the second', async () => {
  const answers: string[] = []
  void offer('red', makeEvent, boxRecordsMax + 1).then(() => answers.push('long'))
  await turn()
  await turn()
  offerBytes('box-b', [makeAlarm(1, 'raised')]).then(
    () => answers.push('other'),
    () => answers.push('refused'),
  )
  await finish()
  const [parts, shared] = commits
  expect(parts).toEqual([['red', boxRecordsMax]])
  expect(shared).toEqual([
    ['red', 1],
    ['red', 1],
  ])
  expect(answers.toSorted()).toEqual(['long', 'other'])
})

it('a Report of which a part was not stored is refused as a whole', async () => {
  const answer = offer('routine', makeEvent, boxRecordsMax + 1).then(
    () => 'stored',
    (error: Error) => error.message,
  )
  await turn()
  await turn()
  fail()
  await finish()
  expect([await answer, commits.length]).toEqual(['no disk', 2])
})

const red = (): Promise<void> => offer('red', (sequence) => makeAlarm(sequence, 'raised'), 1)

/** As many commits of red alone as there may be in a row; the last is running. */
async function rushOfRed(): Promise<void> {
  for (let i = 0; i < urgentInARowMax; i++) {
    if (i > 0) release()
    void red()
    await turn()
    await turn()
  }
}

it('red without end leaves the others a turn now and then', async () => {
  void red()
  void offer('routine', makeEvent, 1)
  await rushOfRed()
  void red()
  await finish()
  expect(commits.findIndex(([batch]) => batch?.[0] === 'routine')).toBe(urgentInARowMax)
})

it('is settled when everything offered before is answered, of whichever lane of the box', async () => {
  await rushOfRed()
  const answered: string[] = []
  void offer('routine', makeEvent, 1).then(() => answered.push('routine'))
  void red().then(() => answered.push('red'))
  void intake.settled('box-a').then(() => answered.push('settled'))
  await finish()
  expect(answered).toEqual(['routine', 'red', 'settled'])
})

it('unpacks one Report ahead in each turn of the event loop: bytes in the sockets are read between them', async () => {
  void red()
  await turn()
  await turn()
  const reports = Array.from({ length: 10 }, (_, at) => {
    const box = `box-${at}`
    const bytes = encodeJson({ v: 1, epoch, lane: 'routine', first: 1, records: [makeEvent(1)] })
    const done = new Promise<void>((resolve) =>
      intake.offer(box, 'routine', `up/${box}/routine`, bytes, () => resolve()),
    )
    return { bytes, done }
  })
  for (let turns = 0; turns < 3; turns++) await turn()
  // A Report that is unpacked now has been read; the bytes of the others are no Report any more.
  for (const { bytes } of reports) bytes.fill(0)
  await finish()
  await Promise.all(reports.map(({ done }) => done))
  expect(commits.slice(1).flat()).toEqual([1, 2, 3].map(() => ['routine', 1]))
})
