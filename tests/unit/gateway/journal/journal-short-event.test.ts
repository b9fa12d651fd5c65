// Events in their short form: the journal returns them byte for byte.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expandBody, shortEventStart, shortenBody } from '../../../../gateway/journal/short-event.ts'
import { readRecord } from '../../../../gateway/journal/damage/readable-record.ts'

const event = {
  type: 'event',
  sequence: 1_000_017,
  boot: 3,
  sinceBootMs: 86_400_123,
  atMs: 1_764_000_000_000,
  clock: 'synced',
  device: 'door-017',
  messageId: '7-42',
  readings: { temperatureC: 20.5, batteryPercent: 87, signalDbm: -61 },
}

describe('the short form of an event', () => {
  it('takes the names away and gives the same bytes back', () => {
    const body = JSON.stringify(event)
    const short = shortenBody(body)
    expect(short.startsWith(shortEventStart)).toBe(true)
    expect(body.length - short.length).toBeGreaterThan(110)
    expect(expandBody(short)).toBe(body)
    expect(readRecord(short)).toEqual(event)
  })

  it.each([
    ['an alarm', { type: 'alarm', sequence: 1, change: 'raised' }],
    ['an event with the time of its device', { ...event, deviceAtMs: 5 }],
    ['an event with flags', { ...event, flags: ['implausible'] }],
    ['an event with a name that needs escapes', { ...event, messageId: 'a"b\\' }],
    ['an event with the sign of a shortened name', { ...event, readings: { '~0': 1 } }],
    ['an event in another order', Object.fromEntries(Object.entries(event).toReversed())],
  ])('leaves %s as it is', (_name, record) => {
    const body = JSON.stringify(record)
    expect(shortenBody(body)).toBe(body)
    expect(expandBody(body)).toBe(body)
  })

  it('gives back whatever it was given', () => {
    const name = fc.constantFrom('contact', 'temperatureC', '~0', '"contact":', '"~1":')
    const record = fc.record({
      type: fc.constantFrom('event', 'log'),
      sequence: fc.oneof(fc.integer(), fc.double()),
      boot: fc.nat(),
      sinceBootMs: fc.double({ noNaN: true }),
      atMs: fc.integer(),
      clock: fc.string(),
      device: fc.string(),
      messageId: fc.string(),
      readings: fc.oneof(
        fc.dictionary(fc.oneof(fc.string(), name), fc.oneof(fc.jsonValue(), name)),
        fc.jsonValue(),
      ),
      was: fc.option(fc.record({ epoch: fc.string(), sequence: fc.nat() }), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        fc.oneof(
          record,
          record.map((one) => ({ ...one, type: 'event' })),
        ),
        (value) => {
          const body = JSON.stringify(value)
          expect(expandBody(shortenBody(body))).toBe(body)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('reads a short event that the flash has cut or garbled as no record', () => {
    const short = shortenBody(JSON.stringify(event))
    const cut = Array.from({ length: short.length - 1 }, (_, at) => short.slice(0, at + 1))
    const garbled = Array.from(short, (_, at) => `${short.slice(0, at)}\u0001${short.slice(at + 1)}`)
    expect([...cut, ...garbled].filter((body) => readRecord(body) !== undefined)).toEqual([])
  })
})
