// The folder of pictures and files. Several centres over one database share one: a file that one of them stored must be found by all.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'
import type { Storage } from '../storage/port.ts'

/** Holds the name that the database has for the folder. */
const markName = '.town-folder'

export interface TownFolderOptions {
  /** Others may have the same database. */
  isClustered: boolean
  folder: string
  storage: Pick<Storage, 'keepSecret'>
  logger: Logger
}

/**
 * False when the database knows another folder: this centre has a folder of its own, or the shared one is not mounted. A file that is missing
 * here is not lost then. The centre works on: alarms do not need the folder.
 */
export async function isTownFolder({
  isClustered,
  folder,
  storage,
  logger,
}: TownFolderOptions): Promise<boolean> {
  if (!isClustered) return true
  const file = join(folder, markName)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const found = (await readFile(file, 'utf8').catch(() => '')).trim()
    const mine = found === '' ? randomUUID() : found
    const known = await storage.keepSecret('files-folder', mine)
    if (known === mine && found === '') replaceFileSync(file, `${mine}\n`, 0o600)
    if (known !== mine)
      logger.error(
        { folder },
        'another folder has the pictures and files of this town: mount one folder at all centres and name it in storage.sharedDir',
      )
    return known === mine
  } catch (error) {
    logger.error({ err: error, folder }, 'the folder of pictures and files can not be checked')
    return false
  }
}
