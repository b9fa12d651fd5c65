// Do the small parts of the broker keep their promises, each alone?
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerOrder, type AnswerPlace } from '../../../../gateway/broker/events/answer-order.ts'
import { normalMark } from '../../../../platform/certificates/certificate-check.ts'
import { FilterTree } from '../../../../gateway/broker/sessions/filter-tree.ts'
import { FrameGuard } from '../../../../platform/mqtt/frame-guard.ts'
import { canBeRed, PublishRate } from '../../../../gateway/broker/events/publish-rate.ts'
import { parseRevocations } from '../../../../platform/certificates/revocations.ts'
import { DelayedMessages } from '../../../../gateway/broker/events/delayed-messages.ts'
import { filterMatches, topicFilterProblem, topicNameProblem } from '../../../../gateway/broker/topic-text.ts'
import { brokerSettingsSchema } from '../../../../gateway/config/broker-settings.ts'
import type { Readings } from '../../../../protocols/domain/reading.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

/** Readings that the alarm table can make red, or that lead to red with a second sensor. */
const redReadings: Readings[] = [
  { button: 'pressed' },
  { button: 'held' },
  { button: 'double' },
  { button: 'duress' },
  { smoke: true },
  { gas: true },
  { leak: true },
  { waterLevelMm: 2100 },
  { contact: 'open' },
  { motion: true },
  { tamper: true },
]

const limits = { topicLength: 64, topicDepth: 8 }
const level = fc.constantFrom('a', 'b', '', '$x')
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'))
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 0, maxLength: 4 }), fc.boolean())
  .map(([levels, hasHash]) => [...levels, ...(hasHash || levels.length === 0 ? ['#'] : [])].join('/'))

describe('topic filters', () => {
  it('find in the tree exactly what matches one by one', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 12 }), topic, (filters, name) => {
        const tree = new FilterTree<string>()
        for (const each of filters) tree.add(each, each)
        const found = new Set<string>()
        tree.match(name, (each) => found.add(each))
        expect(found).toEqual(new Set(filters.filter((each) => filterMatches(each, name))))
        for (const each of filters) tree.remove(each, each)
        tree.match(name, () => expect.unreachable('left over'))
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['a/+', 'a', false],
    ['a/+', 'a/', true],
    ['+', '/a', false],
    ['/+', '/a', true],
    ['a/+/c', 'a/b/c', true],
    ['a/b', 'a/b/c', false],
  ])('%s against %s: %s', (pattern, name, expected) => {
    expect(filterMatches(pattern, name)).toBe(expected)
  })

  it('are judged by form', () => {
    for (const good of ['#', '+', 'a/+/b', 'a/#', '/', '+/+', '村/门'])
      expect([good, topicFilterProblem(good, limits)]).toEqual([good, undefined])
    for (const bad of [
      '',
      'a#',
      'a/#/b',
      'a+',
      '+a/b',
      'a/b#',
      '\u0000',
      'a\ufffdb',
      'x'.repeat(65),
      '/'.repeat(8),
    ])
      expect([bad, topicFilterProblem(bad, limits)]).not.toEqual([bad, undefined])
    for (const bad of ['#', '+', 'a/+', '', 'a\u0007']) expect(topicNameProblem(bad, limits)).toBeDefined()
  })
})

describe('the frame guard', () => {
  const guardLimits = { frameBytesBeforeConnect: 64, frameBytes: 256, subscribeBytes: 32 }
  const connect = [0x10, 12, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 0]

  it('takes the same bytes the same way however they are cut', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 30 })),
        (tail, cuts) => {
          const bytes = Uint8Array.from([...connect, ...tail])
          const run = (sizes: number[]): unknown => {
            const guard = new FrameGuard(guardLimits)
            let at = 0
            let turn = 0
            while (at < bytes.length) {
              const size = sizes[turn++] ?? bytes.length
              const taken = guard.take(bytes.subarray(at, at + size))
              if (typeof taken !== 'number') return taken
              at += taken
            }
            return guard.frames
          }
          expect(run(cuts)).toEqual(run([]))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('stops after the first frame', () => {
    const guard = new FrameGuard(guardLimits)
    expect(guard.take(Uint8Array.from([...connect, 0xc0, 0, 0xc0, 0]))).toBe(14)
    expect(guard.take(Uint8Array.from([0xc0, 0, 0xc0, 0]))).toBe(4)
    expect(guard.frames).toBe(3)
  })
})

