// Removes a box for good from the list: its silence is no alarm any more, and the trail records who removed it and why.
import type { Logger } from 'pino'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { Villages } from './villages.ts'

export interface RetireOptions {
  storage: Pick<Storage, 'retireBox'>
  clock: Clock
  logger: Logger
  villages: Pick<Villages, 'presenceOf' | 'retire'>
  silent: (box: string, isSilent: boolean) => void
  onStored: (changes: StoredChange[]) => void
}

/** `heard`: not done, because the box still sends. */
export type RetireOutcome = 'retired' | 'heard' | 'unknown'

/** Refuses while the box sends: it would be listed again with its next heartbeat. */
export function createRetire({ storage, clock, logger, villages, silent, onStored }: RetireOptions) {
  return async (box: string, by: string, why: string): Promise<RetireOutcome> => {
    const presence = villages.presenceOf(box)
    if (presence === undefined) return 'unknown'
    if (presence === 'present' || presence === 'late') return 'heard'
    const changes = await storage.retireBox(box, by, why, clock.wallMs())
    if (!changes) return 'unknown'
    villages.retire(box)
    silent(box, false)
    logger.warn({ box, by, why }, 'a box was retired')
    onStored(changes)
    return 'retired'
  }
}
