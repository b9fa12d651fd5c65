// The dense form of a Report parses to the same as the readable form, and survives mutations.
import fc from 'fast-check'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sequenceMax, wallMsMax } from '../../../../protocols/domain/limits.ts'
import { lanes } from '../../../../protocols/domain/colour.ts'
import { encodeJson, parseReport } from '../../../../protocols/uplink/codec.ts'
import { decodeDense } from '../../../../protocols/uplink/dense-decode.ts'
import { denseReadings, denseWords, encodeDense } from '../../../../protocols/uplink/dense-report.ts'

const gunzip = (bytes: Uint8Array, maxOutputLength: number) => gunzipSync(bytes, { maxOutputLength })

const jsonValue = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
const device = fc.oneof(
  fc.constantFrom('door-1', 'door-2', 'water.7'),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
)
const messageId = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(12)).map(([boot, count]) => `${boot}-${count}`),
  fc.stringMatching(/^[\x21-\x7e]{1,64}$/),
)
const readings = fc.dictionary(
  fc.oneof(
    fc.constantFrom<string>(...denseReadings, '__proto__', 'constructor', '0', '-1'),
    fc.string({ maxLength: 8 }),
  ),
  fc.oneof(
    fc.constantFrom(...denseWords),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    jsonValue,
  ),
  { maxKeys: 5 },
)
const time = {
  sequence: fc.integer({ min: 1, max: sequenceMax }),
  boot: fc.integer({ min: 1, max: 50 }),
  sinceBootMs: fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true })),
  atMs: fc.oneof(
    fc.integer({ min: -wallMsMax, max: wallMsMax }),
    fc.double({ min: -1e12, max: 1e12, noNaN: true }),
  ),
  clock: fc.constantFrom('unsynced', 'synced', 'repaired'),
}
const event = fc.record(
  {
    type: fc.constant('event'),
    ...time,
    device,
    messageId,
    readings,
    deviceAtMs: fc.maxSafeInteger(),
    extra: jsonValue,
  },
  {
    requiredKeys: [
      'type',
      'sequence',
      'boot',
      'sinceBootMs',
      'atMs',
      'clock',
      'device',
      'messageId',
      'readings',
    ],
  },
)
const log = fc.record({ type: fc.constant('log'), ...time, what: fc.string({ maxLength: 20 }) })
const parts = fc.record(
  {
    epoch: fc.stringMatching(/^[a-z0-9]{8,32}$/),
    lane: fc.constantFrom(...lanes),
    first: fc.integer({ min: 1, max: 1e12 }),
    records: fc.array(fc.oneof({ weight: 5, arbitrary: event }, log), { maxLength: 40 }),
    skipped: fc.array(
      fc.record({
        from: fc.integer({ min: 1 }),
        to: fc.integer({ min: 1 }),
        reason: fc.string({ maxLength: 9 }),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  },
  { requiredKeys: ['epoch', 'lane', 'first', 'records'] },
)

/** As JSON carries it: no -0, no undefined. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('the dense form of a Report', () => {
  it('parses to exactly what the readable form parses to, packed or not', () => {
    fc.assert(
      fc.property(parts, fc.boolean(), (given, isPacked) => {
        const report = asJson(given) as typeof given
        const plain = encodeJson(encodeDense(report))
        const parsed = parseReport(isPacked ? gzipSync(plain) : plain, gunzip)
        expect(parsed.ok).toBe(true)
        expect(parsed).toEqual(parseReport(encodeJson({ v: 1, ...report }), gunzip))
      }),
      { numRuns: 1000 },
    )
  })

  it('is half as large as the readable form for a village of sensors', () => {
    const records = Array.from({ length: 50 }, (_, index) => ({
      type: 'event',
      sequence: 9000 + index,
      boot: 12,
      sinceBootMs: 86_400_000 + index * 117,
      atMs: 1764000000000 + index * 117,
      clock: 'synced',
      device: `door-${(index * 37) % 200}`,
      messageId: `7-${(index * 7919) % 3000}`,
      readings: {
        contact: index % 3 ? 'open' : 'closed',
        batteryPercent: 60 + (index % 40),
        signalDbm: -50 - ((index * 7) % 40),
      },
    }))
    const report = { epoch: 'e0e0e0e0e0e0', lane: 'routine' as const, first: 1, records }
    const dense = gzipSync(encodeJson(encodeDense(report))).length
    const readable = gzipSync(encodeJson({ v: 1, ...report })).length
    expect(dense).toBeLessThan(readable / 2)
  })

  it('never throws and never believes columns that do not fit, however they are bent', () => {
    const whole = asJson(
      encodeDense({
        epoch: 'e0e0e0e0e0e0',
        lane: 'red',
        first: 1,
        records: [
          {
            type: 'event',
            sequence: 1,
            boot: 1,
            sinceBootMs: 1,
            atMs: 5,
            clock: 'synced',
            device: 'a',
            messageId: '1-1',
            readings: { smoke: true },
          },
          {
            type: 'event',
            sequence: 2,
            boot: 1,
            sinceBootMs: 2,
            atMs: 6,
            clock: 'synced',
            device: 'a',
            messageId: '1-2',
            readings: { smoke: true },
          },
        ],
      }),
    ) as unknown[]
    expect(decodeDense(whole).ok).toBe(true)
    for (const place of [6, 8, 9, 10, 11, 12, 14]) {
      const bent = whole.with(place, Array.isArray(whole[place]) ? (whole[place] as unknown[]).slice(1) : 'a')
      const parsed = parseReport(encodeJson(bent), gunzip)
      expect(parsed.ok, `place ${place}`).toBe(false)
    }
    fc.assert(
      fc.property(fc.nat(14), fc.jsonValue(), (place, value) => {
        expect(typeof parseReport(encodeJson(whole.with(place, value)), gunzip).ok).toBe('boolean')
      }),
      { numRuns: 1000 },
    )
  })
})
