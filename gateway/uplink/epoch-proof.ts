// Whether the journal's epoch may be gone on with: the centre may hold more of it than this folder ever sent, because the folder
// went back to an earlier state. Then new records would bear numbers that stand for others there, and be taken for repeats.
import type { Lane } from '../../protocols/domain/colour.ts'
import { lanes } from '../../protocols/domain/colour.ts'
import type { LaneReceipt, Receipt } from '../../protocols/uplink/receipt.ts'

/** Reports wait so long on a connection for the centre's first word, where red or orange waits too, and otherwise. */
export const urgentProofMs = 5000
export const proofMs = 10_000

export interface EpochProofOptions {
  /** How far each lane was when this folder last sent anything; undefined: nothing is to be proven. */
  unproven: Record<Lane, number> | undefined
  /** Notes on disk that records above are sent from now on; calls back in any case. */
  prove: (done: () => void) => void
  /** The folder went back; calls back with false when no new epoch may begin yet. */
  wentBack: (reason: string, done: (isTaken: boolean) => void) => void | Promise<void>
  onProven: () => void
}

export class EpochProof {
  readonly #options: EpochProofOptions
  #isOpen: boolean
  #isBusy = false
  /** Known to have gone back, and no new epoch may begin yet: Reports go, so that the centre hears the calls, and nothing is settled. */
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

  /** A Receipt for this epoch. False: it speaks of records that are not ours, and settles nothing. */
  hear(receipt: Receipt): boolean {
    const { unproven } = this.#options
    const isUnproven = !this.#isOpen || this.#isRefused
    const newer = receipt.newerEpoch === true ? 'the centre knows a newer epoch of this box' : undefined
    const excess = isUnproven && unproven ? (newer ?? excessIn(receipt, unproven)) : undefined
    const reason = excess ?? conflictIn(receipt) ?? (this.#isRefused ? 'as before' : undefined)
    if (reason !== undefined) {
      this.goBack(reason)
      return false
    }
    this.#open()
    return true
  }

  /** A centre of an older program does not answer when it has never heard of this epoch. */
  tick(nowMs: number, isUrgent: boolean): void {
    if (this.#isOpen || this.#sinceMs === undefined) return
    if (nowMs - this.#sinceMs >= (isUrgent ? urgentProofMs : proofMs)) this.#open()
  }

  /** The centre has what was never written here. */
  goBack(reason: string): void {
    if (this.#isBusy) return
    this.#isBusy = true
    void this.#options.wentBack(reason, (isTaken) => {
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

/** The highest number that the centre speaks of: holes lie below numbers that it has. */
const highestOf = ({ storedTo, missing }: LaneReceipt): number =>
  Math.max(storedTo, ...missing.map(([, to]) => to + 1))

function excessIn({ lanes: said }: Receipt, unproven: Record<Lane, number>): string | undefined {
  for (const lane of lanes) {
    const stored = said[lane]
    if (stored && highestOf(stored) > unproven[lane])
      return `the centre has ${lane} ${highestOf(stored)}, sent from here was at most ${unproven[lane]}`
  }
  return undefined
}

function conflictIn({ lanes: said }: Receipt): string | undefined {
  for (const lane of lanes) {
    const conflict = said[lane]?.conflict
    if (conflict !== undefined) return `the centre has another record as ${lane} ${conflict}`
  }
  return undefined
}
