// A small JSON file replaced as a whole: written beside, synced, renamed; so that a power cut leaves the old or the new one.
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

/** Reads the JSON of the file; undefined when there is none. What is no JSON is put aside as `.damaged`, and `onDamaged` told. */
export async function readJsonWhole(file: string, onDamaged: (keptAs: string) => void): Promise<unknown> {
  const text = await readWhole(file)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // The box has to start whatever a worn card made of it.
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
  // Without it a power cut may bring the old name back.
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
