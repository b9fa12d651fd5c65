// Question: does a listener that fails, now or later, end the program?
import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { guardListener } from '../../../platform/guard-listener.ts'

it('hands what a listener throws, at once or later, to its owner', async () => {
  const failures: unknown[] = []
  const emitter = new EventEmitter()
  const guarded = guardListener(
    (value: string): void | Promise<void> => {
      if (value === 'later') return Promise.reject(new Error(value))
      if (value === 'now') throw new Error(value)
    },
    (error, value) => failures.push([(error as Error).message, value]),
  )
  emitter.on('message', guarded)
  for (const value of ['now', 'well', 'later']) emitter.emit('message', value)
  await new Promise((resolve) => setImmediate(resolve))
  expect(failures).toEqual([
    ['now', 'now'],
    ['later', 'later'],
  ])
})
