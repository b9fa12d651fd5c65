// Is a call that a box could not store answered only once it is on disk, once, and is an ended one looked for at intervals?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { UnstoredCallIntake, unrecordedMsMax } from '../../../../centre/receiver/unstored-call-intake.ts'
import type { IntakeBatch, StoredChange } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { makeAlarm } from '../../../contract/centre/centre-parts.ts'

const change = { position: 1 } as unknown as StoredChange
const call = (id: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      v: 1,
      at: { boot: 1, sinceBootMs: 5, atMs: 1_760_000_000_000, clock: 'synced' },
      alarm: { ...makeAlarm(1, 'raised').alarm, id, text: { zh: '求助', en: 'help\u001b[2J' } },
    }),
  )

function open() {
  const clock = new VirtualClock()
  const registry = new Registry()
  const stored = new Set<string>()
  const texts: string[] = []
  const ends: number[] = []
  const pushed: StoredChange[] = []
  const disk = { isFull: false }
  const batches: IntakeBatch[] = []
  const intake = new UnstoredCallIntake({
    storage: {
      storeUnstoredCall: ({ alarm }) => {
        if (disk.isFull) return Promise.reject(new Error('disk full'))
        texts.push(alarm.text.en)
        if (stored.has(alarm.id)) return Promise.resolve([])
        stored.add(alarm.id)
        return Promise.resolve([change])
      },
      storeIntake: (batch) => {
        if (disk.isFull) return Promise.reject(new Error('disk full'))
        batches.push(batch)
        return Promise.resolve({ changes: [change], spoilt: [] })
      },
      endUnrecordedCalls: (beforeMs) => {
        ends.push(beforeMs)
        return ends.length === 1 ? Promise.reject(new Error('busy')) : Promise.resolve([change])
      },
    },
    clock,
    logger: pino({ level: 'silent' }),
    registry,
    onStored: (changes) => pushed.push(...changes),
  })
  const counted = async (result: string): Promise<number> => {
    const metric = await registry.getSingleMetricAsString('gengfu_centre_unkept_calls_total')
    return Number(new RegExp(`result="${result}"} (\\d+)`).exec(metric)?.[1] ?? 0)
  }
  return { intake, clock, stored, texts, ends, pushed, disk, batches, counted }
}

test('stores a call once, without hidden letters, and pushes it once', async () => {
  const { intake, stored, texts, pushed, counted } = open()
  await intake.take('box-a', call('a-1'))
  await intake.take('box-a', call('a-1'))
  expect([...stored]).toEqual(['a-1'])
  expect(texts[0]).not.toContain('\u001b')
  expect(pushed).toEqual([change])
  expect([await counted('stored'), await counted('repeat')]).toEqual([1, 1])
})

test('gives no answer for a call that the disk refuses', async () => {
  const { intake, disk, pushed } = open()
  disk.isFull = true
  await expect(intake.take('box-a', call('a-1'))).rejects.toThrow('disk full')
  expect(pushed).toEqual([])
})

test('counts what can not be read, and what comes too often of one box, and stores none of it as a call', async () => {
  const { intake, stored, disk, batches, pushed, counted } = open()
  // In quarantine, with an alarm of the centre itself: the box does not send it again.
  await intake.take('box-a', Buffer.from('{"v":2,"alarm":{"colour":"orange"}}'))
  await intake.take('box-a', Buffer.from('{'))
  expect(await counted('unreadable')).toBe(2)
  expect(batches.flatMap(({ quarantined }) => quarantined)).toMatchObject([
    { box: 'box-a', topic: 'up/box-a/unkept', alarm: { colour: 'orange' } },
    { alarm: { colour: 'red', beginning: '{' } },
  ])
  expect(pushed).toEqual([change, change])
  disk.isFull = true
  await expect(intake.take('box-a', Buffer.from('{'))).rejects.toThrow('disk full')
  disk.isFull = false
  for (let sent = 0; sent < 300; sent++) await intake.take('box-b', call(`b-${sent}`))
  expect(stored.size).toBe(200)
  expect(await counted('too many')).toBe(100)
  await intake.take('box-c', call('c-1'))
  expect(stored.has('c-1')).toBe(true)
})

test('ends calls of which no record came for an hour, again after a failed look, until it is stopped', async () => {
  const { intake, clock, ends, pushed } = open()
  const stop = intake.start()
  clock.advance(600_000)
  await Promise.resolve()
  clock.advance(600_000)
  await expect.poll(() => pushed).toEqual([change])
  expect(ends.at(-1)).toBe(clock.wallMs() - unrecordedMsMax)
  stop()
  clock.advance(3_600_000)
  expect(ends).toHaveLength(2)
})
