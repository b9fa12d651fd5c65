// How many connections the uplink takes, of strangers and of boxes.
import type { StrangerGuardLimits } from '../../platform/strangers/stranger-guard.ts'

/**
 * Sockets that have not proven who they are, of all addresses and of one, and those that have. Many boxes may share one
 * address of a mobile network and come back together after an outage.
 *
 * New ones: a handshake with a box costs the centre 1 to 2 ms, so 50 a second of one address take a tenth of one core and 200
 * of all unknown addresses a third. A town whose 300 boxes share one address comes in at once after a power cut; with 3,000,
 * those closed at once try again by themselves, and each that signs in lets another in beyond the 50 a second. 10,000 boxes
 * with addresses of their own that the centre has never seen (it has just been started) need 45 s: 1,000 and 200 a second.
 */
export const uplinkLimits: StrangerGuardLimits = {
  strangers: 2000,
  strangersPerNetwork: 1000,
  newAtOnce: 300,
  newPerSecond: 50,
  newUnknownAtOnce: 1000,
  newUnknownPerSecond: 200,
  firstByteMs: 5000,
  signInMs: 15_000,
  admitted: 25_000,
}

/** Connections that the kernel keeps until they are taken: a full queue costs an honest box a second or more for each try. */
export const backlog = 4096
