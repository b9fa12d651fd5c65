// The layout of a backup folder: one folder per backup with the database and a manifest, and beside them the pictures
// of all backups, each stored once, because a picture never changes.
import { createHash } from 'node:crypto'
import {
  accessSync,
  constants,
  createReadStream,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

export const databaseName = 'centre.db'
export const manifestName = 'manifest.json'
export const headsName = 'audit-heads.jsonl'
export const picturesName = 'pictures'
export const attachmentsName = 'attachments'
/** An unfinished folder: without a manifest it is no backup. */
export const unfinishedEnding = '.unfinished'

/** Three million pictures. */
const manifestBytesMax = 256 * 1024 * 1024

const backupName = /^centre-\d{8}T\d{6}Z$/
/** A manifest has one line per picture. */
const manifestSchema = z.strictObject({
  format: z.literal(1),
  /** ms since 1970. */
  atMs: z.number(),
  schema: z.number(),
  databaseBytes: z.number(),
  databaseSha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.record(z.string().max(100), z.number()),
  auditHead: z.string().max(100),
  /** `box/sha256.jpg`. */
  pictures: z.array(z.string().regex(/^[a-z0-9-]{1,64}\/[0-9a-f]{64}\.jpg$/)),
  /** `ab/sha256`; none in a backup of an older program. */
  attachments: z.array(z.string().regex(/^[0-9a-f]{2}\/[0-9a-f]{64}$/)).default([]),
})

export type Manifest = z.infer<typeof manifestSchema>

/** `centre-20261130T060000Z`: sorts by time. */
export function nameOfBackup(atMs: number): string {
  const time = new Date(atMs).toISOString()
  return `centre-${time.slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** Finished backups in `folder`, the oldest first. */
export function backupsIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => backupName.test(name) && existsSync(join(folder, name, manifestName)))
    .sort()
}

/**
 * Undefined when it is no file of its own. Others may write to the disk of the backups: a link, a pipe or a device in the
 * place of a file would be read without end, or bring a file of elsewhere into the data.
 */
export function plainFile(path: string): Stats | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true ? found : undefined
}

/** Undefined when there is none or it cannot be read. */
export function readManifest(backup: string): Manifest | undefined {
  const file = join(backup, manifestName)
  try {
    if ((plainFile(file)?.size ?? Infinity) > manifestBytesMax) return undefined
    return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(file)) hash.update(part as Buffer)
  return hash.digest('hex')
}

/** The folder for backups, or the first folder of a backup in it, that this process may not change; undefined if there is none. */
export function closedFolderIn(to: string): string | undefined {
  if (!existsSync(to)) return undefined
  if (!mayChange(to)) return to
  const isOurs = (name: string): boolean =>
    backupName.test(name.replace(unfinishedEnding, '')) || name === picturesName || name === attachmentsName
  const ours = readdirSync(to).filter(isOurs)
  return ours.map((name) => join(to, name)).find((path) => !mayChange(path))
}

function mayChange(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
