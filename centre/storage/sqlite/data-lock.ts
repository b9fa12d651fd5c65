// One centre per data folder.
import { lockFolder } from '../../../platform/disk/folder-lock.ts'
import { StorageFailure } from '../storage-failure.ts'

/** Takes the folder, or throws StorageFailure `in-use` naming the process that has it. Returns the release. */
export const lockDataDir = (dataDir: string): (() => void) =>
  lockFolder({
    folder: dataDir,
    name: 'centre',
    taken: (holder, cause) =>
      new StorageFailure(
        'in-use',
        `${dataDir} is in use by another centre, process ${holder}: stop it first, or choose another dataDir`,
        cause,
      ),
  })
