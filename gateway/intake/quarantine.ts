// A message that can not be decoded, in the form that is stored for the maintainer and shown to people.
import { printable } from '../../protocols/domain/plain-text.ts'
import type { QuarantineRow } from '../journal/port.ts'

const quarantinedBytesMax = 8192
const problemLengthMax = 500
/** Bytes of it that people see. */
const excerptBytesMax = 80

export interface Message {
  device: string
  topic: string
  payload: Uint8Array
  /** The payload, if it is plain ASCII and already text. */
  text?: string | undefined
}

export function quarantineRow(
  { device, topic, payload }: Message,
  problem: string,
  atMs: number,
): QuarantineRow {
  return {
    atMs,
    device,
    topic,
    problem: problem.slice(0, problemLengthMax),
    payload: payload.slice(0, quarantinedBytesMax),
  }
}

/** The first bytes in a form that any page can show: UTF-8 where valid, dots for unprintable bytes. */
export function excerptOf(payload: Uint8Array): string {
  return printable(new TextDecoder().decode(payload.subarray(0, excerptBytesMax)))
}
