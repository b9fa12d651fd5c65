// What the session sees of a connection: a place to put Reports and heartbeats, and how many bytes the machine still holds back.
import type { UpChannel } from '../../protocols/uplink/topics.ts'

export interface Link {
  /**
   * Hands a message to the connection; returns about how many bytes it takes on the wire. Never throws, never blocks. `onTaken`
   * is called once the centre's broker has acknowledged it.
   */
  send(channel: UpChannel, payload: Uint8Array, onTaken?: () => void): number
  /** Bytes that were handed over and did not leave the program yet. */
  queuedBytes(): number
  /** True once the centre lets us hear what it says about pictures; without that none is sent. */
  takesPictures?(): boolean
  /** Messages that went out and that the centre's broker has not acknowledged. */
  unansweredMessages?(): number
}

/** Packs a Report's JSON text for the wire; `isFast` asks for speed rather than size. */
export type Pack = (text: string, isFast: boolean) => Uint8Array
