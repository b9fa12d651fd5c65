// Events of the session for counters and logs; no decision depends on them.
import type { Lane } from '../../protocols/domain/colour.ts'
import type { Skipped } from '../../protocols/uplink/report.ts'

export type ReceiptRefusal = 'other epoch' | 'above what was written' | 'unreadable'

export interface SessionEvents {
  sent(lane: Lane, report: { records: number; wireBytes: number; isAgain: boolean }): void
  receipted(lane: Lane, records: number): void
  /** The centre has lost this many receipted records. */
  steppedBack(lane: Lane, records: number): void
  receiptRefused(reason: ReceiptRefusal, lane?: Lane): void
  skipped(lane: Lane, skipped: Skipped): void
  /** A part of a picture, or the question how many bytes of it the centre has. */
  pictureSent(wireBytes: number): void
  readFailed(lane: Lane, how: 'empty' | 'error'): void
}
