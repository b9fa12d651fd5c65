// Makes a folder and those above it. `mkdirSync` with `recursive` never returns on Node 20 where a file system answers ENOENT to every new folder
// (/proc): a path mistyped into it would hang the start without a word.
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../failure.ts'

/** Throws with the code ENOTDIR where a file stands in the way, and ENOTSUP where no folder can be made. */
export function createFolder(folder: string, mode = 0o700): void {
  if (isFolder(folder)) return
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Another program has made it meanwhile.
    if (isFolder(folder)) return
    if (codeOf(error) !== 'ENOENT') throw error
    const above = dirname(folder)
    if (isFolder(above)) throw noFolders(folder, above, error)
    createFolder(above, mode)
    createFolder(folder, mode)
  }
}

function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found && !found.isDirectory())
    throw Object.assign(new Error(`ENOTDIR: ${path} is a file, and a folder is needed there`), {
      code: 'ENOTDIR',
    })
  return found !== undefined
}

const noFolders = (folder: string, above: string, cause: unknown): Error =>
  Object.assign(new Error(`ENOTSUP: ${folder} can not be made: ${above} takes no folders`, { cause }), {
    code: 'ENOTSUP',
  })
