// The faults of one life, drawn from its seed, and the planted bugs that prove the checkers.
import { createSeededRandom } from '../../../protocols/kit/random.ts'

/** Chances are per message, per commit or per second, 0 to 1. */
export interface LifeFaults {
  bytesPerSecond: number
  oneWayMs: number
  loseReport: number
  loseReceipt: number
  repeatReceipt: number
  jitterMs: number
  cutPerSecond: number
  boxDiesPerSecond: number
  /** The power fails in the middle of a commit, of the box and of the centre. */
  dieInCommit: number
  centreDiesPerSecond: number
  /** The centre comes back with an older backup. */
  restorePerSecond: number
  commitMsMax: number
  refuseCommit: number
  /** The box's disk is full: receipted records are deleted. */
  evictReceipted: number
  losePuback: number
}

export const noFaults: LifeFaults = {
  bytesPerSecond: 125_000,
  oneWayMs: 20,
  loseReport: 0,
  loseReceipt: 0,
  repeatReceipt: 0,
  jitterMs: 0,
  cutPerSecond: 0,
  boxDiesPerSecond: 0,
  dieInCommit: 0,
  centreDiesPerSecond: 0,
  restorePerSecond: 0,
  commitMsMax: 5,
  refuseCommit: 0,
  evictReceipted: 0,
  losePuback: 0,
}

export function faultsOf(seed: number): LifeFaults {
  const random = createSeededRandom(seed)
  const maybe = (most: number): number => (random.next() < 0.5 ? 0 : random.next() * most)
  return {
    bytesPerSecond: random.pick([600, 1200, 8000, 125_000, 2_000_000]),
    oneWayMs: random.pick([1, 20, 150, 600]),
    loseReport: maybe(0.7),
    loseReceipt: maybe(0.7),
    repeatReceipt: maybe(1),
    jitterMs: maybe(2000),
    cutPerSecond: maybe(0.2),
    boxDiesPerSecond: maybe(0.1),
    dieInCommit: maybe(0.03),
    centreDiesPerSecond: maybe(0.1),
    restorePerSecond: maybe(0.05),
    commitMsMax: random.pick([2, 5, 40]),
    refuseCommit: maybe(0.1),
    evictReceipted: maybe(0.3),
    losePuback: maybe(0.4),
  }
}

/** Each is a plausible mistake in the program; a life with one must end in a broken promise. */
export const canaries = {
  'acks-early': 'the device is answered before its event is on disk',
  'tears-commits': 'a commit that death interrupts leaves half of itself on disk',
  'waits-for-company': 'red waits for the commit window like routine',
  'hears-of-red-late': 'the uplink is told late of what was committed in red',
  'settles-when-sent': 'a record counts as receipted once it was sent',
  'receipts-early': 'the centre receipts before it commits',
  'forgets-what-it-has': 'the centre starts without knowing what it stored',
  'never-steps-back': 'the box does not send again what an older backup has lost',
  'hides-gaps': 'the box does not declare what it no longer has',
  'forgets-alarms': 'the box starts without the alarms that stood',
  'forgets-repeats': 'the box starts without the message ids it heard',
} as const
export type Canary = keyof typeof canaries

/** Rare faults that a planted bug needs to show within a few lives. */
export const provoking: Partial<Record<Canary, Partial<LifeFaults>>> = {
  'tears-commits': { dieInCommit: 0.05 },
  'never-steps-back': { restorePerSecond: 0.1 },
  'hides-gaps': { restorePerSecond: 0.1, evictReceipted: 0.3, losePuback: 0 },
}

/** A broken promise found by a checker. */
export class BrokenPromise extends Error {}
