// Device makers build against the test vectors: our own parsers must agree with every one of them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parseDeviceEvent } from '../../protocols/device-mqtt/device-event.ts'
import {
  parseCommandResult,
  parseDeviceCommand,
  parsePresence,
  parseStageReceipt,
} from '../../protocols/device-mqtt/messages.ts'
import type { DeviceEvent } from '../../protocols/domain/event.ts'
import { parseDeviceTopic } from '../../protocols/device-mqtt/topics.ts'
import { ok, type Result } from '../../protocols/kit/result.ts'
import {
  parseCentreCommand,
  parseCentreCommandResult,
  parseHeartbeat,
  parsePictureReceipt,
  parseReceipt,
  parseReport,
  parseStageNotice,
} from '../../protocols/uplink/codec.ts'
import { parsePictureChunk } from '../../protocols/uplink/picture-chunk.ts'
import { parseDownTopic, parseUpTopic } from '../../protocols/uplink/topics.ts'

interface Vector {
  name: string
  text?: string
  hex?: string
  repeat?: string
  times?: number
  before?: string
  after?: string
  value?: unknown
  problemAt?: string[]
  /** Only for a device event: its invalid parts; the rest is `value`. */
  setAsideAt?: string[]
}
interface TopicVector {
  topic: string
  value: object | null
}

const folder = join(import.meta.dirname, '../../protocols/vectors')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

function read<T>(name: string): T[] {
  return (JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { vectors: T[] }).vectors
}

function payloadOf({ text, hex, repeat, times, before, after }: Vector): Uint8Array {
  if (hex !== undefined) return Buffer.from(hex, 'hex')
  return Buffer.from(text ?? `${before}${repeat?.repeat(times ?? 0)}${after}`)
}

const device = 'device-of-the-topic'
const gunzip = (bytes: Uint8Array, maxOutputLength: number): Uint8Array =>
  gunzipSync(bytes, { maxOutputLength })

const parsers: Record<string, (payload: Uint8Array) => Result<unknown>> = {
  'device-event': (payload) => parseDeviceEvent(device, payload),
  'device-presence': parsePresence,
  'device-command': parseDeviceCommand,
  'device-result': parseCommandResult,
  'device-receipt': parseStageReceipt,
  'uplink-report': (payload) => parseReport(payload, gunzip),
  'uplink-heartbeat': parseHeartbeat,
  'uplink-receipt': parseReceipt,
  'uplink-picture-chunk': (payload) => {
    const chunk = parsePictureChunk(payload)
    return chunk.ok ? ok({ ...chunk.value, part: Buffer.from(chunk.value.part).toString('hex') }) : chunk
  },
  'uplink-picture-receipt': parsePictureReceipt,
  'uplink-stage': parseStageNotice,
  'uplink-command': parseCentreCommand,
  'uplink-result': parseCentreCommandResult,
}
const topicParsers: Record<string, (topic: string) => object | undefined> = {
  'device-topics': parseDeviceTopic,
  'uplink-topics': (topic) => parseUpTopic(topic) ?? parseDownTopic(topic),
}

/** Only the place of each part set aside. */
function shortened(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('setAside' in value)) return value
  const { setAside, ...rest } = value as DeviceEvent
  return { ...rest, setAsideAt: setAside?.map(({ path }) => path) }
}

test('every file of vectors has a parser that is held to it', () => {
  const known = [...Object.keys(parsers), ...Object.keys(topicParsers)]
  expect(files.map((name) => name.replace('.json', '')).sort()).toEqual(known.sort())
})

describe.each(Object.entries(parsers))('%s', (name, parse) => {
  test.each(read<Vector>(name))('$name', (vector) => {
    const parsed = parse(payloadOf(vector))
    const { problemAt, setAsideAt } = vector
    const aside = setAsideAt ? { setAsideAt } : {}
    const value = name === 'device-event' ? { device, ...(vector.value as object), ...aside } : vector.value
    const got = parsed.ok
      ? { ok: true, value: shortened(parsed.value) }
      : { problemAt: parsed.problems.map(({ path }) => path) }
    expect(got).toEqual(problemAt ? { problemAt } : { ok: true, value })
  })
})

describe.each(Object.entries(topicParsers))('%s', (name, parse) => {
  test.each(read<TopicVector>(name))('$topic', ({ topic, value }) => {
    expect(parse(topic) ?? null).toEqual(value)
  })
})
