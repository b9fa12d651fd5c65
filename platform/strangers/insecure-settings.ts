// Finds insecure settings: the part that gateway and centre share. Both programs still start, and warn about each
// setting.
import { statSync } from 'node:fs'
import type { Problem } from '../../protocols/kit/result.ts'

/** A file of keys, passwords or tokens, under its key. */
export type SecretFile = readonly [path: string, file: string | undefined]

/** Secret files that every user of this machine may read or write. */
export function openFiles(files: readonly SecretFile[]): Problem[] {
  return files.flatMap(([path, file]) => {
    const mode = file === undefined ? 0 : modeOf(file)
    if ((mode & 0o007) === 0) return []
    return [
      { path, message: `every user of this machine may use ${file}: chmod o= ${file} 其他用户可读取该文件` },
    ]
  })
}

function modeOf(file: string): number {
  try {
    return statSync(file).mode
  } catch {
    // A missing or unreadable file is reported elsewhere.
    return 0
  }
}
