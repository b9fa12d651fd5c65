// Is a page refused that was loaded under another machine's name, and is a repeated filter answered?
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { answerEachFilter } from '../../../../platform/mqtt/answer-each-filter.ts'
import { isOwnName } from '../../../../platform/strangers/own-name.ts'

it('takes addresses and own names, with or without a port, and no other', () => {
  const own = [
    '127.0.0.1',
    '127.0.0.1:8080',
    '[::1]',
    '[::1]:80',
    'localhost',
    'LOCALHOST:80',
    hostname(),
    'desk.town',
  ]
  expect(own.filter((name) => !isOwnName(name, ['Desk.Town']))).toEqual([])
  const foreign = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '', undefined]
  expect(foreign.filter((name) => isOwnName(name))).toEqual([])
})

it('gives a repeated filter another key and the same text', () => {
  let listener: (packet: object) => void = () => expect.fail('no listener')
  answerEachFilter({
    _parser: { prependListener: (_event: string, added: typeof listener) => (listener = added) },
  })
  const subscriptions = ['a', 'b', 'a'].map((topic) => ({ topic }))
  listener({ cmd: 'subscribe', subscriptions })
  expect(new Set(subscriptions.map(({ topic }) => topic)).size).toBe(3)
  expect(subscriptions.map(({ topic }) => `${topic}`)).toEqual(['a', 'b', 'a'])
})
