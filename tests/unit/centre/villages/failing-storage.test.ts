// While storage fails, does each finding that comes leave a timer of its own behind?
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { BoxNotes } from '../../../../centre/villages/box-notes.ts'
import { OwnAlarms } from '../../../../centre/villages/own-alarms.ts'
import { createSystemRandom } from '../../../../protocols/kit/random.ts'
import { CountingClock } from '../../../kits/system/counting-clock.ts'

const logger = pino({ level: 'silent' })
const fails = (): Promise<never> => Promise.reject(new Error('the disk'))
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

it.each([
  [
    'presences of boxes',
    (clock: CountingClock) => {
      const notes = new BoxNotes({ storage: { noteBoxes: fails }, clock, logger, onStored: () => undefined })
      return { find: () => notes.add({ type: 'presence' } as never), stop: () => notes.stop() }
    },
  ],
  [
    "the centre's own alarms",
    (clock: CountingClock) => {
      const random = createSystemRandom()
      const alarms = new OwnAlarms({
        storage: { changeOwnAlarm: fails },
        clock,
        random,
        logger,
        onStored: () => undefined,
      })
      const words = { colour: 'orange', text: { zh: '网关失联', en: 'box silent' } } as const
      const find = (): void => alarms.set({ box: 'box-a', kind: 'box-silent' }, words)
      return { find, stop: () => alarms.stop() }
    },
  ],
])('%s leave one, and none when they stop', async (_title, create) => {
  const clock = new CountingClock()
  const { find, stop } = create(clock)
  for (let at = 0; at < 50; at++) {
    find()
    await turn()
  }
  expect(clock.timers).toBe(1)
  await stop()
  expect(clock.timers).toBe(0)
  // One that fails while it stops.
  const other = create(clock)
  other.find()
  await other.stop()
  await turn()
  expect(clock.timers).toBe(0)
})
