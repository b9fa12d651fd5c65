// One gateway per data folder.
import { lockFolder } from '../../platform/disk/folder-lock.ts'
import { JournalError } from './port.ts'

/** Takes the folder's lock or throws LOCKED naming the holder; the returned function releases it. */
export const lockJournal = (folder: string): (() => void) =>
  lockFolder({
    folder,
    name: 'gateway',
    taken: (holder) =>
      new JournalError(
        'LOCKED',
        `another gateway (process ${holder}) already uses ${folder}: stop it first, or give this one its own dataDir`,
      ),
  })
