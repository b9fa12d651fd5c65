// Question: does a request count as one of our own page only when it is, and are only our own proxies trusted?
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { RequestSender } from '../../../../centre/accounts/request-sender.ts'

const request = (remoteAddress: string, headers: Record<string, string>) =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage
const plain = new RequestSender({ trustedProxies: ['127.0.0.1'], isTls: false })
const tls = new RequestSender({ trustedProxies: [], isTls: true })

describe('a page of our own', () => {
  it.each([
    ['without origin: no page at all', plain, '10.0.0.5', { host: 'desk:8080' }, true],
    [
      'with our scheme, host and port',
      plain,
      '10.0.0.5',
      { host: 'desk:8080', origin: 'http://desk:8080' },
      true,
    ],
    ['with another port', plain, '10.0.0.5', { host: 'desk:8080', origin: 'http://desk:3000' }, false],
    ['with another scheme', tls, '10.0.0.5', { host: 'desk', origin: 'http://desk' }, false],
    ['over TLS', tls, '10.0.0.5', { host: 'desk:443', origin: 'https://desk' }, true],
    ['without scheme', plain, '10.0.0.5', { host: 'desk', origin: 'null' }, false],
    ['without host', plain, '10.0.0.5', { origin: 'http://desk' }, false],
    ['with a host that is none', plain, '10.0.0.5', { host: 'a b', origin: 'http://desk' }, false],
    [
      'of the same site but not of us',
      plain,
      '10.0.0.5',
      { host: 'desk', 'sec-fetch-site': 'same-site' },
      false,
    ],
    ['of another site', plain, '10.0.0.5', { host: 'desk', 'sec-fetch-site': 'cross-site' }, false],
    ['of ourselves', plain, '10.0.0.5', { host: 'desk', 'sec-fetch-site': 'same-origin' }, true],
    ['typed by a person', plain, '10.0.0.5', { host: 'desk', 'sec-fetch-site': 'none' }, true],
    [
      'behind our proxy that ends TLS',
      plain,
      '127.0.0.1',
      { host: 'desk', 'x-forwarded-proto': 'https', origin: 'https://desk' },
      true,
    ],
    [
      'behind our proxy that names the host apart',
      plain,
      '127.0.0.1',
      { host: 'x', 'x-forwarded-host': 'desk', origin: 'http://desk' },
      true,
    ],
    [
      'behind a proxy that is not ours',
      plain,
      '10.0.0.5',
      { host: 'desk', 'x-forwarded-proto': 'https', origin: 'https://desk' },
      false,
    ],
  ])('%s', (_, sender, address, headers, isOwn) =>
    expect(sender.isOwnPage(request(address, headers as Record<string, string>))).toBe(isOwn),
  )
})

it('trusts X-Forwarded-For of our proxies only', () => {
  const headers = { 'x-forwarded-for': '203.0.113.5' }
  expect(plain.addressOf(request('127.0.0.1', headers))).toBe('203.0.113.5')
  expect(plain.addressOf(request('10.0.0.5', headers))).toBe('10.0.0.5')
  expect([plain.isProxied(request('127.0.0.1', headers)), plain.isProxied(request('127.0.0.1', {}))]).toEqual(
    [true, false],
  )
})
