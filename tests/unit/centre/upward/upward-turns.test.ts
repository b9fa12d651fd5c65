// Does a centre report upward exactly while it has the duties, also when they come and go faster than a link opens and ends?
import { expect, it } from 'vitest'
import { UpwardTurns } from '../../../../centre/upward/upward-turns.ts'

function createTurns() {
  const events: string[] = []
  const opening: ((error?: Error) => void)[] = []
  const retries: (() => void)[] = []
  let made = 0
  const turns = new UpwardTurns({
    open: () => {
      const name = ++made
      events.push(`open ${name}`)
      const link = {
        start: () => void events.push(`start ${name}`),
        stop: async () => void events.push(`stop ${name}`),
      }
      return new Promise<typeof link>((resolve, reject) =>
        opening.push((error) => (error ? reject(error) : resolve(link))),
      )
    },
    onFailed: (error) => events.push(`failed ${(error as Error).message}`),
    again: (run) => retries.push(run),
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { turns, events, opening, retries, settle }
}

it('opens a new link at each turn, and only when the last one has stopped', async () => {
  const { turns, events, opening, settle } = createTurns()
  void turns.turn(true)
  await settle()
  opening[0]?.()
  await settle()
  void turns.turn(true)
  void turns.turn(false)
  void turns.turn(true)
  await settle()
  opening[1]?.()
  await settle()
  expect(events).toEqual(['open 1', 'start 1', 'stop 1', 'open 2', 'start 2'])
  expect(turns.link).toBeDefined()
})

it('starts no link when the duties went while it was opened', async () => {
  const { turns, events, opening, settle } = createTurns()
  void turns.turn(true)
  await settle()
  const ended = turns.turn(false)
  opening[0]?.()
  await ended
  expect(events).toEqual(['open 1'])
  expect(turns.link).toBeUndefined()
})

it('tries again when the database did not answer, and not when the duties have gone', async () => {
  const { turns, events, opening, retries, settle } = createTurns()
  void turns.turn(true)
  await settle()
  opening[0]?.(new Error('no primary'))
  await settle()
  retries[0]?.()
  await settle()
  opening[1]?.(new Error('no primary'))
  await settle()
  await turns.turn(false)
  retries[1]?.()
  await settle()
  expect(events).toEqual(['open 1', 'failed no primary', 'open 2', 'failed no primary'])
})
