// Checks that the journal's epoch may continue. If the data folder was restored to an earlier state, the centre has
// records of this epoch that the folder no longer has. New records would then get numbers that other records already
// have at the centre, and the centre would treat the new records as repeats.
import { type Lane, lanes } from '../../protocols/domain/colour.ts'
import type { LaneReceipt, Receipt } from '../../protocols/uplink/receipt.ts'

/** How long Reports wait on a connection for the centre's first answer: while a red or orange record waits, and otherwise. */
export const urgentProofMs = 5000
export const proofMs = 10_000

export interface EpochProofOptions {
  /** The last number of each lane that can have been sent from this folder; undefined: there is nothing to check. */
  unproven: Record<Lane, number> | undefined
  /** Stores that records with higher numbers are sent from now on; the callback is called in any case. */
  prove: (done: () => void) => void
  /** The folder was restored to an earlier state; the callback gets false when a new epoch may not begin yet. */
  onRollback: (reason: string, done: (isTaken: boolean) => void) => void | Promise<void>
  onProven: () => void
}

export class EpochProof {
  readonly #options: EpochProofOptions
  #isOpen: boolean
  #isBusy = false
  /**
   * The folder was restored to an earlier state and a new epoch may not begin yet: Reports are sent, so that calls reach the centre, but no
   * Receipt settles them.
   */
  #isRefused = false
  #sinceMs: number | undefined

  constructor(options: EpochProofOptions) {
    this.#options = options
    this.#isOpen = options.unproven === undefined
  }

  /** Reports may be sent. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  linkUp(nowMs: number): void {
    this.#sinceMs = nowMs
  }

  linkDown(): void {
    this.#sinceMs = undefined
  }

  /** A Receipt for this epoch. False: it concerns records that this folder never sent, and settles nothing. */
  hear(receipt: Receipt): boolean {
    const { unproven } = this.#options
    const isUnproven = !this.#isOpen || this.#isRefused
    const newer = receipt.newerEpoch === true ? 'the centre knows a newer epoch of this box' : undefined
    const excess = isUnproven && unproven ? (newer ?? excessIn(receipt, unproven)) : undefined
    const reason = excess ?? conflictIn(receipt) ?? (this.#isRefused ? 'as before' : undefined)
    if (reason !== undefined) {
      this.reportRollback(reason)
      return false
    }
    this.#open()
    return true
  }

  /** A centre with an older version does not answer about an epoch that it does not know. */
  tick(nowMs: number, isUrgent: boolean): void {
    if (this.#isOpen || this.#sinceMs === undefined) return
    if (nowMs - this.#sinceMs >= (isUrgent ? urgentProofMs : proofMs)) this.#open()
  }

  /** The centre has records that this folder does not have. */
  reportRollback(reason: string): void {
    if (this.#isBusy) return
    this.#isBusy = true
    void this.#options.onRollback(reason, (isTaken) => {
      if (isTaken) return
      this.#isBusy = false
      this.#isRefused = true
      this.#open()
    })
  }

  #open(): void {
    if (this.#isOpen || this.#isBusy) return
    this.#isBusy = true
    this.#options.prove(() => {
      this.#isBusy = false
      this.#isOpen = true
      this.#options.onProven()
    })
  }
}

/** The highest number that the centre has: every missing range is below such a number. */
const highestOf = ({ storedTo, missing }: LaneReceipt): number =>
  Math.max(storedTo, ...missing.map(([, to]) => to + 1))

function excessIn({ lanes: receipts }: Receipt, unproven: Record<Lane, number>): string | undefined {
  for (const lane of lanes) {
    const stored = receipts[lane]
    if (stored && highestOf(stored) > unproven[lane])
      return `the centre has ${lane} ${highestOf(stored)}, this folder sent at most ${unproven[lane]}`
  }
  return undefined
}

function conflictIn({ lanes: receipts }: Receipt): string | undefined {
  for (const lane of lanes) {
    const conflict = receipts[lane]?.conflict
    if (conflict !== undefined) return `the centre has another record as ${lane} ${conflict}`
  }
  return undefined
}
