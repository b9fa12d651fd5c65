// Does the box notice that its journal refuses and works again, and how many devices does a heartbeat count?
import { expect, it } from 'vitest'
import { devicesSeen } from '../../../../gateway/health/heartbeat-facts.ts'
import { storageProbeMs, StorageWatch } from '../../../../gateway/health/storage-watch.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('tries a note while the journal refuses, and reports each change once', () => {
  const clock = new VirtualClock()
  let refuse: (error: Error) => void = () => undefined
  let commit: () => void = () => undefined
  let notes = 0
  let changes = 0
  const watch = new StorageWatch({
    journal: {
      onRefused: (listener: (error: Error) => void) => void (refuse = listener),
      onCommitted: (listener: () => void) => void (commit = listener),
    } as never,
    clock,
    note: async () => void notes++,
  })
  watch.onChange(() => changes++)
  commit()
  expect([watch.fault, watch.heartbeatPart, changes]).toEqual([undefined, {}, 0])
  refuse(new Error('full'))
  refuse(new Error('full'))
  expect(watch.fault).toContain('full')
  expect([watch.heartbeatPart, changes]).toEqual([{ isKeeping: false }, 1])
  clock.advance(storageProbeMs * 3)
  expect(notes).toBe(3)
  commit()
  clock.advance(storageProbeMs * 3)
  expect([watch.fault, notes, changes]).toEqual([undefined, 3, 2])
  refuse(new Error('full'))
  watch.stop()
  clock.advance(storageProbeMs * 3)
  expect(notes).toBe(3)
})

it('counts listed devices and those that connected, each once', () => {
  const broker = {
    sightings: () => [
      { device: 'a', state: 'connected' },
      { device: 'guest', state: 'disconnected' },
    ],
  }
  expect(devicesSeen({ devices: [{ id: 'a' }, { id: 'b' }] } as never, broker as never)).toEqual({
    known: 3,
    present: 1,
  })
})
