// Finds insecure settings: the part that gateway and centre share. Both programs still start, and warn about each
// setting.
import { statSync } from 'node:fs'
import type { Problem } from '../../protocols/kit/result.ts'

/** A file that the configuration names, under its key. */
export interface NamedFile {
  path: string
  file: string
  /** A key, a password or a token; a certificate or a list is none. */
  isSecret: boolean
}

/** Keys of files without a secret. Every other key that ends in `File` counts as a secret, a new one too. */
const publicKeys: ReadonlySet<string> = new Set([
  'caFile',
  'certFile',
  'revokedFile',
  'admittedFile',
  'mappingFile',
])

/** Public keys of minisign. */
const publicPaths: ReadonlySet<string> = new Set(['updates.keyFile'])

export const isSecretFileKey = (key: string): boolean => key.endsWith('File') && !publicKeys.has(key)

/** Every file of a configuration whose key ends in `File`, at any depth. */
export function namedFilesOf(config: unknown, path = ''): NamedFile[] {
  if (typeof config !== 'object' || config === null) return []
  return Object.entries(config).flatMap(([key, inner]: [string, unknown]): NamedFile[] => {
    const here = path === '' ? key : `${path}.${key}`
    if (!key.endsWith('File') || typeof inner !== 'string') return namedFilesOf(inner, here)
    return [{ path: here, file: inner, isSecret: isSecretFileKey(key) && !publicPaths.has(here) }]
  })
}

export const secretFilesOf = (config: unknown): NamedFile[] =>
  namedFilesOf(config).filter(({ isSecret }) => isSecret)

/** Secret files that every user of this machine may read or write, and public ones that every user may write. */
export function openFiles(files: readonly NamedFile[]): Problem[] {
  return files.flatMap(({ path, file, isSecret }): Problem[] => {
    const mode = modeOf(file)
    if (isSecret && (mode & 0o007) !== 0)
      return [
        {
          path,
          message: `every user of this machine may use ${file}: chmod o= ${file} 其他用户可读取该文件`,
        },
      ]
    // An authority or a list of revoked certificates that anyone may change admits anyone.
    if ((mode & 0o002) !== 0)
      return [
        {
          path,
          message: `every user of this machine may change ${file}: chmod o-w ${file} 其他用户可改写该文件`,
        },
      ]
    return []
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
