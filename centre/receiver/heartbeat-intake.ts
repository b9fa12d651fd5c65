// Handles a heartbeat: the box counts as present, its lanes are compared, and a Receipt is sent when one is due.
import { parseHeartbeat } from '../../protocols/uplink/codec.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import { HeartbeatCheck, type HeartbeatCheckOptions } from './heartbeat-check.ts'

export interface HeartbeatIntakeOptions extends HeartbeatCheckOptions {
  onHeard: (box: string, heartbeat: Heartbeat) => void
  sendReceipt: (box: string, epoch: string) => void
  /** Whether the time in a Receipt is worth having for a box that has none. */
  isClockKept: () => boolean
}

export class HeartbeatIntake {
  readonly #options: HeartbeatIntakeOptions
  readonly #check: HeartbeatCheck
  /** By box: the epoch of its last heartbeat. Boxes are admitted by name, so there are no more entries than boxes. */
  readonly #epochs = new Map<string, string>()
  /** Boxes that have connected and wait for the answer to their first heartbeat: their Reports may wait for it. */
  readonly #greeted = new Set<string>()

  constructor(options: HeartbeatIntakeOptions) {
    this.#options = options
    this.#check = new HeartbeatCheck(options)
  }

  take(box: string, payload: Uint8Array): void {
    if (!this.#check.takes(box)) return
    const heartbeat = parseHeartbeat(payload)
    if (!heartbeat.ok) {
      this.#check.countUnreadable(box)
      return
    }
    const { onHeard, sendReceipt, isClockKept } = this.#options
    onHeard(box, heartbeat.value)
    const { epoch, clock } = heartbeat.value
    this.#epochs.set(box, epoch)
    const isFirst = this.#greeted.delete(box)
    const isTimeOwed = clock === 'unsynced' && isClockKept()
    if (this.#check.isReceiptOwed(box, heartbeat.value) || isFirst || isTimeOwed) sendReceipt(box, epoch)
  }

  /** The box has subscribed to Receipts. Its heartbeat may have arrived before this. */
  subscribed(box: string): void {
    const { core, sendReceipt } = this.#options
    const epoch = this.#epochs.get(box) ?? core.latestEpoch(box)
    if (epoch !== undefined) sendReceipt(box, epoch)
    this.#greeted.add(box)
  }
}
