// Which hosts only this machine can reach?
import { expect, it } from 'vitest'
import { isLoopback } from '../../../platform/loopback.ts'

it.each(['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', '::ffff:127.0.0.1'])(
  '%s is of this machine',
  (host) => expect(isLoopback(host)).toBe(true),
)

it.each([
  undefined,
  '',
  '0.0.0.0',
  '::',
  '128.0.0.1',
  '127.0.0.1.example.org',
  '::ffff:10.0.0.1',
  'localhost.example',
])('%s may be reached from elsewhere', (host) => expect(isLoopback(host)).toBe(false))
