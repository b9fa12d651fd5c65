// An Event is an immutable fact about a device: its sender, message id, readings, and the time at which the box
// received it.
import type { Readings } from './reading.ts'

/**
 * How far the box's wall time can be trusted. `unsynced`: the clock was never set since boot; `synced`: set by
 * NTP or the centre; `repaired`: taken unsynced, corrected later from boot number and milliseconds since boot.
 */
export const clockQualities = ['unsynced', 'synced', 'repaired'] as const
export type ClockQuality = (typeof clockQualities)[number]

/** The time of an event, with its quality, because a box may have no battery clock. */
export interface BoxTime {
  /** Counts the boots of the box, from 1. */
  boot: number
  /** Milliseconds since that boot, on a clock that never steps. */
  sinceBootMs: number
  /** Wall time in ms since 1970, as exact as `clock` shows. */
  atMs: number
  clock: ClockQuality
}

/** A part of a device's message that could not be read: its place, its beginning, and its error. */
export interface SetAside {
  /** Name of the reading, `id` or `at`; empty for a part that belongs to no value. */
  path: string
  value: string
  reason: string
}

/** A device's message, decoded. `messageId` is the device's own; repeats carry the same one. */
export interface DeviceEvent {
  device: string
  messageId: string
  readings: Readings
  /** The device's own clock, ms since 1970: stored, never used for order. */
  deviceAtMs?: number
  /** The invalid parts of the message; absent if there were none. */
  setAside?: readonly SetAside[]
}
