// The facts of the box in a heartbeat, besides its lanes.
import type { DeviceBroker } from '../broker/port.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Journal } from '../journal/port.ts'
import type { HeartbeatFacts } from '../uplink/port.ts'
import type { Guard } from '../../protocols/domain/guard.ts'
import type { BoxTime } from '../../protocols/domain/event.ts'
import { diskOf } from './disk-room.ts'
import { HeartbeatGuardState } from './heartbeat-guard-state.ts'

export interface HeartbeatOptions {
  config: GatewayConfig
  broker: DeviceBroker
  journal: Journal
  /** As much of it as a heartbeat has room for. */
  guard: () => Guard
  now: () => BoxTime
  isClockKept: () => boolean
  boot: number
  uptimeMs: () => number
}

export function devicesSeen(
  config: Pick<GatewayConfig, 'devices'>,
  broker: Pick<DeviceBroker, 'sightings'>,
): { known: number; present: number } {
  const sightings = broker.sightings()
  const known = new Set([...config.devices.map(({ id }) => id), ...sightings.map(({ device }) => device)])
  return { known: known.size, present: sightings.filter(({ state }) => state === 'connected').length }
}

export function createHeartbeatFacts(options: HeartbeatOptions): {
  read: () => HeartbeatFacts
  /** Another connection: the centre may have none of it. */
  connected: () => void
} {
  const { config, broker, journal, boot } = options
  const news = new HeartbeatGuardState(options.guard)
  return {
    read: () => {
      const { sinceBootMs, clock } = options.now()
      const guard = news.next()
      return {
        boot,
        sinceBootMs,
        clock,
        uptimeMs: options.uptimeMs(),
        diskFreeBytes: diskOf(config.dataDir).freeBytes,
        devices: devicesSeen(config, broker),
        quarantined: journal.facts().quarantined,
        ...(guard ? { guard } : {}),
        ...(options.isClockKept() ? { isClockKept: true } : {}),
      }
    },
    connected: () => news.forget(),
  }
}
