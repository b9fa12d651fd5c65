// Question: can a client that guesses passwords, or sends a crowd of sign-ins, keep an honest person out?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { findPasswordFault } from '../../../../centre/accounts/bad-passwords.ts'
import { DeviceCookies, deviceLifeMs } from '../../../../centre/accounts/device-cookie.ts'
import {
  HashQueue,
  waitingMax,
  waitingPerNetworkMax,
  type HashJob,
} from '../../../../centre/accounts/hash-queue.ts'
import { failuresMax, LoginLimit, type Guess } from '../../../../centre/accounts/login-limit.ts'
import { SecondFactor } from '../../../../centre/accounts/second-factor.ts'
import { SecurityLog } from '../../../../centre/accounts/security-log.ts'
import { Sessions } from '../../../../centre/accounts/sessions.ts'
import { SignIn } from '../../../../centre/accounts/sign-in.ts'
import type { PasswordRow, SecurityEntry, Storage } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../../protocols/kit/random.ts'

describe('the limit of guesses', () => {
  const create = () => {
    const clock = new VirtualClock()
    return { clock, limit: new LoginLimit(clock) }
  }
  const fail = (limit: LoginLimit, count: number, guess: (i: number) => Guess) => {
    for (let i = 0; i < count; i++) limit.fail(guess(i))
  }

  it('refuses the sixth wrong guess at one user from one network within five minutes', () => {
    const { clock, limit } = create()
    fail(limit, failuresMax.pair, () => ({ address: '2001:db8::1', user: 'li' }))
    expect(limit.isAllowed({ address: '2001:db8::2', user: 'li' })).toBe(false)
    expect(limit.isAllowed({ address: '2001:db8:0:1::2', user: 'li' })).toBe(true)
    clock.advance(5 * 60_000)
    expect(limit.isAllowed({ address: '2001:db8::2', user: 'li' })).toBe(true)
  })

  it('counts no right sign-in', () => {
    const { limit } = create()
    const guess = { address: '10.0.0.1', user: 'li' }
    for (let i = 0; i < 100; i++) limit.succeed(guess)
    expect(limit.isAllowed(guess)).toBe(true)
  })

  it('lets a user in from a clean network while many others guess', () => {
    const { limit } = create()
    fail(limit, failuresMax.user + 5, (i) => ({ address: `10.0.8.${i % 11}`, user: 'li' }))
    expect(limit.isAllowed({ address: '10.0.7.9', user: 'li' })).toBe(true)
    // One with an earlier failure must wait.
    fail(limit, 1, () => ({ address: '10.0.7.9', user: 'li' }))
    expect(limit.isAllowed({ address: '10.0.7.9', user: 'li' })).toBe(false)
  })

  it('lets a user in who has signed in from there, or on this browser, however many guess', () => {
    const { limit } = create()
    limit.succeed({ address: '10.0.7.9', user: 'li' })
    fail(limit, failuresMax.userFresh, (i) => ({ address: `10.0.${i}.1`, user: 'li' }))
    expect(limit.isAllowed({ address: '10.0.7.8', user: 'li' })).toBe(false)
    expect(limit.isAllowed({ address: '10.0.7.9', user: 'li' })).toBe(true)
    expect(limit.isAllowed({ address: '10.0.7.8', user: 'li', browser: 'b' })).toBe(true)
    fail(limit, failuresMax.browser, () => ({ address: '10.0.7.8', user: 'li', browser: 'b' }))
    expect(limit.isAllowed({ address: '10.0.7.8', user: 'li', browser: 'b' })).toBe(false)
  })

  it('refuses one network that tries many users, but not at once those it has not failed for', () => {
    const { limit } = create()
    fail(limit, failuresMax.network, (i) => ({ address: '10.0.0.1', user: `user-${i}` }))
    expect(limit.isAllowed({ address: '10.0.0.1', user: 'li' })).toBe(true)
    expect(limit.isAllowed({ address: '10.0.0.1', user: 'user-1' })).toBe(false)
    fail(limit, failuresMax.networkFresh - failuresMax.network, (i) => ({
      address: '10.0.0.1',
      user: `more-${i}`,
    }))
    expect(limit.isAllowed({ address: '10.0.0.1', user: 'li' })).toBe(false)
    limit.succeed({ address: '10.0.0.1', user: 'own' })
    expect(limit.isAllowed({ address: '10.0.0.1', user: 'li' })).toBe(false)
    expect(limit.isAllowed({ address: '10.0.0.2', user: 'li' })).toBe(true)
  })
})

