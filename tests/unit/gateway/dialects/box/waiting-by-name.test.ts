// Does one device that sends without waiting for its answers leave places for the others?
import { expect, it } from 'vitest'
import { WaitingByName } from '../../../../../gateway/dialects/box/waiting-by-name.ts'

it('has few places for one name, some for all, and gives them back', () => {
  const waiting = new WaitingByName({ max: 3, perName: 2 })
  expect(['a', 'a', 'a', 'b', 'c'].map((name) => waiting.enter(name))).toEqual([
    true,
    true,
    false,
    true,
    false,
  ])
  waiting.leave('a')
  expect([waiting.size, waiting.enter('c'), waiting.enter('a')]).toEqual([2, true, false])
  for (const name of ['a', 'b', 'c']) waiting.leave(name)
  expect([waiting.size, waiting.enter('a'), waiting.enter('a')]).toEqual([0, true, true])
})
