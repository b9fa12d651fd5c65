// Simulated devices of every dialect, through the same code as on the box: what they mean is read, their quirks raise nothing
// that did not happen, and no spoilt message of theirs makes a dialect throw.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dialectOf } from '../../../../gateway/dialects/dialects.ts'
import { DialectSession, type SessionResult } from '../../../../gateway/dialects/session/session.ts'
import {
  Conversation,
  bridgeSimulatorNames,
  bridgeSimulators,
  villageOf,
} from '../../../../firmware-sim/dialects/run-bridge.ts'
import {
  quirkNames,
  type Quirk,
  type SimulatedMessage,
} from '../../../../firmware-sim/dialects/bridge-simulator.ts'

const gateways: Record<string, string> = {
  shelly2: 'shelly',
  esphome: 'home-assistant',
  'chirpstack-3': 'chirpstack',
}
const settings = { mapping: { codec: 'client-heartbeat-4g' } } as const
const devices = 20

function sessionOf(name: string): DialectSession {
  const dialect = dialectOf(gateways[name] ?? name)
  if (!dialect) throw new Error(`no dialect for ${name}`)
  return new DialectSession({ dialect, settings: name === 'mapping' ? settings.mapping : {} })
}

const messageOf = ({ topic, payload, isRetained }: SimulatedMessage, atMs: number) => ({
  topic,
  payload: Buffer.from(payload),
  // As the box hears it from the sender itself.
  isRetained: isRetained === true,
  isDirect: true,
  atMs,
})

async function hearAll(session: DialectSession, messages: readonly SimulatedMessage[], atMs: number) {
  const heard: SessionResult[] = []
  for (const message of messages) heard.push(await session.take(messageOf(message, atMs)))
  return heard
}
const pressesIn = (heard: readonly SessionResult[]): number =>
  heard.flatMap(({ results }) => results).filter(({ momentary }) => momentary?.button !== undefined).length

describe.each(bridgeSimulatorNames)('%s', (name) => {
  const addresses = new Set(villageOf(devices, 7).map((device) => bridgeSimulators[name]?.addressOf(device)))

  test('every report is one of a device of the village, and a press is one press, with and without harmless quirks', async () => {
    for (const quirks of [[], ['duplicate', 'empty-action', 'sleeping', 'unknown-values']] as Quirk[][]) {
      const conversation = new Conversation({ dialect: name, devices, seed: 7, quirks })
      const session = sessionOf(name)
      let atMs = 0
      await hearAll(session, conversation.hello(), atMs)
      for (let round = 0; round < 40; round++) {
        const heard = await hearAll(session, conversation.report(1_700_000_000_000 + atMs), (atMs += 10_000))
        expect(heard.filter(({ quarantined }) => quarantined !== undefined)).toEqual([])
        expect(pressesIn(heard)).toBe(0)
        for (const { device } of heard.flatMap(({ results }) => results)) expect(addresses).toContain(device)
        const told = await hearAll(session, conversation.press() ?? [], (atMs += 10_000))
        // A network server's message that comes twice has one id: the journal keeps it once.
        const ids = new Set(told.flatMap(({ results }) => results.map(({ messageId }) => messageId)))
        expect(name.startsWith('chirpstack') || name === 'ttn' ? ids.size : pressesIn(told)).toBe(1)
      }
    }
  })

  test('a press that is sent retained is no press', async () => {
    const session = sessionOf(name)
    const conversation = new Conversation({ dialect: name, devices, seed: 7, quirks: ['retained-press'] })
    await hearAll(session, conversation.hello(), 0)
    const told = conversation.press() ?? []
    const isRetained = told.some((message) => message.isRetained)
    const presses = pressesIn(await hearAll(session, told, 10_000))
    // A network server retains no event, and has no such habit.
    expect(isRetained ? presses : 0).toBe(0)
  })

  test('no message with a spoilt part makes it throw, and what it answers stays in its form', async () => {
    const conversation = new Conversation({ dialect: name, devices, seed: 7, quirks: quirkNames })
    const session = sessionOf(name)
    const hello = conversation.hello()
    await hearAll(session, hello, 0)
    const known = [
      ...hello,
      ...Array.from({ length: 12 }, () => conversation.report(1e12)).flat(),
      ...(conversation.press() ?? []),
    ]
    let atMs = 1000
    await fc.assert(
      fc.asyncProperty(
        fc.nat(known.length - 1),
        fc.array(fc.tuple(fc.nat(400), fc.anything({ maxDepth: 2, withObjectString: false })), {
          maxLength: 4,
        }),
        fc.constantFrom('same', '', '/action', '/set', '/availability', '/x/y'),
        async (at, changes, end) => {
          const message = known[at]
          if (!message) return
          const { results, quarantined } = await session.take(
            messageOf(
              {
                ...message,
                topic: end === 'same' ? message.topic : message.topic + end,
                payload: spoil(message.payload, changes),
              },
              (atMs += 5000),
            ),
          )
          expect(quarantined ?? '').not.toContain('failed:')
          for (const { device, readings } of results) {
            expect(device).not.toBe('')
            expect(Object.values(readings).some((value) => typeof value === 'function')).toBe(false)
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Puts other values at some places of a JSON text, or other letters into a text that is none. */
function spoil(payload: string, changes: readonly (readonly [number, unknown])[]): string {
  let json: unknown
  try {
    json = JSON.parse(payload)
  } catch {
    return changes.reduce(
      (text, [at]) => text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + 1),
      payload,
    )
  }
  for (const [at, value] of changes) {
    const places: [object: Record<string, unknown>, key: string][] = []
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, inner] of Object.entries(node)) {
        places.push([node as Record<string, unknown>, key])
        walk(inner)
      }
    }
    walk(json)
    const place = places[at % Math.max(1, places.length)]
    if (!place) return safeJson(value)
    // A copy: the same value in two places could contain itself.
    place[0][place[1]] = copyOf(value)
  }
  return safeJson(json)
}

function copyOf(value: unknown): unknown {
  const text = safeJson(value)
  return text === '' || text === '{' ? null : (JSON.parse(text) as unknown)
}

function safeJson(value: unknown): string {
  try {
    return (
      JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ??
      ''
    )
  } catch {
    return '{'
  }
}
