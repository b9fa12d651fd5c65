// Reads the small JSON files of the cameras; `replaceFile` writes them.
import { readFile, rename } from 'node:fs/promises'

/** Reads the file, or undefined when there is none. Other failures reject. */
export async function readTextFile(file: string): Promise<string | undefined> {
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
export async function readJsonFile(file: string, onDamaged: (keptAs: string) => void): Promise<unknown> {
  const text = await readTextFile(file)
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
