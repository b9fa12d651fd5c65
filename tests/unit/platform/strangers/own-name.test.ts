// Is a page refused that was loaded under another machine's name, is an open secret file reported, and is a repeated filter
// answered?
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { answerEachFilter } from '../../../../platform/mqtt/answer-each-filter.ts'
import { openFiles } from '../../../../platform/strangers/insecure-settings.ts'
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

it('reports a secret that every user may read or write, and no missing one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gengfu-open-'))
  try {
    const file = join(folder, 'key')
    writeFileSync(file, 'secret')
    const found = (mode: number): number => {
      chmodSync(file, mode)
      return openFiles([['tls.key', file]]).length
    }
    expect([0o600, 0o640, 0o644, 0o602].map(found)).toEqual([0, 0, 1, 1])
    expect(
      openFiles([
        ['a', undefined],
        ['b', join(folder, 'none')],
      ]),
    ).toEqual([])
  } finally {
    rmSync(folder, { recursive: true })
  }
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
