// Writes entries of the password file so that after a power cut the file is the old or the new one, never a part of
// either.
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import { lstat, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDeviceId } from '../../../protocols/domain/names.ts'

/** The file's text; empty when there is no file yet. */
export async function readPasswordFile(file: string): Promise<string> {
  try {
    // A Windows editor adds a byte order mark: it is not part of the first device's name.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

interface Owner {
  uid: number
  gid: number
  mode: number
}

/** Owner and mode of the existing file, or those that root needs for the folder's group. */
async function ownerOf(file: string): Promise<Owner> {
  const found = await lstat(file).catch(() => undefined)
  if (found?.isSymbolicLink())
    throw new Error(`${file} is a link: name the file itself 这是链接，请填写实际文件`)
  if (found) return { uid: found.uid, gid: found.gid, mode: found.mode & 0o770 }
  const { uid, gid } = await stat(dirname(file))
  return { uid, gid, mode: uid === 0 && gid !== 0 ? 0o640 : 0o600 }
}

async function replace(file: string, text: string): Promise<void> {
  const { uid, gid, mode } = await ownerOf(file)
  // Root writes it, the service reads it.
  const owner = process.getuid?.() === 0 ? { uid, gid } : undefined
  await replaceFile(file, text, { mode, owner })
}

/** Sets and removes (null) many at once, in one replacement of the file. */
export async function writePasswordEntries(
  file: string,
  hashes: Readonly<Record<string, string | null>>,
): Promise<void> {
  const wrong = Object.keys(hashes).find((device) => !isDeviceId(device))
  if (wrong !== undefined) throw new RangeError('not a device id')
  await ownerOf(file)
  const isOther = (line: string): boolean =>
    !Object.hasOwn(hashes, line.slice(0, Math.max(0, line.indexOf(':'))))
  const lines = (await readPasswordFile(file)).split('\n').filter(isOther)
  while (lines.at(-1) === '') lines.pop()
  for (const [device, hash] of Object.entries(hashes)) if (hash !== null) lines.push(`${device}:${hash}`)
  await replace(file, lines.map((line) => `${line}\n`).join(''))
}

/**
 * Sets the hash of `device` (from `hashPassword`), or removes the device when `hash` is undefined. One writer at a
 * time.
 */
export async function writePasswordEntry(
  file: string,
  device: string,
  hash: string | undefined,
): Promise<void> {
  if (!isDeviceId(device)) throw new RangeError('not a device id')
  await ownerOf(file)
  const kept = (await readPasswordFile(file)).split('\n').filter((line) => !line.startsWith(`${device}:`))
  while (kept.at(-1) === '') kept.pop()
  if (hash !== undefined) kept.push(`${device}:${hash}`)
  await replace(file, kept.map((line) => `${line}\n`).join(''))
}
