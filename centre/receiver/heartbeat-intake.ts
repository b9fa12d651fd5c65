// What a heartbeat leads to: the box is heard, its lanes are compared, and a Receipt is sent when one is owed.
import { parseHeartbeat } from '../../protocols/uplink/codec.ts'
import type { Heartbeat } from '../../protocols/uplink/heartbeat.ts'
import { HeartbeatCheck, type HeartbeatCheckOptions } from './heartbeat-check.ts'

export interface HeartbeatIntakeOptions extends HeartbeatCheckOptions {
  onHeard: (box: string, heartbeat: Heartbeat) => void
  sendReceipt: (box: string, epoch: string) => void
}

export class HeartbeatIntake {
  readonly #options: HeartbeatIntakeOptions
  readonly #check: HeartbeatCheck

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
    const { onHeard, sendReceipt } = this.#options
    onHeard(box, heartbeat.value)
    if (this.#check.isReceiptOwed(box, heartbeat.value)) sendReceipt(box, heartbeat.value.epoch)
  }
}