describe('what may be slowed down', () => {
  it('is nothing that can become red', () => {
    for (const reading of redReadings)
      expect([reading, canBeRed(JSON.stringify(reading))]).toEqual([reading, true])
    for (const reading of [
      '{"\\u0062utton":"pressed"}',
      'SOS',
      '{"Action":"emergency"}',
      '{"water_leak":true}',
    ])
      expect(canBeRed(reading)).toBe(true)
  })

  it('is what can not', () => {
    for (const reading of [
      { id: '7-42', batteryPercent: 80 },
      { id: '1', temperatureC: 21 },
      { id: '1', signalDbm: -60 },
    ])
      expect(canBeRed(JSON.stringify(reading))).toBe(false)
  })

  it('waits as long as its tokens need, at most the limit, and forgets the debt', () => {
    const clock = new VirtualClock()
    const rate = new PublishRate({ publishesPerSecond: 10, publishBurst: 2, slowDownMs: 500 }, clock)
    expect(Array.from({ length: 9 }, () => rate.take('a'))).toEqual([0, 0, 100, 200, 300, 400, 500, 500, 500])
    expect(rate.take('b')).toBe(0)
    clock.advance(700)
    expect(rate.isExhausted('a')).toBe(false)
    expect(rate.take('a')).toBe(0)
  })

  it('keeps its order, and is let go at once on request', () => {
    const clock = new VirtualClock()
    const lane = new DelayedMessages(clock)
    const ran: number[] = []
    lane.hold(0, () => ran.push(0))
    lane.hold(300, () => ran.push(1))
    lane.hold(100, () => ran.push(2))
    lane.hold(0, () => ran.push(3))
    clock.advance(200)
    expect(ran).toEqual([0])
    clock.advance(100)
    expect(ran).toEqual([0, 1, 2, 3])
    lane.hold(300, () => ran.push(4))
    lane.hold(300, () => ran.push(5))
    lane.release()
    expect(ran).toEqual([0, 1, 2, 3, 4, 5])
    clock.advance(1000)
    expect(ran).toHaveLength(6)
  })
})

describe('answers', () => {
  it('go out in the order of their places', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (order) => {
        const answers = new AnswerOrder()
        const given: number[] = []
        const messages = order
          .map((_, index) => index)
          .map((index): AnswerPlace => ({
            isReady: false,
            next: undefined,
            give: () => void given.push(index),
          }))
        for (const message of messages) answers.add(message)
        for (const index of order) answers.ready(messages[index]!)
        expect(given).toEqual([0, 1, 2, 3, 4, 5])
      }),
    )
  })
})

describe('revocation lists', () => {
  it('take serial numbers and fingerprints however they are written', async () => {
    const marks = await parseRevocations('# lost in March\n00AB:CD  # spare\n0x1f\n\n')
    expect([...marks]).toEqual(['abcd', '1f'])
    expect(normalMark('00:AB:cd')).toBe('abcd')
  })

  it('that make no sense are an error, not an empty list', async () => {
    await expect(parseRevocations('everybody')).rejects.toThrow('serial number')
  })
})

describe('settings', () => {
  const listener = { host: '127.0.0.1', port: 1883 }
  it.each([
    [
      'open access beyond loopback',
      { access: 'open', listeners: [listener, { host: '0.0.0.0', port: 1 }] },
      'listeners.1.host',
    ],
    [
      'revocation without an authority',
      { listeners: [{ ...listener, tls: { certFile: 'a', keyFile: 'b', revokedFile: 'c' } }] },
      'listeners.0.tls.caFile',
    ],
    ['an unknown key', { listeners: [listener], anonymus: true }, ''],
    ['no listener', { listeners: [] }, 'listeners'],
    ['a limit of nothing', { listeners: [listener], limits: { connections: 0 } }, 'limits.connections'],
  ])('refuse %s and say where', (_title, input, path) => {
    const parsed = brokerSettingsSchema.safeParse(input)
    expect(parsed.error?.issues.map((issue) => issue.path.join('.'))).toContain(path)
  })

  it('need only a listener', () => {
    expect(brokerSettingsSchema.parse({ listeners: [{}] })).toMatchObject({
      anonymous: false,
      access: 'strict',
    })
  })
})
