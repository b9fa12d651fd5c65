// Puts a backup in the place of a centre's data. The old data is moved aside and never deleted.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { placeDatabase } from '../sqlite/database-copy.ts'
import {
  attachmentsName,
  databaseName,
  headsName,
  nameOfBackup,
  picturesName,
  plainFile,
  readManifest,
} from './backup-folder.ts'
import { copyPictures } from './make-backup.ts'

export interface RestoreOptions {
  backup: string
  file: string
  dataDir: string
  nowMs: number
  onProgress?: (copied: number, of: number) => void
}

export interface Restored {
  /** The new path of the old database; undefined when there was none. */
  movedTo: string | undefined
  pictures: number
}

/** The centre must not run: the caller holds the lock of the data folder. */
export async function restoreBackup({
  backup,
  file,
  dataDir,
  nowMs,
  onProgress,
}: RestoreOptions): Promise<Restored> {
  const manifest = readManifest(backup)
  if (!manifest) throw new Error(`${backup} has no readable manifest.json`)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const movedTo = existsSync(file)
    ? `${file}.before-${nameOfBackup(nowMs).slice('centre-'.length)}`
    : undefined
  if (movedTo !== undefined)
    for (const rest of ['', '-wal', '-shm'])
      if (existsSync(file + rest)) await rename(file + rest, movedTo + rest)
  // Under another name until it is complete: after a power cut no partial database is there for a start.
  const part = `${file}.part`
  placeDatabase(join(backup, databaseName), part)
  await rename(part, file)
  const heads = join(backup, headsName)
  if (plainFile(heads) && !existsSync(join(dataDir, headsName)))
    await copyFile(heads, join(dataDir, headsName))
  const pictures = await copyPictures(
    join(dirname(backup), picturesName),
    join(dataDir, picturesName),
    manifest.pictures,
    onProgress,
  )
  await copyPictures(
    join(dirname(backup), attachmentsName),
    join(dataDir, attachmentsName),
    manifest.attachments,
  )
  return { movedTo, pictures }
}
