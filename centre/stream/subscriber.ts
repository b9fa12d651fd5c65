// One open stream of a desk or a program.
import type { Account, StoredChange } from '../storage/port.ts'
import type { Channel } from './channel.ts'
import { maySee } from './may-see.ts'
import { isWanted, type StreamFilter } from './stream-filter.ts'

export interface Subscriber {
  channel: Channel
  token: string
  account: Account
  filter: StreamFilter
  /** Undefined once live; until then the changes pushed in the meantime. */
  held: StoredChange[] | undefined
  /** It has everything up to here from the database: of several centres, this one may hear of it later. */
  caughtUpTo: number
  /** It answers a ping. */
  isAnswering: boolean
  isAlive: boolean
}

export interface SignedIn {
  token: string
  account: Account
}

export const hears = ({ account, filter }: Subscriber, change: StoredChange): boolean =>
  maySee(account, change) && isWanted(filter, change)
