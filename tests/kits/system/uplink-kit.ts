// Puts an uplink, a memory outbox and a fake centre together for the uplink's system tests.
import pino from 'pino'
import { Registry } from 'prom-client'
import { uplinkSettingsSchema } from '../../../gateway/config/uplink-settings.ts'
import type { UplinkState, Uplink, UplinkOptions } from '../../../gateway/uplink/port.ts'
import { createUplink } from '../../../gateway/uplink/uplink.ts'
import { createSystemClock } from '../../../protocols/kit/clock.ts'
import { createSeededRandom } from '../../../protocols/kit/random.ts'
import { createMemoryOutbox, type MemoryOutbox } from './uplink-memory-outbox.ts'

export const boxId = '320612104201-1'

export interface UplinkUnderTest {
  uplink: Uplink
  outbox: MemoryOutbox
  metrics: Registry
  links: { state: UplinkState; reason?: string | undefined }[]
  stages: unknown[]
  centreTimes: number[]
}

export function createUplinkUnderTest(
  settings: Record<string, unknown>,
  overrides: Partial<UplinkOptions> = {},
): UplinkUnderTest {
  const outbox = createMemoryOutbox()
  const metrics = new Registry()
  const links: UplinkUnderTest['links'] = []
  const stages: unknown[] = []
  const centreTimes: number[] = []
  const uplink = createUplink({
    settings: uplinkSettingsSchema.parse(settings),
    boxId,
    boxName: '上溪村',
    outbox,
    logger: pino({ level: process.env.UPLINK_LOG ?? 'silent' }),
    clock: createSystemClock(),
    random: createSeededRandom(7),
    metrics,
    health: () => ({ boot: 3, sinceBootMs: 5000, clock: 'synced', uptimeMs: 4000, diskFreeBytes: 1e9 }),
    onStage: (notice) => stages.push(notice),
    onLink: (state, reason) => links.push({ state, reason }),
    ...overrides,
  })
  uplink.onCentreTime(({ wallMs }) => centreTimes.push(wallMs))
  return { uplink, outbox, metrics, links, stages, centreTimes }
}

/** A record's body as the journal writes it. */
export function eventBody(
  sequence: number,
  device = 'door-1',
  readings: object = { contact: 'open' },
): string {
  const atMs = 1764000000000 + sequence
  return JSON.stringify({
    type: 'event',
    sequence,
    boot: 3,
    sinceBootMs: 1000 + sequence,
    atMs,
    clock: 'synced',
    device,
    messageId: `7-${sequence}`,
    readings,
  })
}

export function eventBodies(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => eventBody(from + index, `door-${index % 40}`))
}

/** Polls until `isTrue`, at most `withinMs`. */
export async function until(isTrue: () => boolean, withinMs = 15_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}
