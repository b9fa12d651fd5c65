// The session of one sender: repeats, presses, retained messages, vanished readings.
import { describe, expect, it } from 'vitest'
import { dialectOf } from '../../../../../gateway/dialects/dialects.ts'
import type { Decoded, DeviceResult, Dialect, DialectMessage } from '../../../../../gateway/dialects/port.ts'
import { eventOf } from '../../../../../gateway/dialects/session/event-of.ts'
import { DialectSession, type SessionResult } from '../../../../../gateway/dialects/session/session.ts'
import { lostAnswerWindowMs, resentWindowMs } from '../../../../../gateway/dialects/session/content-ids.ts'
import { pressWindowMs } from '../../../../../gateway/dialects/session/presses.ts'

const windowMs = 1000

/** Returns the JSON of its payload. */
function speaking(decode: (json: Partial<DeviceResult>) => Decoded): Dialect {
  return {
    name: 'spoken',
    repeats: { by: 'content', windowMs },
    topics: () => ({ publish: [], subscribe: [] }),
    claims: () => true,
    decode: ({ payload }) => decode(JSON.parse(Buffer.from(payload).toString()) as Partial<DeviceResult>),
    encode: () => ({ cannot: 'no commands' }),
  }
}
const plain = speaking((json) => ({ results: [{ device: 'd', readings: {}, ...json }] }))
const press = { readings: { button: 'pressed' }, momentary: { button: 'pressed' } }

function said(json: object, more: Partial<DialectMessage> = {}): DialectMessage {
  return { topic: 't', payload: Buffer.from(JSON.stringify(json)), isRetained: false, atMs: 0, ...more }
}
const take = (session: DialectSession, message: DialectMessage): SessionResult =>
  session.take(message) as SessionResult

describe('presses', () => {
  it('counts one press that comes on three topics once', () => {
    const session = new DialectSession({ dialect: plain })
    const heard = ['base/name', 'base/name/action', 'trigger'].map((topic, atMs) =>
      take(session, said(press, { topic, atMs })),
    )
    expect(heard.map(({ results }) => results.length)).toEqual([1, 0, 0])
    expect(heard[1]?.ignored).toContain('once more')
    const first = heard[0]?.results[0]?.messageId
    expect(heard.slice(1).map(({ repeated }) => repeated[0]?.messageId)).toEqual([first, first])
  })

  it('counts a second press on the same topics, also while the first is still coming', () => {
    const session = new DialectSession({ dialect: plain })
    const counts = [
      ['a', 0],
      ['a', 1500],
      ['b', 1501],
      ['b', 2600],
    ].map(
      ([topic, atMs]) =>
        take(session, said(press, { topic: topic as string, atMs: atMs as number })).results.length,
    )
    expect(counts).toEqual([1, 1, 0, 0])
  })

  it('counts it as new on another topic when the window is over', () => {
    const session = new DialectSession({ dialect: plain })
    take(session, said(press, { topic: 'a' }))
    expect(take(session, said(press, { topic: 'b', atMs: pressWindowMs + 1 })).results).toHaveLength(1)
  })

  it('lets no retained press pass, and keeps the state beside it', () => {
    const session = new DialectSession({ dialect: plain })
    const only = take(session, said(press, { isRetained: true }))
    expect(only.results).toEqual([])
    expect(only.ignored).toContain('retained')
    const both = { readings: { button: 'pressed', batteryPercent: 80 }, momentary: { button: 'pressed' } }
    const kept = take(session, said(both, { isRetained: true, atMs: 9000 })).results
    expect(kept[0]?.readings).toEqual({ batteryPercent: 80 })
  })

  it('counts a press again when it could not be kept', () => {
    const session = new DialectSession({ dialect: plain })
    take(session, said(press)).undo()
    expect(take(session, said(press, { atMs: 10, isResent: true })).results).toHaveLength(1)
  })
})

