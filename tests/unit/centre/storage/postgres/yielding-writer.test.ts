// Does bulk come in parts to a database where an urgent call waits, and does its caller get one answer?
import { expect, it } from 'vitest'
import { isBulk } from '../../../../../centre/storage/intake/bulk.ts'
import type {
  IntakeBatch,
  LaneBatch,
  StoredIntake,
} from '../../../../../centre/storage/intake/intake-port.ts'
import { createYieldingWriter } from '../../../../../centre/storage/postgres/yielding-writer.ts'
import type { Lane } from '../../../../../protocols/domain/colour.ts'

const laneOf = (box: string, lane: Lane = 'routine'): LaneBatch => ({
  box,
  epoch: 'abcd1234',
  lane,
  numbers: [1],
  sequences: [1],
  bodies: ['{}'],
  alarms: [],
  clocks: [],
  pictures: [],
  origins: [],
  skipped: [],
  settled: [[1, 1]],
})
const batchOf = (...lanes: LaneBatch[]): IntakeBatch => ({ receivedAtMs: 1, lanes, quarantined: [] })

it('bulk that ended early goes on behind the urgent call, and its answer has all parts', async () => {
  const waiting = new Int32Array(new SharedArrayBuffer(4))
  const calls: string[] = []
  const writer = createYieldingWriter(
    {
      close: async () => undefined,
      call: async (name, args): Promise<unknown> => {
        const lanes = (args[0] as IntakeBatch | undefined)?.lanes ?? []
        calls.push(`${name} ${lanes.map(({ box }) => box).join('')} ${Atomics.load(waiting, 0)}`)
        const first = lanes[0]?.box
        const changes = [{ position: calls.length, json: '' }]
        const part = { changes, spoilt: [] } satisfies StoredIntake
        return lanes.length > 1 && isBulk(batchOf(...lanes))
          ? { ...part, storedLanes: 1 }
          : { ...part, first }
      },
    },
    waiting,
  )
  const bulk = writer.call('storeIntake', [batchOf(laneOf('a'), laneOf('b'), laneOf('c'))])
  const urgent = writer.call('storeIntake', [batchOf(laneOf('r', 'red'))])
  await urgent
  const stored = (await bulk) as StoredIntake
  expect(calls).toEqual(['storeIntake abc 0', 'storeIntake r 1', 'storeIntake bc 1', 'storeIntake c 0'])
  expect(stored.changes.map(({ position }) => position)).toEqual([1, 3, 4])
  expect(stored.storedLanes).toBeUndefined()
  expect(Atomics.load(waiting, 0)).toBe(0)
})

it('a batch with orange, or with an unreadable Report that raises an alarm, is not bulk', () => {
  expect(isBulk(batchOf(laneOf('a', 'yellow')))).toBe(true)
  expect(isBulk(batchOf(laneOf('a'), laneOf('b', 'orange')))).toBe(false)
  const unreadable = { box: 'a', topic: 't', cause: 'c', payload: Buffer.from('{') }
  const alarm = { colour: 'red' as const, beginning: '{' }
  expect(isBulk({ lanes: [], quarantined: [unreadable] })).toBe(true)
  expect(isBulk({ lanes: [], quarantined: [{ ...unreadable, alarm }] })).toBe(false)
})