describe('the queue of hashes', () => {
  function crowd() {
    const queue = new HashQueue()
    const order: string[] = []
    const open: (() => void)[] = []
    const enter = (network: string, more: Partial<HashJob<string>> = {}): Promise<string> =>
      queue.run({
        network,
        key: `${network} ${order.length} ${Math.random()}`,
        isKnown: false,
        isGone: () => false,
        work: () => {
          order.push(network)
          return new Promise((resolve) => open.push(() => resolve(network)))
        },
        ...more,
      })
    const finish = async () => {
      // The work begins after the queue has answered.
      await new Promise((resolve) => setImmediate(resolve))
      for (let next = open.shift(); next; next = open.shift()) {
        next()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    return { queue, order, enter, finish }
  }

  it('serves an honest address next, whatever a crowd of one address or of many sends', async () => {
    const { order, enter, finish } = crowd()
    const ofOne = Array.from({ length: 60 }, () => enter('10.0.0.1'))
    const ofMany = Array.from({ length: 100 }, (_, i) => enter(`10.1.0.${i}`))
    const honest = enter('10.9.9.9')
    await finish()
    expect(await honest).toBe('10.9.9.9')
    expect(order.indexOf('10.9.9.9')).toBeLessThan(4)
    const answers = await Promise.all([...ofOne, ...ofMany])
    expect(answers.filter((answer) => answer === '10.0.0.1').length).toBeLessThan(waitingPerNetworkMax + 3)
    expect(answers.filter((answer) => answer !== 'busy').length).toBeLessThanOrEqual(waitingMax + 3)
  })

  it('serves known browsers first, and those who hung up not at all', async () => {
    const { order, enter, finish } = crowd()
    const all = [
      enter('a'),
      enter('b'),
      enter('c'),
      enter('gone', { isGone: () => true }),
      enter('known', { isKnown: true }),
    ]
    await finish()
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'gone', 'known'])
    expect(order).toEqual(['a', 'b', 'known', 'c'])
  })

  it('runs jobs of one key one after the other', async () => {
    const { order, enter, finish } = crowd()
    const all = [enter('a', { key: 'same' }), enter('a', { key: 'same' }), enter('b')]
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).toEqual(['a', 'b'])
    await finish()
    expect(await Promise.all(all)).toEqual(['a', 'a', 'b'])
  })
})

describe('the cookie of a known browser', () => {
  it('proves one user, one password and six months, and nothing else', () => {
    const clock = new VirtualClock()
    const devices = new DeviceCookies({ key: 'k', clock, random: createSeededRandom(1) })
    const cookie = devices.issue('li', 'salt')
    expect(devices.check(cookie, 'li', 'salt')).toMatch(/^[0-9a-f]{16}$/)
    expect(devices.check(cookie, 'wang', 'salt')).toBeUndefined()
    expect(devices.check(cookie, 'li', 'other salt')).toBeUndefined()
    const other = new DeviceCookies({ key: 'other', clock, random: createSeededRandom(1) })
    expect(other.check(cookie, 'li', 'salt')).toBeUndefined()
    for (const broken of [
      undefined,
      '',
      'x',
      cookie.slice(1),
      `${cookie}0`,
      cookie.replace(/\.\d+\./, '.9999999999999.'),
    ])
      expect(devices.check(broken, 'li', 'salt')).toBeUndefined()
    clock.advance(deviceLifeMs)
    expect(devices.check(cookie, 'li', 'salt')).toBeUndefined()
  })
})

