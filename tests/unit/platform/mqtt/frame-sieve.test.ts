// Frames of a server: what passes, what is left out, and what ends the connection, however the bytes are cut.
import fc from 'fast-check'
import { generate } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { FrameSieve, type LeftOutMessage } from '../../../../platform/mqtt/frame-sieve.ts'

const publish = (topic: string, payload: string, qos: 0 | 1 | 2): Buffer =>
  generate({ cmd: 'publish', topic, payload, qos, messageId: 258, dup: false, retain: false })
const connack = Buffer.from([0x20, 2, 0, 0])

function sieved(chunks: readonly Buffer[]): { passed: Buffer; leftOut: LeftOutMessage[]; wrong?: string } {
  const leftOut: LeftOutMessage[] = []
  const sieve = new FrameSieve({ messageBytesMax: 300, onLeftOut: (message) => leftOut.push(message) })
  const passed: Buffer[] = []
  for (const chunk of chunks) {
    const parts = sieve.take(chunk)
    if (typeof parts === 'string') return { passed: Buffer.concat(passed), leftOut, wrong: parts }
    passed.push(...parts)
  }
  return { passed: Buffer.concat(passed), leftOut }
}

test('passes every frame unchanged but a message that is too large, which is named, however the bytes are cut', () => {
  const small = publish('a/b', 'x'.repeat(200), 1)
  const large = publish('a/large', 'y'.repeat(100_000), 1)
  const largeAtQos0 = publish('a/other', 'z'.repeat(400), 0)
  const all = Buffer.concat([connack, small, large, small, largeAtQos0, connack])
  fc.assert(
    fc.property(fc.array(fc.nat(all.length), { maxLength: 12 }), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      const { passed, leftOut, wrong } = sieved(
        edges.slice(1).map((end, at) => all.subarray(edges[at] ?? 0, end)),
      )
      expect(wrong).toBeUndefined()
      expect(passed.equals(Buffer.concat([connack, small, small, connack]))).toBe(true)
      expect(leftOut.map(({ topic, packetId }) => [topic, packetId])).toEqual([
        ['a/large', 258],
        ['a/other', undefined],
      ])
      expect(leftOut[0]?.excerpt.toString()).toBe('y'.repeat(1024))
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['a request', Buffer.from([0x82, 2, 0, 1])],
  ['a type that does not exist', Buffer.from([0x00, 0])],
  ['a length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])],
  ['an endless list', Buffer.from([0x90, 0xff, 0xff, 0xff, 0x7f])],
  ['a message at QoS 2, which nothing asked for', publish('a', 'x', 2)],
])('ends at %s', (_what, frame) => {
  expect(sieved([connack, frame]).wrong).toBeDefined()
})

test('ends at the length of a message that is too large, where none may be left out', () => {
  const sieve = new FrameSieve({ messageBytesMax: 300 })
  expect(sieve.take(Buffer.from([0x32, 0xad, 0x02]))).toBe('a message of 301 bytes')
})
