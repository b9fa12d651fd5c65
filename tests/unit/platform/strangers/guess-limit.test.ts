// Is guessing delayed, and does it affect no other client?
import { expect, it } from 'vitest'
import {
  GuessLimit,
  guessesPerAddressFreshMax,
  guessesPerAddressMax,
  guessesPerNameMax,
} from '../../../../platform/strangers/guess-limit.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

it('looks at no more passwords of a name from an address once many were wrong, until a pause is over', () => {
  const clock = new VirtualClock()
  const limit = new GuessLimit(clock)
  for (let i = 0; i < guessesPerNameMax; i++) {
    expect(limit.allows('box-a', '192.0.2.1')).toBe(true)
    limit.note('box-a', '192.0.2.1')
  }
  expect(limit.allows('box-a', '192.0.2.1')).toBe(false)
  expect(limit.allows('box-a', '::ffff:192.0.2.1')).toBe(false)
  expect([limit.allows('box-b', '192.0.2.1'), limit.allows('box-a', '192.0.2.2')]).toEqual([true, true])
  clock.advance(10_000)
  expect(limit.allows('box-a', '192.0.2.1')).toBe(true)
})

it('counts one /64 as one address, and an address for all names together', () => {
  const clock = new VirtualClock()
  const limit = new GuessLimit(clock)
  for (let i = 0; i < guessesPerAddressMax; i++) limit.note(`box-${i}`, `2001:db8::${i.toString(16)}`)
  expect(limit.allows('box-1', '2001:db8::1')).toBe(false)
  expect(limit.allows('box-new', '2001:db8::1')).toBe(true)
  for (let i = guessesPerAddressMax; i < guessesPerAddressFreshMax; i++)
    limit.note(`box-${i}`, `2001:db8::${i.toString(16)}`)
  expect(limit.allows('box-new', '2001:db8:0:0:ffff::1')).toBe(false)
  expect(limit.allows('box-new', '2001:db8:0:1::1')).toBe(true)
})
