// Every parser of protocols/: each input gives a Result; an encoded message comes back the same.
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeDeviceEvent,
  eventBytesMax,
  parseDeviceEvent,
} from '../../protocols/device-mqtt/device-event.ts'
import {
  parseCommandResult,
  parseDeviceCommand,
  parsePresence,
  parseStageReceipt,
} from '../../protocols/device-mqtt/messages.ts'
import {
  deviceTopic,
  downChannels,
  parseDeviceTopic,
  upChannels,
} from '../../protocols/device-mqtt/topics.ts'
import { toCoefficients } from '../../platform/jpeg/jpeg-planes.ts'
import { parseJpeg } from '../../platform/jpeg/parse-jpeg.ts'
import { writeJpeg } from '../../platform/jpeg/write-jpeg.ts'
import type { Result } from '../../protocols/kit/result.ts'
import {
  encodeJson,
  parseCentreCommand,
  parseCentreCommandResult,
  parseHeartbeat,
  parseReceipt,
  parseReport,
  parseStageNotice,
} from '../../protocols/uplink/codec.ts'
import { encodeDense } from '../../protocols/uplink/dense-report.ts'
import { downTopic, parseDownTopic, parseUpTopic, upTopic } from '../../protocols/uplink/topics.ts'
import * as valid from './protocol-arbitraries.ts'

const gunzip = (bytes: Uint8Array, maxOutputLength: number): Uint8Array =>
  gunzipSync(bytes, { maxOutputLength })
const parseAnyReport = (bytes: Uint8Array): Result<unknown> => parseReport(bytes, gunzip)
const words = fc.constantFrom('online', 'offline').map((word) => Buffer.from(word))
const json = (message: fc.Arbitrary<object>): fc.Arbitrary<Uint8Array> => message.map(encodeJson)
// A flat grey picture reaches every part of the parser: the mutations are what matters.
const grey = { h: 1, v: 1, width: 16, height: 16, samples: new Uint8Array(256).fill(90) }
const jpeg = fc.constant(writeJpeg(toCoefficients({ width: 16, height: 16, planes: [grey] }, 60)))

const parsers: [string, (bytes: Uint8Array) => Result<unknown>, fc.Arbitrary<Uint8Array>][] = [
  [
    'device event',
    (bytes) => parseDeviceEvent('d', bytes),
    valid.deviceEvent.map(encodeDeviceEvent as never),
  ],
  ['presence', parsePresence, words],
  ['command', parseDeviceCommand, json(valid.command)],
  ['result', parseCommandResult, json(valid.commandResult)],
  ['stage receipt', parseStageReceipt, json(valid.stageReceipt)],
  ['report', parseAnyReport, json(valid.report)],
  ['report in gzip', parseAnyReport, json(valid.report).map((bytes) => gzipSync(bytes))],
  ['dense report', parseAnyReport, valid.report.map((report) => encodeJson(encodeDense(report)))],
  ['heartbeat', parseHeartbeat, json(valid.heartbeat)],
  ['receipt', parseReceipt, json(valid.receipt)],
  ['stage notice', parseStageNotice, json(valid.stageNotice)],
  ['command of the centre', parseCentreCommand, json(valid.centreCommand)],
  ['result of a command of the centre', parseCentreCommandResult, json(valid.centreCommandResult)],
]

/** The valid message with some bytes changed, cut off or doubled. */
const damaged = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      bytes,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.constantFrom('change', 'cut', 'double'),
    )
    .map(([original, changes, place, how]) => {
      const at = place % (original.length + 1)
      if (how === 'cut') return original.slice(0, at)
      if (how === 'double') return Buffer.concat([original.slice(0, at), original])
      const copy = Uint8Array.from(original)
      for (const [index, value] of changes) if (copy.length > 0) copy[index % copy.length] = value
      return copy
    })

/** A value, or at least one problem with a text. */
function isAnswer(parsed: Result<unknown>): boolean {
  return parsed.ok || (parsed.problems.length > 0 && parsed.problems.every(({ message }) => message !== ''))
}

describe.each(parsers)('%s', (_name, parse, bytes) => {
  test('never throws on any bytes, any JSON or a damaged message, and says what is wrong', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      damaged(bytes),
    )
    fc.assert(
      fc.property(anything, (input) => {
        expect(isAnswer(parse(input))).toBe(true)
      }),
      { numRuns: 400 },
    )
  })
})