describe('repeats by content', () => {
  it('gives the same bytes inside the window the same id, and later ones another', () => {
    const session = new DialectSession({ dialect: plain })
    const state = { readings: { contact: 'open' } }
    const ids = [0, 900, 1100, 5000].map((atMs) => take(session, said(state, { atMs })).results[0]?.messageId)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
  })

  it('knows a message that is marked as sent before over a restart, by what the journal has', () => {
    const first = take(new DialectSession({ dialect: plain }), said(press, { atMs: 5000 }))
    const id = first.results[0]?.messageId
    const again = new DialectSession({ dialect: plain, wasKept: (_device, other) => other === id })
    const resent = { isResent: true, atMs: 5000 + resentWindowMs / 2 }
    expect(take(again, said(press, resent)).results).toEqual([])
    expect(take(again, said(press, { atMs: 400_000 })).results).toHaveLength(1)
  })

  it('knows such a message for ten minutes without a restart too, and takes it for new after them', () => {
    const session = new DialectSession({ dialect: plain })
    take(session, said(press))
    const again = (atMs: number): number =>
      take(session, said(press, { isResent: true, atMs })).results.length
    expect([again(resentWindowMs - 1), again(resentWindowMs)]).toEqual([0, 1])
  })

  it('of a sender that marks no repeats: a repeat of just before the start is known, once, if nothing came after it', () => {
    const [id] = take(new DialectSession({ dialect: plain }), said(press, { atMs: 5000 })).results.map(
      ({ messageId }) => messageId,
    )
    const startMs = 9000
    const unmarked = (atMs: number): DialectMessage => said(press, { atMs, lostBeforeMs: startMs })
    const after = (newest: string | undefined): DialectSession =>
      new DialectSession({
        dialect: plain,
        wasKept: (_device, other) => other === id,
        isNewest: (_device, other) => other === newest,
      })
    const again = after(id)
    expect(take(again, unmarked(9500)).results).toEqual([])
    expect(take(again, unmarked(20_000)).results).toHaveLength(1)
    // Twins: something of this device came after it; the start is long ago; no start in between.
    expect(take(after('another'), unmarked(9500)).results).toHaveLength(1)
    expect(take(after(id), unmarked(startMs + lostAnswerWindowMs)).results).toHaveLength(1)
    expect(take(after(id), said(press, { atMs: 9500 })).results).toHaveLength(1)
  })

  it('gives each of several devices in one message the same id', () => {
    const dialect = speaking(() => ({
      results: ['a', 'b'].map((device) => ({ device, ...press }) as DeviceResult),
    }))
    const { results } = take(new DialectSession({ dialect }), said({}))
    expect(results.map(({ device }) => device)).toEqual(['a', 'b'])
    expect(results[0]?.messageId).toBe(results[1]?.messageId)
  })

  it('gives each of several events of one device in one message an id of its own, also over a restart', () => {
    const dialect = speaking(() => ({
      results: ['pressed', 'duress'].map((button): DeviceResult => {
        const readings = { button } as DeviceResult['readings']
        return { device: 'a', readings, momentary: { button: button as 'pressed' } }
      }),
    }))
    const session = new DialectSession({ dialect })
    const ids = take(session, said({}, { atMs: 5000 })).results.map(({ messageId }) => messageId)
    expect(new Set(ids).size).toBe(2)
    const repeat = take(session, said({}, { atMs: 5001 }))
    expect(repeat.results).toEqual([])
    expect(repeat.repeated.map(({ messageId }) => messageId)).toEqual(ids)
    const again = (stored: readonly string[]): SessionResult =>
      take(
        new DialectSession({ dialect, isNewest: (_device, id) => id === stored.at(-1) }),
        said({}, { atMs: 9500, lostBeforeMs: 9000 }),
      )
    expect(again(ids).repeated).toHaveLength(2)
    // Twin: a kill came between the two events of the message.
    expect(again(ids.slice(0, 1)).results).toHaveLength(2)
  })
})

describe('a message that could not be stored', () => {
  it('is new when it comes again: what was learned with its press is not learned', () => {
    const z2m = new DialectSession({ dialect: dialectOf('zigbee2mqtt') as Dialect })
    const said = {
      topic: 'zigbee2mqtt/0x00124b0000000001',
      payload: Buffer.from('{"sos":true}'),
      isRetained: false,
    }
    const first = take(z2m, { ...said, atMs: 5000 })
    expect(first.results[0]?.momentary).toEqual({ button: 'pressed' })
    first.undo()
    const again = take(z2m, { ...said, atMs: 9000 })
    expect(again.results[0]?.momentary).toEqual({ button: 'pressed' })
    // Twin: without the undo the switch counts as on, and its next message is no call.
    expect(take(z2m, { ...said, atMs: 20_000 }).results[0]?.momentary).toBeUndefined()
  })
})

