// Do calls that could not be stored reach the centre, the newest first, each once, and never too many?
import { expect, it } from 'vitest'
import {
  UnstoredCalls,
  unstoredCallsMax,
  unstoredPauseMs,
} from '../../../../../gateway/uplink/queues/unstored-calls.ts'
import type { Link } from '../../../../../gateway/uplink/link.ts'
import type { Alarm } from '../../../../../protocols/domain/alarm.ts'
import { VirtualClock } from '../../../../../protocols/kit/clock.ts'
import { controlBytesMax } from '../../../../../protocols/uplink/codec.ts'

const at = { boot: 1, sinceBootMs: 5, atMs: 5, clock: 'synced' } as const
const alarm = (id: string, more: object = {}): Alarm => ({ id, kind: 'sos', ...more }) as unknown as Alarm

function create() {
  const clock = new VirtualClock()
  const sent: { id: string; bytes: number; taken: () => void }[] = []
  const link = {
    send: (_channel: string, payload: Uint8Array, taken: () => void) => {
      const { alarm: one } = JSON.parse(Buffer.from(payload).toString()) as { alarm: Alarm }
      sent.push({ id: one.id, bytes: payload.byteLength, taken })
    },
  } as unknown as Link
  return { clock, sent, link, calls: new UnstoredCalls(clock) }
}
const ids = (sent: readonly { id: string }[]): string[] => sent.map(({ id }) => id)

it('sends the newest first, one per pause, and a repeat not again', () => {
  const { clock, sent, link, calls } = create()
  expect(['a', 'b', 'c'].map((id) => calls.add(at, alarm(id)))).toEqual([true, true, true])
  expect(calls.add({ ...at, atMs: 9 }, alarm('a'))).toBe(false)
  calls.linkUp(link)
  expect(ids(sent)).toEqual(['c'])
  clock.advance(unstoredPauseMs * 3)
  expect(ids(sent)).toEqual(['c', 'b', 'a'])
  expect(calls.add(at, alarm('a', { occurrences: 2 }))).toBe(true)
})

it('waits until the broker has each, and sends again on a new link what it has not', () => {
  const { clock, sent, link, calls } = create()
  calls.add(at, alarm('a'))
  calls.add(at, alarm('b'))
  calls.linkUp(link)
  clock.advance(unstoredPauseMs * 2)
  sent.find(({ id }) => id === 'b')?.taken()
  expect(calls.isWaiting).toBe(true)
  calls.linkDown()
  sent.splice(0)
  calls.linkUp(link)
  clock.advance(unstoredPauseMs * 2)
  expect(ids(sent)).toEqual(['a'])
  sent[0]?.taken()
  expect(calls.isWaiting).toBe(false)
})

it('keeps the newest hundred, and leaves readings out of a call that is too large', () => {
  const { clock, sent, link, calls } = create()
  for (let number = 0; number <= unstoredCallsMax; number++) calls.add(at, alarm(`a${number}`))
  calls.add(at, alarm('large', { readings: { text: 'x'.repeat(controlBytesMax) } }))
  calls.linkUp(link)
  clock.advance(unstoredPauseMs * 200)
  expect(sent).toHaveLength(unstoredCallsMax)
  expect(ids(sent)[0]).toBe('large')
  expect(ids(sent)).not.toContain('a0')
  expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThanOrEqual(controlBytesMax)
})
