// The connection as the session sees it: it takes Reports and heartbeats, and reports how many bytes the machine
// still holds.
import type { UpChannel } from '../../protocols/uplink/topics.ts'

export interface Link {
  /**
   * Hands a message to the connection; returns roughly its bytes on the wire. Never throws, never blocks. `onTaken`
   * is called when the centre's broker has acknowledged the message.
   */
  send(channel: UpChannel, payload: Uint8Array, onTaken?: () => void): number
  /** Bytes that were handed over and have not left the program. */
  queuedBytes(): number
  /** True once the centre has granted the subscription to picture answers; without it no picture is sent. */
  takesPictures?(): boolean
  /** Messages that were sent and not yet acknowledged by the centre's broker. */
  unansweredMessages?(): number
}

/** Compresses a Report's JSON text for the wire; `isFast` prefers speed to size. */
export type CompressText = (text: string, isFast: boolean) => Uint8Array
