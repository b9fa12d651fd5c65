// Calls to a thread: does each get its own answer, and all of them an end?
import { expect, it } from 'vitest'
import { ThreadCalls } from '../../../platform/thread-calls.ts'

it('gives each call its own answer in whatever order, and fails the rest together', async () => {
  const calls = new ThreadCalls()
  const sent: number[] = []
  const [first, second, third] = [0, 1, 2].map(() => calls.call((id) => sent.push(id)))
  expect([sent, calls.size, calls.lastId]).toEqual([[0, 1, 2], 3, 2])
  calls.resolve(1, 'second')
  calls.reject(0, new Error('first failed'))
  calls.resolve(7, 'an answer that was not asked for')
  calls.rejectAll(new Error('the thread ended'))
  await expect(second).resolves.toBe('second')
  await expect(first).rejects.toThrow('first failed')
  await expect(third).rejects.toThrow('the thread ended')
  expect(calls.size).toBe(0)
})
