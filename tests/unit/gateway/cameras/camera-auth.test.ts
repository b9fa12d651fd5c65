// Signing in at cameras: digests as in the standard, and as in inexact cameras.
import { describe, expect, it } from 'vitest'
import { CameraAuth, parseChallenges } from '../../../../gateway/cameras/talk/http/http-auth.ts'
import { createSeededRandom, type Random } from '../../../../protocols/kit/random.ts'

// RFC 7616 section 3.9.1: its own example, both algorithms.
const rfcChallenge = (algorithm: string): string =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
const rfcRandom: Random = {
  ...createSeededRandom(1),
  hex: () => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}

function auth(options: Partial<ConstructorParameters<typeof CameraAuth>[0]> = {}): CameraAuth {
  return new CameraAuth({
    user: 'Mufasa',
    password: 'Circle of Life',
    mode: 'auto',
    random: rfcRandom,
    ...options,
  })
}

describe('digest sign-in', () => {
  it('gives the response of RFC 7616 for MD5 and SHA-256, and takes SHA-256 where both are offered', () => {
    const md5 = auth()
    expect(md5.learn([rfcChallenge('MD5')])).toBe(true)
    expect(md5.authorization('GET', '/dir/index.html', '')).toContain(
      'response="8ca523f5e9506fed4657c9700eebdbec"',
    )
    const both = auth()
    expect(both.learn([rfcChallenge('MD5'), rfcChallenge('SHA-256')])).toBe(true)
    expect(both.authorization('GET', '/dir/index.html', '')).toContain(
      'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
    )
  })

  it('counts the uses of a nonce and starts again with a new one', () => {
    const one = auth()
    one.learn([rfcChallenge('MD5')])
    expect(one.authorization('GET', '/', '')).toContain('nc=00000001')
    expect(one.authorization('GET', '/', '')).toContain('nc=00000002')
    one.learn([rfcChallenge('MD5')])
    expect(one.authorization('GET', '/', '')).toContain('nc=00000001')
  })

  it('sends basic only when nothing better is offered, and never when digest is insisted on', () => {
    const basic = auth()
    basic.learn(['Basic realm="x"', rfcChallenge('MD5')])
    expect(basic.scheme).toBe('digest')
    basic.learn(['Basic realm="x"'])
    expect(basic.authorization('GET', '/', '')).toBe('Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl')
    expect(auth({ mode: 'digest' }).learn(['Basic realm="x"'])).toBe(false)
  })

  it('does not answer what it does not know', () => {
    for (const value of [
      '',
      'Negotiate',
      'Bearer x="y"',
      'Digest realm="x"',
      'Digest nonce="n", algorithm=WHIRLPOOL',
    ]) {
      expect(auth().learn([value])).toBe(false)
    }
  })
})

describe('reading of challenges', () => {
  it('keeps "=" at the end of a nonce, commas and scheme names inside quotes, and several schemes of one header', () => {
    expect(
      parseChallenges([
        'Basic realm="a, Digest b", Digest realm="c \\"d\\"", nonce="abc==", qop=auth , stale=FALSE',
      ]),
    ).toEqual([
      { scheme: 'basic', parameters: { realm: 'a, Digest b' } },
      { scheme: 'digest', parameters: { realm: 'c "d"', nonce: 'abc==', qop: 'auth', stale: 'FALSE' } },
    ])
  })
})
