// A data folder that takes no writes at the start (a card that became read-only, or fails): the box works on a copy in
// memory, stores nothing and reports it, because a call must reach siren and town all the same.
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { codeOf, messageOf } from '../../platform/failure.ts'
import { createFolder } from '../../platform/disk/create-folder.ts'
import type { Clock } from '../../protocols/kit/clock-port.ts'
import type { GatewayConfig } from '../config/config.ts'
import type { Journal } from './port.ts'
import { unwritableJournal } from './unwritable-journal.ts'

/**
 * Largest copy: a service may use 256 MB, and files in memory count. A larger journal is not copied: the box then knows
 * nothing of earlier alarms and sends no backlog, but new calls go up.
 */
export const copyBytesMax = 96 * 1024 * 1024
/** How often the folder is tried while the box works on the copy. */
export const writableProbeMs = 5000
/** Pictures in memory are few: none of them can be announced while records are refused. */
const pictureMegabytesMax = 16
const probeFile = 'write-probe'
const journalFiles = ['journal.db', 'journal.db-wal', 'journal.epoch']
/** Made again where they are missing, or of no use to a program that stores nothing (a new epoch must be stored). */
const leftOut = /^(reserve\.bin|journal\.db-shm|journal\.renew|.+\.(lock|pid))$/

/**
 * Why the folder takes no writes, if it is the fault of the card. Undefined when it takes them, and for other obstacles:
 * a full disk has a reserve, and a wrong path or owner is the installer's to mend.
 */
export function findUnwritable(folder: string): string | undefined {
  try {
    createFolder(folder)
    const file = join(folder, probeFile)
    const descriptor = openSync(file, 'w', 0o600)
    try {
      writeSync(descriptor, 'probe\n')
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    rmSync(file, { force: true })
    return undefined
  } catch (error) {
    const isOther = [
      'ENOSPC',
      'EDQUOT',
      'EACCES',
      'EPERM',
      'EEXIST',
      'ENOTDIR',
      'ENOTSUP',
      'EMFILE',
      'ENFILE',
    ]
    return isOther.includes(codeOf(error)) ? undefined : messageOf(error)
  }
}

export interface MemoryCopy {
  folder: string
  /** Names of files that are not in it. */
  missing: string[]
  remove(): void
}

/** Copies what a start needs of `folder` into a folder in memory, of this box alone. */
export function copyToMemory(folder: string, box: string, places = ['/dev/shm', tmpdir()]): MemoryCopy {
  const copy = makeFolder(`gengfu-memory-${box}-`, places)
  const missing = copyFiles(folder, copy)
  return { folder: copy, missing, remove: () => rmSync(copy, { recursive: true, force: true }) }
}

function makeFolder(prefix: string, places: readonly string[]): string {
  let failure: unknown
  for (const place of places)
    try {
      removeOld(place, prefix)
      return mkdtempSync(join(place, prefix))
    } catch (error) {
      failure = error
    }
  throw failure
}

/** Left by a run that was killed. */
function removeOld(place: string, prefix: string): void {
  for (const name of readdirSync(place))
    if (name.startsWith(prefix) && statSync(join(place, name)).uid === process.getuid?.())
      rmSync(join(place, name), { recursive: true, force: true })
}

function copyFiles(folder: string, copy: string): string[] {
  const missing: string[] = []
  let left = copyBytesMax
  // The parts of the journal belong together: a part without the others would be another state.
  const own = attempt(() => filesOf(folder)) ?? []
  const others = own.filter((name) => !journalFiles.includes(name))
  const journal = own.filter((name) => journalFiles.includes(name))
  for (const group of [...others.map((name) => [name]), journal]) {
    const bytes = attempt(() => group.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0))
    const isCopied =
      bytes !== undefined &&
      bytes <= left &&
      attempt(() => group.map((name) => copyFileSync(join(folder, name), join(copy, name)))) !== undefined
    if (isCopied) left -= bytes
    else for (const name of group) rmSync(join(copy, name), { force: true })
    if (!isCopied) missing.push(...group)
  }
  return missing
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !leftOut.test(entry.name))
    .map(({ name }) => name)

/** A file that can not be read is left out: the box starts without it. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

export interface DataFolder {
  config: GatewayConfig
  wrapJournal?: (journal: Journal) => Journal
  /** Resolves once the configured folder takes writes again: restart the gateway on it. */
  writable: Promise<string>
  /** Removes the copy; the gateway that used it has stopped. */
  close(): void
}

export interface DataFolderOptions {
  config: GatewayConfig
  clock: Clock
  logger: Logger
}

/** The configured folder where it takes writes, or else a copy of it in memory. */
export function openDataFolder({ config, clock, logger }: DataFolderOptions): DataFolder {
  const reason = findUnwritable(config.dataDir)
  if (reason === undefined)
    return { config, writable: new Promise<never>(() => undefined), close: () => undefined }
  const copy = copyToMemory(config.dataDir, config.box.id)
  logger.error(
    { reason, dataDir: config.dataDir, missing: copy.missing },
    'the data folder takes no writes: nothing is stored, and calls go to the centre as not kept at the box',
  )
  let cancel = (): void => undefined
  const writable = new Promise<string>((resolve) => {
    const look = (): void => {
      if (findUnwritable(config.dataDir) === undefined) resolve('the data folder takes writes again')
      else cancel = clock.after(writableProbeMs, look)
    }
    cancel = clock.after(writableProbeMs, look)
  })
  const quotaMegabytes = Math.min(config.pictures.quotaMegabytes, pictureMegabytesMax)
  return {
    config: { ...config, dataDir: copy.folder, pictures: { ...config.pictures, quotaMegabytes } },
    wrapJournal: (journal) => unwritableJournal(journal, reason),
    writable,
    close: () => {
      cancel()
      copy.remove()
    },
  }
}
