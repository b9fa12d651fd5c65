// A small JSON file, replaced as a whole: written beside, synced, renamed. After a power cut there is the old or the
// new one.
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Reads the file, or undefined when there is none. Other failures reject. */
export async function readWhole(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Reads the JSON of the file; undefined when there is none. A file that is not JSON is renamed to `.damaged`, and
 * `onDamaged` is called.
 */
export async function readJsonWhole(file: string, onDamaged: (keptAs: string) => void): Promise<unknown> {
  const text = await readWhole(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // The box must start even if a worn card damaged the file.
    const aside = `${file}.damaged`
    await rename(file, aside)
    onDamaged(aside)
    return undefined
  }
}

export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const beside = `${file}.new`
  const handle = await open(beside, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(beside, file)
  // Without it, after a power cut the old name may be back.
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