describe('vanished readings', () => {
  const whole = (readings: object): object => ({ readings, isWholeState: true })

  it('calls a protective reading that is gone a fault, until messages prove to be partial', () => {
    const session = new DialectSession({ dialect: plain })
    const faultsOf = (readings: object, atMs: number) =>
      take(session, said(whole(readings), { atMs })).results[0]?.faults
    expect(faultsOf({ contact: 'open', batteryPercent: 9 }, 0)).toBeUndefined()
    expect(faultsOf({ contact: 'open' }, 2000)).toBeUndefined()
    expect(faultsOf({ batteryPercent: 9 }, 4000)).toEqual(['field-vanished:contact'])
    // An empty list ends the fault.
    expect(faultsOf({ contact: 'closed' }, 6000)).toEqual([])
    expect(faultsOf({ batteryPercent: 8 }, 8000)).toBeUndefined()
  })
})

describe('a dialect that fails', () => {
  it('leaves the message raw when it throws or rejects, and goes on', async () => {
    const throwing = speaking(() => {
      throw new Error('slip')
    })
    expect(take(new DialectSession({ dialect: throwing }), said({})).quarantined).toContain('slip')
    const rejecting = { ...plain, decode: () => Promise.reject(new Error('codec')) }
    expect((await new DialectSession({ dialect: rejecting }).take(said({}))).quarantined).toContain('codec')
  })
})

describe('the native dialect', () => {
  const session = new DialectSession({ dialect: dialectOf('native') as Dialect })

  it('reads an event with its own id, and marks the press as a moment', () => {
    const payload = Buffer.from('{"id":"7-42","at":5,"button":"held","batteryPercent":80}')
    const { results } = take(session, said({}, { topic: 'gengfu/v1/b-1/event', payload }))
    expect(results[0]).toMatchObject({
      device: 'b-1',
      messageId: '7-42',
      momentary: { button: 'held' },
      deviceAtMs: 5,
    })
  })

  it('says why it can not read a message', () => {
    const payload = Buffer.from('contact=1')
    expect(take(session, said({}, { topic: 'gengfu/v1/b-1/event', payload })).quarantined).toContain(
      'not JSON',
    )
  })
})

describe('the event of a result', () => {
  it('names what the device does not know, and takes faults as a reading', () => {
    const readings = { leak: null, batteryPercent: 90 }
    expect(eventOf({ device: 'd', messageId: 'm', readings, faults: ['cable_unplugged'] })?.readings).toEqual(
      {
        batteryPercent: 90,
        unknown: ['leak'],
        faults: ['cable_unplugged'],
      },
    )
    expect(eventOf({ device: 'd', messageId: 'm', readings: {}, presence: 'online' })).toBeUndefined()
  })
})

describe('a distance sensor that looks down on the water', () => {
  const sending = (settings: object, more: { deviceOf?: () => string } = {}) => {
    const session = new DialectSession({ dialect: plain, settings, ...more })
    return (readings: object) =>
      take(session, said({ device: '0x00AA', readings, messageId: '1' })).results[0]?.readings
  }

  it('shows a level in every dialect, by its address or as the sender itself', () => {
    const byAddress = sending({ devices: { '0x00aa': { mountingHeightMm: 5000 } } })
    expect(byAddress({ distanceMm: 1500 })).toEqual({ distanceMm: 1500, waterLevelMm: 3500 })
    const itself = sending({ devices: { river: { mountingHeightMm: 5000 } } }, { deviceOf: () => 'river' })
    expect(itself({ distanceMm: 1500 })).toEqual({ distanceMm: 1500, waterLevelMm: 3500 })
  })

  it('shows an unknown level when it could not measure, and keeps a level that it sends itself', () => {
    const gauge = sending({ devices: { '0x00aa': { mountingHeightMm: 5000 } } })
    expect(gauge({ distanceMm: null })).toEqual({ distanceMm: null, waterLevelMm: null })
    expect(gauge({ distanceMm: 10, waterLevelMm: 7 })).toEqual({ distanceMm: 10, waterLevelMm: 7 })
  })

  it('stays a distance while its height is not known', () => {
    expect(sending({})({ distanceMm: 1500 })).toEqual({ distanceMm: 1500 })
  })
})
