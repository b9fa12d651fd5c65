// Does a proof of the password equal the public vectors, and is no proof taken twice?
import { expect, it } from 'vitest'
import {
  DigestClient,
  digestResponse,
  DigestServer,
  parseDigest,
} from '../../../../platform/sip/sip-digest.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

const random = createSeededRandom(1)
const from = '192.0.2.1'
const who = { user: '34020000001320000001', password: '12345678' }

it.each([
  // RFC 2617 clause 3.5.
  [
    '6629fae49393a05397450978507c4ef1',
    {
      algorithm: 'MD5',
      user: 'Mufasa',
      password: 'Circle Of Life',
      realm: 'testrealm@host.com',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      method: 'GET',
      uri: '/dir/index.html',
      auth: { count: '00000001', cnonce: '0a4f113b' },
    },
  ],
  // RFC 7616 clause 3.9.1.
  ...(['MD5', 'SHA-256'] as const).map((algorithm) => [
    algorithm === 'MD5'
      ? '8ca523f5e9506fed4657c9700eebdbec'
      : '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    {
      algorithm,
      user: 'Mufasa',
      password: 'Circle of Life',
      realm: 'http-auth@example.org',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      method: 'GET',
      uri: '/dir/index.html',
      auth: { count: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    },
  ]),
] as [string, Parameters<typeof digestResponse>[0]][])('computes the public vector %s', (response, facts) => {
  expect(digestResponse(facts)).toBe(response)
})

it('takes each count of a nonce once, and the nonce for five minutes', () => {
  const clock = new VirtualClock()
  const server = new DigestServer({ realm: '3402000000', clock, random })
  const client = new DigestClient(random)
  const values = server.challenges(false, from)
  expect(client.learn(values)).toBe(true)
  const ask = (value: string | undefined, method = 'REGISTER') => server.verdict(value, method, who, from)
  const first = client.authorization('REGISTER', 'sip:a@b', who)
  expect(first).toContain('algorithm=SHA-256')
  expect(ask(undefined)).toBe('none')
  expect(ask(first, 'MESSAGE')).toBe('wrong')
  expect(ask(first)).toBe('good')
  expect(ask(first)).toBe('stale')
  expect(ask(client.authorization('REGISTER', 'sip:a@b', who))).toBe('good')
  expect(
    server.verdict(
      client.authorization('REGISTER', 'sip:a@b', who),
      'REGISTER',
      { ...who, password: 'x' },
      from,
    ),
  ).toBe('wrong')
  clock.advance(301_000)
  expect(ask(client.authorization('REGISTER', 'sip:a@b', who))).toBe('stale')
})

it('takes the MD5 proof without qop that old cameras write, once', () => {
  const server = new DigestServer({ realm: 'r', clock: new VirtualClock(), random })
  const nonce = parseDigest(server.challenges(false, from)[1] ?? '')?.get('nonce') ?? ''
  const facts = { ...who, realm: 'r', nonce, method: 'REGISTER', uri: 'sip:x' }
  const response = digestResponse({ ...facts, algorithm: 'MD5' })
  const value = `Digest username="${who.user}", realm="r", nonce="${nonce}", uri="sip:x", response="${response}"`
  expect(server.verdict(value, 'REGISTER', who, from)).toBe('good')
  expect(server.verdict(value, 'REGISTER', who, from)).toBe('stale')
})

it('answers no challenge that it does not understand', () => {
  const client = new DigestClient(random)
  expect(client.learn(['Basic realm="x"', 'Digest realm="x", nonce="y", algorithm=SHA-512-256'])).toBe(false)
  expect(client.learn([`Digest ${'a="b",'.repeat(2000)}`])).toBe(false)
  expect(parseDigest('Digest realm="a \\"b\\"", nonce=plain, realm="second"')?.get('realm')).toBe('a "b"')
})

it('takes a nonce although many others were asked for, and none that it did not make', () => {
  const server = new DigestServer({ realm: 'r', clock: new VirtualClock(), random })
  const client = new DigestClient(random)
  client.learn(server.challenges(false, from))
  for (let asked = 0; asked < 5000; asked++) server.challenges(false, from)
  expect(server.verdict(client.authorization('REGISTER', 'sip:x', who), 'REGISTER', who, from)).toBe('good')
  // Neither of another server, nor for another sender, whatever the password is.
  const proof = client.authorization('REGISTER', 'sip:x', { ...who, password: 'guess' })
  expect(server.verdict(proof, 'REGISTER', who, '192.0.2.9')).toBe('stale')
  const other = new DigestServer({ realm: 'r', clock: new VirtualClock(), random })
  expect(other.verdict(client.authorization('REGISTER', 'sip:x', who), 'REGISTER', who, from)).toBe('stale')
})

it('takes no count of a nonce twice, also when more nonces were used than it remembers', () => {
  const clock = new VirtualClock()
  const server = new DigestServer({ realm: 'r', clock, random })
  const proofs = Array.from({ length: 2100 }, () => {
    clock.advance(1)
    const client = new DigestClient(random)
    client.learn(server.challenges(false, from))
    return client.authorization('REGISTER', 'sip:x', who)
  })
  expect(proofs.filter((proof) => server.verdict(proof, 'REGISTER', who, from) === 'good')).toHaveLength(2100)
  expect(proofs.filter((proof) => server.verdict(proof, 'REGISTER', who, from) !== 'stale')).toEqual([])
})

it.each(['constructor', '__proto__', 'toString'])('knows no algorithm "%s"', (algorithm) => {
  const server = new DigestServer({ realm: 'r', clock: new VirtualClock(), random })
  const nonce = parseDigest(server.challenges(false, from)[0] ?? '')?.get('nonce') ?? ''
  const value = `Digest username="${who.user}", algorithm=${algorithm}, nonce="${nonce}", response="0"`
  expect(server.verdict(value, 'REGISTER', who, from)).toBe('wrong')
  expect(new DigestClient(random).learn([`Digest realm="r", nonce="n", algorithm=${algorithm}`])).toBe(false)
})
