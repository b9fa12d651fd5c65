// Does the watchdog learn of an uplink that is frozen, and not of one that is slow or has no link?
import { expect, it } from 'vitest'
import { frozenAfterMs, isLinkMoving } from '../../../../gateway/uplink/moving-link.ts'
import type { UplinkState } from '../../../../gateway/uplink/port.ts'

const settings = { connectSeconds: 15, retrySecondsMax: 60 }
const nowMs = 1_000_000
const moving = (state: UplinkState, ago: { ticked?: number; since?: number; attempt?: number }): boolean => {
  const { ticked = 1000, since = 1000, attempt = since } = ago
  const times = { tickedMs: nowMs - ticked, sinceMs: nowMs - since, attemptAtMs: nowMs - attempt }
  return isLinkMoving(state, times, settings, nowMs)
}

it('goes on with a link of days, an attempt that may still succeed, and a pause between attempts', () => {
  expect(moving('up', { since: 1e9 })).toBe(true)
  expect(moving('deaf', { since: 1e9 })).toBe(true)
  expect(moving('connecting', { attempt: 15_000 })).toBe(true)
  expect(moving('down', { since: 60_000 })).toBe(true)
})

it('is frozen when its timer stands still, an attempt never ends, or no attempt follows', () => {
  expect(moving('up', { ticked: frozenAfterMs + 1 })).toBe(false)
  expect(moving('connecting', { attempt: 15_000 + frozenAfterMs + 1 })).toBe(false)
  expect(moving('down', { since: 60_000 + frozenAfterMs + 1 })).toBe(false)
})
