// Connection limits of the uplink, for strangers and for boxes.
import type { StrangerGuardLimits } from '../../platform/strangers/stranger-guard.ts'

/**
 * Sockets that are not authenticated, of all addresses and of one, and authenticated ones. Many boxes may share one
 * address of a mobile network and return together after an outage. New ones: a handshake with a box costs the centre 1
 * to 2 ms, so 50 per second of one address take a tenth of one core and 200 of all unknown addresses a third. A town
 * whose 300 boxes share one address connects at once after a power cut; with 3,000, closed ones try again by
 * themselves, and each that signs in admits another beyond the 50 per second. 10,000 boxes with separate addresses
 * unknown to the centre (just started) need 45 s: 1,000 and 200 per second. Those above the rate wait for a
 * turn, as at the desk.
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
  waiting: 4000,
}

/**
 * Connections that the kernel queues until they are accepted: a full queue delays an honest box by a second or more per
 * attempt.
 */
export const backlog = 4096
