// Question: which addresses count as one sender, and which belong to a list of networks?
import { describe, expect, it } from 'vitest'
import {
  createNetworkList,
  isNetwork,
  networkOf,
  plainAddress,
  senderAddress,
} from '../../../../platform/strangers/network-address.ts'

describe('the network of an address', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::5:6:7:8', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::10.0.0.1', '64:ff9b:0:0::/64'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network))
})

describe('a list of networks', () => {
  it('takes single addresses and networks of both families, and mapped addresses as what they are', () => {
    const has = createNetworkList(['127.0.0.1', '10.1.0.0/16', 'fd00::/8'])
    expect(['127.0.0.1', '::ffff:10.1.2.3', 'fd12::1'].map(has)).toEqual([true, true, true])
    expect(['127.0.0.2', '10.2.0.1', '::1', 'gone', ''].map(has)).toEqual(Array(5).fill(false))
  })

  it('knows what a network is', () => {
    expect(['10.0.0.0/8', '::1', 'fd00::/8'].map(isNetwork)).toEqual([true, true, true])
    expect(['10.0.0.0/33', '10.0.0/8', 'nginx', '', '::1/129', '10.0.0.0/8/8'].map(isNetwork)).toEqual(
      Array(6).fill(false),
    )
  })

  it('leaves the zone out', () => expect(plainAddress('fe80::1%eth0')).toBe('fe80::1'))
})

describe('the sender of a request', () => {
  const isTrusted = createNetworkList(['127.0.0.1', '10.0.0.0/8'])
  it.each([
    ['is the peer when nothing was forwarded', '203.0.113.5', undefined, '203.0.113.5'],
    [
      'is the peer when the peer is no proxy of ours, whatever it claims',
      '203.0.113.5',
      '10.0.0.1',
      '203.0.113.5',
    ],
    ['is what our proxy saw', '127.0.0.1', '203.0.113.5', '203.0.113.5'],
    [
      'is what our outer proxy saw, not what the sender wrote',
      '127.0.0.1',
      '198.51.100.9, 203.0.113.5, 10.0.0.7',
      '203.0.113.5',
    ],
    ['may carry a port', '127.0.0.1', '203.0.113.5:4711', '203.0.113.5'],
    ['may be IPv6 with a port', '::ffff:127.0.0.1', '[2001:db8::1]:80', '2001:db8::1'],
    ['is the proxy when the header is broken', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['is the inner sender when all are ours', '127.0.0.1', '10.0.0.9', '10.0.0.9'],
  ])('%s', (_, peer, header, sender) => expect(senderAddress(peer, header, isTrusted)).toBe(sender))
})
