// Does a client that is refused without end fill neither the disk nor the places of what people did?
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { refusalsAtOnce, SecurityLog } from '../../../../centre/accounts/security-log.ts'
import type { SecurityEntry } from '../../../../centre/storage/port.ts'
import { VirtualClock } from '../../../../protocols/kit/clock.ts'

function create() {
  const clock = new VirtualClock()
  const stored: SecurityEntry[] = []
  const registry = new Registry()
  const log = new SecurityLog({
    storage: { noteSecurity: async (entries) => void stored.push(...entries) },
    clock,
    logger: pino({ level: 'silent' }),
    registry,
  })
  return { clock, stored, registry, log }
}

it('stores the first refusals of a network, then one per pause with the number of the others, and counts each', async () => {
  const { clock, stored, registry, log } = create()
  const refuse = (address: string, times: number): void => {
    for (let at = 0; at < times; at++) log.note('box-enrolment-refused', '', address, 'bad-request')
  }
  refuse('10.0.0.1', 5000)
  refuse('10.0.0.2', 1)
  clock.advance(10_000)
  refuse('10.0.0.1', 100)
  await log.stop()
  expect(stored).toHaveLength(refusalsAtOnce + 2)
  expect(stored.at(-1)?.detail).toBe(`bad-request (+ ${5000 - refusalsAtOnce})`)
  const metric = await registry.getSingleMetricAsString('gengfu_centre_security_events_total')
  expect(metric).toContain('what="box-enrolment-refused"} 5101')
})

it('keeps every look beside refusals of many networks', async () => {
  const { stored, log } = create()
  for (let at = 0; at < 3000; at++) log.note('sign-in-failed', 'li', `10.1.${at >> 8}.${at & 255}`)
  for (let at = 0; at < 300; at++) log.note('look', 'li', '10.0.0.1', `case ${at}`)
  await log.stop()
  expect(stored.filter(({ what }) => what === 'look')).toHaveLength(300)
  expect(stored.length).toBeLessThanOrEqual(1000)
})
