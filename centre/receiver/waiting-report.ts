// A Report that waits for its commit.
import type { UpChannel } from '../../protocols/uplink/topics.ts'
import type { QuarantineEntry } from '../storage/port.ts'
import type { ArrivedReport } from './receiver-core.ts'

/** The received bytes, until they are decompressed. */
export interface Packed {
  channel: UpChannel
  payload: Uint8Array
}

export interface Waiting {
  box: string
  topic: string
  packed: Packed | undefined
  arrived: ArrivedReport | undefined
  unreadable: QuarantineEntry | undefined
  bytes: number
  /** Characters of the bodies, once decompressed. */
  chars: number
  /** In plain records; decompresses if needed. */
  weight: () => number
  split?: (weightMax: number) => Waiting | undefined
  /** Of a part of it that is no longer here. */
  failure: Error | undefined
  done: (error?: Error) => void
}

const nothing = {
  topic: '',
  packed: undefined,
  arrived: undefined,
  unreadable: undefined,
  bytes: 0,
  chars: 0,
  failure: undefined,
}

export const charsOf = ({ bodies }: ArrivedReport): number =>
  bodies.reduce((sum, body) => sum + body.length, 0)

/** Queued behind everything that a box has in a queue. */
export const createEnd = (box: string, done: () => void): Waiting => ({
  box,
  ...nothing,
  weight: () => 0,
  done,
})