const kinds: [string, fc.Arbitrary<object>, (bytes: Uint8Array) => Result<unknown>][] = [
  ['command', valid.command, parseDeviceCommand],
  ['result', valid.commandResult, parseCommandResult],
  ['stage receipt', valid.stageReceipt, parseStageReceipt],
  ['report', valid.report, parseAnyReport],
  ['heartbeat', valid.heartbeat, parseHeartbeat],
  ['receipt', valid.receipt, parseReceipt],
  ['stage notice', valid.stageNotice, parseStageNotice],
  ['command of the centre', valid.centreCommand, parseCentreCommand],
  ['result of a command of the centre', valid.centreCommandResult, parseCentreCommandResult],
]

describe('parse(encode(x)) equals x', () => {
  test('device event', () => {
    fc.assert(
      fc.property(valid.deviceId, valid.deviceEvent, (device, event) => {
        const payload = encodeDeviceEvent(event as never)
        fc.pre(payload.byteLength <= eventBytesMax)
        expect(parseDeviceEvent(device, payload)).toEqual({ ok: true, value: { device, ...event } })
      }),
      { numRuns: 500 },
    )
  })

  test.each(kinds)('%s', (_name, messages, parse) => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(parse(encodeJson(message))).toEqual({ ok: true, value: message })
      }),
      { numRuns: 300 },
    )
  })

  test('report in gzip and in the dense form', () => {
    fc.assert(
      fc.property(valid.report, (report) => {
        const dense = encodeJson(encodeDense(report))
        expect(parseAnyReport(dense)).toEqual({ ok: true, value: report })
        expect(parseAnyReport(gzipSync(encodeJson(report)))).toEqual({ ok: true, value: report })
      }),
      { numRuns: 300 },
    )
  })

  test('topics', () => {
    const channel = fc.constantFrom(...upChannels, ...downChannels)
    fc.assert(
      fc.property(valid.deviceId, channel, (device, name) => {
        expect(parseDeviceTopic(deviceTopic(device, name))).toEqual({ device, channel: name })
      }),
    )
    const box = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,47}$/)
    fc.assert(
      fc.property(box, (id) => {
        expect(parseUpTopic(upTopic(id, 'red'))).toEqual({ box: id, channel: 'red' })
        expect(parseDownTopic(downTopic(id, 'receipt'))).toEqual({ box: id, channel: 'receipt' })
      }),
    )
  })
})

test('no topic that is parsed can name a wildcard, a level more or a control character', () => {
  const part = fc.oneof(
    fc.constantFrom('gengfu', 'v1', 'up', 'down', 'red', 'event', '+', '#', '', '\0'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const topic = parts.join('/')
      const named = parseDeviceTopic(topic) ?? parseUpTopic(topic) ?? parseDownTopic(topic)
      expect(named === undefined || /^[\x21-\x7e]+$/.test(topic.replaceAll(/[+#]/g, ' '))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test('a gzip bomb is refused without being unfolded', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
  expect(bomb.byteLength).toBeLessThan(100_000)
  expect(parseAnyReport(bomb)).toMatchObject({ ok: false })
})

test('nesting too deep for a call stack is answered, not crashed upon', () => {
  const deep = Buffer.from('['.repeat(500_000))
  for (const [, parse] of parsers) expect(parse(deep).ok).toBe(false)
  const deepValue = `{"id":"1-1","x":${'['.repeat(4000)}${']'.repeat(4000)}}`
  expect(parseDeviceEvent('d', Buffer.from(deepValue))).toMatchObject({
    ok: true,
    value: { messageId: '1-1', readings: {}, setAside: [{ path: 'x' }] },
  })
  const nested = (levels: number): boolean => {
    const parsed = parseDeviceEvent('d', `{"id":"1-1","x":${'['.repeat(levels)}${']'.repeat(levels)}}`)
    return parsed.ok && 'x' in parsed.value.readings
  }
  expect([nested(16), nested(17)]).toEqual([true, false])
})

test('a damaged JPEG is refused or read, never an exception', () => {
  fc.assert(
    fc.property(damaged(jpeg), (bytes) => {
      expect(isAnswer(parseJpeg(bytes))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
