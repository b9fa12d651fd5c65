// An Event is an immutable fact about a device: who, which message, what it read, and when the box heard it.
import type { Readings } from './reading.ts'

/**
 * How far the box's wall time can be trusted. `unsynced`: the clock was never set since boot; `synced`: set by
 * NTP or the centre; `repaired`: taken unsynced, corrected later from boot number and milliseconds since boot.
 */
export const clockQualities = ['unsynced', 'synced', 'repaired'] as const
export type ClockQuality = (typeof clockQualities)[number]

/** When something happened, as honestly as a box without a battery clock can say it. */
export interface BoxTime {
  /** Counts the boots of the box, from 1. */
  boot: number
  /** Milliseconds since that boot, on a clock that never steps. */
  sinceBootMs: number
  /** Wall time in ms since 1970, as good as `clock` says. */
  atMs: number
  clock: ClockQuality
}

/** A piece of a device's message that could not be read, beside the good that was: where, its beginning, and what is wrong with it. */
export interface SetAside {
  /** Name of the reading, `id` or `at`; empty for what belongs to no value. */
  path: string
  value: string
  reason: string
}

/** What a device said, decoded. `messageId` is the device's own; repeats carry the same one. */
export interface DeviceEvent {
  device: string
  messageId: string
  readings: Readings
  /** The device's own clock, ms since 1970: kept, never trusted for order. */
  deviceAtMs?: number
  /** What was bad in the message; absent where nothing was. */
  setAside?: readonly SetAside[]
}