it.each([
  ['li', '1234567', 'too-short'],
  ['li', 'x'.repeat(257), 'too-long'],
  ['li', '13812345678', 'digits-alone'],
  ['li', '1990-01-01', 'digits-alone'],
  ['li', 'Password1!', 'common'],
  ['li', 'P@ssw0rd2026', 'common'],
  ['li', 'admin123', 'common'],
  ['li', 'adminadmin', 'common'],
  ['li', 'Gengfu2026', 'common'],
  ['li', 'woaini520', 'common'],
  ['li', 'qwertyui', 'common'],
  ['li', 'abcdefghij', 'common'],
  ['li', 'aaaaaaaab', 'common'],
  ['li', 'lililili', 'own-name'],
  ['wangmin', 'xWangMin77', 'own-name'],
  ['li', 'three-lamps-by-the-river', undefined],
  ['li', '石桥村的三盏灯亮着', undefined],
  ['li', '93f2a1c07be4d5518a6b', undefined],
])('for %s the password %s is %s', (user, password, fault) => {
  expect(findPasswordFault(user, password)).toBe(fault)
})

describe('a sign-in', () => {
  function create() {
    const clock = new VirtualClock()
    const random = createSeededRandom(7)
    const entries: SecurityEntry[] = []
    const row = { user: 'li', role: 'operator' as const, salt: 's', hash: 'h' }
    const storage = {
      password: async (user: string) => (user === 'li' ? row : undefined),
      putToken: async () => undefined,
      factor: async () => undefined,
      noteSecurity: async (some: SecurityEntry[]) => void entries.push(...some),
    } as unknown as Storage
    const registry = new Registry()
    const log = new SecurityLog({ storage, clock, logger: pino({ level: 'silent' }), registry })
    // The hash itself takes a tenth of a second; everything else is real.
    const sessions = new (class extends Sessions {
      override isPassword = async (found: PasswordRow | undefined, password: string): Promise<boolean> =>
        found !== undefined && password === 'right'
    })({ storage, clock, random })
    const devices = new DeviceCookies({ key: 'k', clock, random })
    const secondFactor = new SecondFactor({ storage, clock, random })
    const signIn = new SignIn({
      storage,
      sessions,
      devices,
      log,
      secondFactor,
      needsSecondFactor: () => false,
      clock,
      registry,
    })
    const attempt = (password: string, more: object = {}) =>
      signIn.signIn({
        user: 'li',
        password,
        address: '10.0.0.1',
        deviceCookie: undefined,
        isGone: () => false,
        ...more,
      })
    return { attempt, log, entries, clock }
  }

  it('counts guesses that come at once, throttles them, and writes down what happened', async () => {
    const { attempt, log, entries } = create()
    const wrong = await Promise.all(Array.from({ length: 8 }, () => attempt('wrong')))
    expect(wrong.filter(({ type }) => type === 'wrong')).toHaveLength(failuresMax.pair)
    expect(wrong.filter(({ type }) => type === 'throttled')).toHaveLength(3)
    expect((await attempt('right')).type).toBe('throttled')
    expect((await attempt('right', { address: '10.0.0.2', user: 'li' })).type).toBe('done')
    await log.stop()
    expect(entries.map(({ what }) => what)).toEqual([
      ...Array(failuresMax.pair).fill('sign-in-failed'),
      'sign-in-throttled',
      'sign-in',
    ])
  })

  it('gives the browser a cookie that passes the throttle', async () => {
    const { attempt } = create()
    const first = await attempt('right')
    const deviceCookie = first.type === 'done' ? first.deviceCookie : ''
    for (let i = 0; i < failuresMax.pair; i++) await attempt('wrong')
    expect((await attempt('right')).type).toBe('throttled')
    expect((await attempt('right', { deviceCookie })).type).toBe('done')
  })

  it('hashes nothing for those who hung up, and keeps control characters out of the log', async () => {
    const { attempt, log, entries } = create()
    await attempt('wrong', { isGone: () => true })
    await attempt('wrong', { user: 'a\u001b[2J\u202e' })
    await log.stop()
    expect(entries.map(({ who }) => who)).toEqual(['a?[2J?'])
  })
})
