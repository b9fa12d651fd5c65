// Makes a backup of a running centre: first the database, then the pictures that it lists.
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isNotKnownThere } from '../../../platform/rights/close-to-others.ts'
import { isBoxId } from '../../../protocols/domain/names.ts'
import { copyDatabase } from '../sqlite/database-copy.ts'
import {
  attachmentsName,
  backupsIn,
  databaseName,
  headsName,
  manifestName,
  nameOfBackup,
  picturesName,
  readManifest,
  sha256Of,
  unfinishedEnding,
  type Manifest,
} from './backup-folder.ts'

export interface BackupOptions {
  /** The centre's database and its data folder. */
  file: string
  dataDir: string
  /** The folder for backups, preferably on another disk. */
  to: string
  /** Older backups above this number are deleted. */
  keep: number
  nowMs: number
  /** Called while pictures are copied. */
  onProgress?: (copied: number, of: number) => void
}

export interface BackupDone {
  folder: string
  manifest: Manifest
  copiedPictures: number
  deleted: string[]
}

const pictureFile = /^[0-9a-f]{64}\.jpg$/
const attachmentFile = /^[0-9a-f]{64}$/
const attachmentFolder = /^[0-9a-f]{2}$/

/** Throws when a file can not be copied; the unfinished folder then has the suffix `.unfinished` and is no backup. */
export async function makeBackup(options: BackupOptions): Promise<BackupDone> {
  const { file, dataDir, to, keep, nowMs } = options
  const folder = join(to, nameOfBackup(nowMs))
  const work = folder + unfinishedEnding
  if (existsSync(folder)) throw new Error(`${folder} exists already`)
  await mkdir(to, { recursive: true, mode: 0o700 })
  await dropUnfinished(to)
  await mkdir(work, { mode: 0o700 })
  const database = join(work, databaseName)
  const facts = copyDatabase(file, database)
  // Pictures after the database: each picture in the copy existed before it, unless its term ended in the meantime.
  const pictures = await picturesUnder(join(dataDir, picturesName))
  const attachments = await attachmentsUnder(join(dataDir, attachmentsName))
  const copiedPictures = await copyPictures(
    join(dataDir, picturesName),
    join(to, picturesName),
    pictures,
    options.onProgress,
  )
  await copyPictures(join(dataDir, attachmentsName), join(to, attachmentsName), attachments)
  const heads = join(dataDir, headsName)
  if (existsSync(heads)) await copyFile(heads, join(work, headsName))
  const manifest: Manifest = {
    format: 1,
    atMs: Math.round(nowMs),
    schema: facts.schema,
    databaseBytes: (await stat(database)).size,
    databaseSha256: await sha256Of(database),
    rows: facts.rows,
    auditHead: facts.head,
    pictures,
    attachments,
  }
  await writeFile(join(work, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o600,
    flush: true,
  })
  await syncFolder(work)
  await rename(work, folder)
  await syncFolder(to)
  return { folder, manifest, copiedPictures, deleted: await dropOld(to, keep) }
}

const picturesUnder = (folder: string): Promise<string[]> => filesUnder(folder, isBoxId, pictureFile)
const attachmentsUnder = (folder: string): Promise<string[]> =>
  filesUnder(folder, (name) => attachmentFolder.test(name), attachmentFile)

async function filesUnder(
  folder: string,
  isInner: (name: string) => boolean,
  file: RegExp,
): Promise<string[]> {
  if (!existsSync(folder)) return []
  const found: string[] = []
  for (const inner of (await readdir(folder)).filter(isInner).sort())
    for (const name of (await readdir(join(folder, inner))).filter((one) => file.test(one)).sort())
      found.push(`${inner}/${name}`)
  return found
}

/** Copies those that are missing; returns their number. A hard link needs no space if both are on one disk. */
export async function copyPictures(
  from: string,
  to: string,
  pictures: readonly string[],
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<number> {
  let copied = 0
  for (const [i, picture] of pictures.entries()) {
    if (i % 500 === 0) onProgress(i, pictures.length)
    const target = join(to, picture)
    if (existsSync(target)) continue
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    const isThere = await link(join(from, picture), target).then(
      () => true,
      (error: unknown) => isGone(error),
    )
    if (!isThere) await copyWhole(join(from, picture), target)
    copied++
  }
  return copied
}

/** A picture whose term ended during the backup is not missing. */
const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}${unfinishedEnding}`
  try {
    await copyFile(from, part)
  } catch (error) {
    if (isGone(error)) return
    throw error
  }
  await sync(part, 'r+')
  await rename(part, to)
}

/** Some shares can not sync a folder: the files in it are synced by themselves. */
const syncFolder = (folder: string): Promise<void> =>
  sync(folder, 'r').catch((error: unknown) => {
    if (!isNotKnownThere(error)) throw error
  })

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The rest of an interrupted backup. */
async function dropUnfinished(to: string): Promise<void> {
  for (const name of await readdir(to))
    if (/^centre-\d{8}T\d{6}Z\.unfinished$/.test(name))
      await rm(join(to, name), { recursive: true, force: true })
}

/** Deletes the oldest backups above `keep`, and the pictures that no backup uses any more. */
async function dropOld(to: string, keep: number): Promise<string[]> {
  const all = backupsIn(to)
  const old = all.slice(0, Math.max(0, all.length - keep))
  for (const name of old) await rm(join(to, name), { recursive: true, force: true })
  if (old.length === 0) return []
  const manifests = backupsIn(to).map((name) => readManifest(join(to, name)))
  // If one manifest can not be read, no picture is known to be unused.
  if (manifests.some((manifest) => manifest === undefined)) return old
  const named = new Set(manifests.flatMap((one) => [...(one?.pictures ?? []), ...(one?.attachments ?? [])]))
  for (const picture of await picturesUnder(join(to, picturesName)))
    if (!named.has(picture)) await rm(join(to, picturesName, picture), { force: true })
  for (const attachment of await attachmentsUnder(join(to, attachmentsName)))
    if (!named.has(attachment)) await rm(join(to, attachmentsName, attachment), { force: true })
  return old.map((name) => basename(name))
}
