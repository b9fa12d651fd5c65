// Messages of foreign dialects where something fails that is no decoding: none is refused for ever, and later ones are heard.
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { DialectIntake } from '../../../../../gateway/dialects/box/dialect-intake.ts'
import type { Keeper } from '../../../../../gateway/dialects/box/keeper.ts'

const button = 'zigbee2mqtt/button'

/** A dialect intake whose keeper can be broken. */
function createIntake() {
  const raw: string[] = []
  const events: string[] = []
  let failure: Error | undefined
  let heardFailure: Error | undefined
  const keeper: Keeper = {
    takeReadings: (event, answer) => {
      if (failure) throw failure
      events.push(event.device)
      answer.kept()
      return false
    },
    keepState: () => Promise.resolve(),
    keepUnreadable: (_message, problem) => {
      raw.push(problem)
      return Promise.resolve()
    },
    keepPresence: () => Promise.resolve(),
    keepHint: () => Promise.resolve(),
    wasKept: () => false,
  }
  const intake = new DialectIntake({
    senders: [{ id: 'z2m', dialect: 'zigbee2mqtt', isDevice: false }],
    devices: [],
    keeper,
    onHeard: () => {
      if (heardFailure) throw heardFailure
    },
    steadyMs: () => performance.now(),
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
  return {
    raw,
    events,
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
