// Takes a box that is gone for good off the list: its silence is no alarm any more, and the trail says who said so and why.
import type { Logger } from 'pino'
import { ApiProblem } from '../api/problems.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { Storage, StoredChange } from '../storage/port.ts'
import type { SilenceWatch } from './silence-watch.ts'
import type { Villages } from './villages.ts'

export interface RetireOptions {
  storage: Pick<Storage, 'retireBox'>
  clock: Clock
  logger: Logger
  villages: Pick<Villages, 'presenceOf' | 'retire'>
  silence: Pick<SilenceWatch, 'note'>
  onStored: (changes: StoredChange[]) => void
}

/** Refuses while the box is heard: it would be back with its next heartbeat. */
export function createRetire({ storage, clock, logger, villages, silence, onStored }: RetireOptions) {
  return async (box: string, by: string, why: string): Promise<void> => {
    const presence = villages.presenceOf(box)
    if (presence === undefined) throw new ApiProblem('not-found', box)
    if (presence === 'present' || presence === 'late') throw new ApiProblem('box-present')
    const changes = await storage.retireBox(box, by, why, clock.wallMs())
    if (!changes) throw new ApiProblem('not-found', box)
    villages.retire(box)
    silence.note(box, false)
    logger.warn({ box, by, why }, 'a box was retired')
    onStored(changes)
  }
}
