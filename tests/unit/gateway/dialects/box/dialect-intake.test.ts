// Messages of foreign dialects where something fails that is no decoding: none is refused for ever, and later ones are heard.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { DialectIntake, rawBurst } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import { encodeFrame } from '../../../../../gateway/dialects/sl651/frame.ts'
import type { ResultStorage } from '../../../../../gateway/dialects/box/result-storage.ts'
import type { StorageAnswer } from '../../../../../gateway/journal/port.ts'

const button = 'zigbee2mqtt/button'

/** A dialect intake whose keeper can be broken. */
function createIntake() {
  const raw: string[] = []
  const events: string[] = []
  const documents: string[] = []
  let failure: Error | undefined
  let heardFailure: Error | undefined
  let nowMs = 1000
  const keeper: ResultStorage = {
    takeReadings: (event, answer) => {
      if (failure) throw failure
      events.push(event.device)
      answer.kept()
      return false
    },
    keepState: async (state) => void documents.push(...state.map(([key]) => key)),
    keepUnreadable: (_message, problem) => {
      raw.push(problem)
      return Promise.resolve()
    },
    keepPresence: () => Promise.resolve(),
    keepHint: () => Promise.resolve(),
    joinStored: (_device, _messageId, answer) => answer.kept(),
    wasKept: () => false,
    isNewest: () => false,
  }
  const intake = new DialectIntake({
    senders: [
      { id: 'z2m', dialect: 'zigbee2mqtt', isDevice: false },
      { id: 'recorders', dialect: 'sl651', isDevice: false, isListedOnly: true },
    ],
    devices: [],
    keeper,
    onHeard: () => {
      if (heardFailure) throw heardFailure
    },
    steadyMs: () => nowMs,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
  })
  const say = (battery: number): Promise<string> =>
    new Promise((resolve) => {
      const payload = Buffer.from(JSON.stringify({ battery }))
      intake.take(
        'z2m',
        { topic: button, payload, isRetained: false },
        { kept: () => resolve('kept'), refused: (error) => resolve((error as Error).message) },
      )
    })
  const sayRaw = (payload: Buffer): Promise<string> =>
    new Promise((resolve) => {
      intake.take(
        'recorders',
        { topic: 'sl651', payload, isRetained: false },
        {
          kept: (reply) => resolve(reply ? 'answered' : 'silent'),
          refused: (error) => resolve((error as Error).message),
        },
      )
    })
  return {
    sayRaw,
    advance: (ms: number) => void (nowMs += ms),
    raw,
    events,
    documents,
    intake,
    say,
    breakKeeper: (error: Error | undefined) => (failure = error),
    breakListener: (error: Error | undefined) => (heardFailure = error),
  }
}

test('a message is kept raw when something throws behind its dialect, and the next one is heard', async () => {
  const { raw, events, say, breakKeeper, breakListener } = createIntake()
  expect(await say(90)).toBe('kept')
  breakKeeper(new Error('a mistake of the program'))
  expect(await say(89)).toBe('kept')
  breakKeeper(undefined)
  breakListener(new Error('a mistake of a listener'))
  expect(await say(88)).toBe('kept')
  breakListener(undefined)
  expect(await say(87)).toBe('kept')
  expect(raw).toEqual([
    'the dialect zigbee2mqtt failed: a mistake of the program',
    'the dialect zigbee2mqtt failed: a mistake of a listener',
  ])
  expect(events).toHaveLength(3)
})

test('callers under the number of no listed station wear out no card: some of their messages are kept, the rest is counted', async () => {
  const { raw, sayRaw, advance, documents, intake } = createIntake()
  const frame = (station: string): Buffer =>
    Buffer.from(
      encodeFrame({
        isText: false,
        centre: 1,
        station,
        password: '1234',
        code: 0x32,
        isDown: false,
        body: Buffer.from('0001260701080000F1F1009999999948F0F0260701080039230099990038121250', 'hex'),
        end: 3,
      }),
    )
  for (let at = 0; at < 3 * rawBurst; at++)
    expect(await sayRaw(frame(String(at).padStart(10, '0')))).toBe('silent')
  expect(raw).toHaveLength(rawBurst)
  // One row for each that is noted, and nothing that is learned about it.
  expect(documents).toHaveLength(intake.strangers().length)
  expect(documents.length).toBeLessThanOrEqual(rawBurst)
  for (let at = 0; at < 100; at++) await sayRaw(Buffer.from('no frame'))
  expect(raw).toHaveLength(rawBurst)
  advance(5000)
  for (let at = 0; at < 100; at++) await sayRaw(Buffer.from('no frame'))
  expect(raw).toHaveLength(rawBurst + 5)
})

test('a press that waits for its commit answers its other messages with it, also with its failure', async () => {
  const held: StorageAnswer[] = []
  const joined = new Map<string, StorageAnswer[]>()
  const stored = (device: string, messageId: string): string => `${device} ${messageId}`
  const keeper: ResultStorage = {
    takeReadings: ({ device, messageId, readings }, answer) => {
      if (readings.button === undefined) return (answer.kept(), false)
      held.push({
        kept: () => [answer, ...(joined.get(stored(device, messageId)) ?? [])].forEach((one) => one.kept()),
        refused: (error) =>
          [answer, ...(joined.get(stored(device, messageId)) ?? [])].forEach((one) => one.refused(error)),
      })
      joined.set(stored(device, messageId), [])
      return true
    },
    joinStored: (device, messageId, answer) =>
      void (joined.get(stored(device, messageId))?.push(answer) ?? answer.kept()),
    keepState: () => Promise.resolve(),
    keepUnreadable: () => Promise.resolve(),
    keepPresence: () => Promise.resolve(),
    keepHint: () => Promise.resolve(),
    wasKept: () => false,
    isNewest: () => false,
  }
  const intake = new DialectIntake({
    senders: [{ id: 'z2m', dialect: 'zigbee2mqtt', isDevice: false }],
    devices: [],
    keeper,
    steadyMs: () => 1000,
    logger: pino({ level: 'silent' }),
    metrics: new Registry(),
  })
  const answers: string[] = []
  const press = (name: string, topic: string, payload: string): boolean =>
    intake.take(
      'z2m',
      { topic, payload: Buffer.from(payload), isRetained: false },
      { kept: () => answers.push(`${name} kept`), refused: () => answers.push(`${name} refused`) },
    )
  const json = '{"action":"single","battery":90}'
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  press('first', button, json)
  press('same bytes', button, json)
  press('own topic', `${button}/action`, 'single')
  await turn()
  expect([held.length, answers]).toEqual([1, []])
  held[0]?.refused(new Error('disk full'))
  expect(answers).toEqual(['first refused', 'same bytes refused', 'own topic refused'])
  press('again', button, json)
  press('again on its own topic', `${button}/action`, 'single')
  await turn()
  expect([held.length, answers.length]).toEqual([2, 3])
  held[1]?.kept()
  expect(answers.slice(3)).toEqual(['again kept', 'again on its own topic kept'])
})
