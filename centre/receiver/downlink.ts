// The way down to boxes, for the parts that answer them: the broker attaches itself here when it starts.
import { encodeJson } from '../../protocols/uplink/codec.ts'
import type { PictureReceipt } from '../../protocols/uplink/picture-receipt.ts'
import type { AuditHead, Receipt } from '../../protocols/uplink/receipt.ts'
import type { StageNotice } from '../../protocols/uplink/stage-notice.ts'
import type { DownChannel } from '../../protocols/uplink/topics.ts'
import type { PendingStage } from '../storage/port.ts'
import type { ReceiverCore } from './receiver-core.ts'

export interface BoxSessions {
  canReach(box: string, channel: DownChannel): boolean
  /** False when the box has no session, or too much waits for it. */
  publish(box: string, channel: DownChannel, payload: Uint8Array, qos: 0 | 1): boolean
}

export interface DownlinkOptions {
  core: Pick<ReceiverCore, 'receipt'>
  wallMs: () => number
  /** False while no service sets this machine's clock: boxes get this fact, and compare its time with their own. */
  isClockKept: () => boolean
}

export class Downlink {
  readonly #options: DownlinkOptions
  #audit: AuditHead | undefined
  /** The head that each box got last. Boxes are admitted by name, so there are no more entries than boxes. */
  readonly #auditOfBox = new Map<string, string>()
  #sessions: BoxSessions | undefined

  constructor(options: DownlinkOptions) {
    this.#options = options
  }

  /** Before it, every box counts as unreachable. */
  attach(sessions: BoxSessions): void {
    this.#sessions = sessions
  }

  canReach(box: string): boolean {
    return this.#sessions?.canReach(box, 'command') ?? false
  }

  sendCommand(box: string, payload: Uint8Array): boolean {
    return this.#sessions?.publish(box, 'command', payload, 1) ?? false
  }

  /** The trail was verified up to this head: each box gets it with its next Receipt. */
  anchor(audit: AuditHead): void {
    this.#audit = audit
  }

  sendReceipt(box: string, epoch: string): void {
    const { core, wallMs, isClockKept } = this.#options
    const receipt = core.receipt(box, epoch, wallMs())
    const audit = this.#auditOfBox.get(box) === this.#audit?.head ? undefined : this.#audit
    const message: Receipt = {
      ...receipt,
      ...(isClockKept() ? {} : { isClockKept: false }),
      ...(audit ? { audit } : {}),
    }
    const isSent = this.#sessions?.publish(box, 'receipt', encodeJson(message), 0) ?? false
    if (isSent && audit) this.#auditOfBox.set(box, audit.head)
  }

  sendPictureReceipt(box: string, receipt: PictureReceipt): void {
    this.#sessions?.publish(box, 'picture', encodeJson(receipt), 0)
  }

  sendStage(box: string, { alarm, stage, by, atMs }: PendingStage): void {
    const notice: StageNotice = { v: 1, alarm, stage, ...(by === undefined ? {} : { by }), atMs }
    this.#sessions?.publish(box, 'stage', encodeJson(notice), 1)
  }
}
