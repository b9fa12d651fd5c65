// Writes entries of the password file so that a power cut leaves the old file or the new one, never half of either.
import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDeviceId } from '../../../protocols/domain/names.ts'

/** The file's text; empty when there is no file yet. */
export async function readPasswordFile(file: string): Promise<string> {
  try {
    // A Windows editor puts a byte order mark in front: it is not part of the first device's name.
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Sets the hash of `device` (from `hashPassword`), or takes the device out when `hash` is undefined. One writer at a time. */
export async function writePasswordEntry(
  file: string,
  device: string,
  hash: string | undefined,
): Promise<void> {
  if (!isDeviceId(device)) throw new RangeError('not a device id')
  const kept = (await readPasswordFile(file)).split('\n').filter((line) => !line.startsWith(`${device}:`))
  while (kept.at(-1) === '') kept.pop()
  if (hash !== undefined) kept.push(`${device}:${hash}`)
  await replace(file, kept.map((line) => `${line}\n`).join(''))
}
