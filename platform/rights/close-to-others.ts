// Files that only their owner may read, on file systems that have owners and modes: FAT and many network shares have none and refuse the call.
import { chmodSync } from 'node:fs'
import { codeOf } from '../failure.ts'

const refusals = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'])

/** Whether this failure means that the file system does not know the operation. */
export const isNotKnownThere = (error: unknown): boolean => refusals.has(codeOf(error))

/** False where the file system has no modes: who may read the file is then decided by its mount. */
export function closeToOthers(path: string): boolean {
  try {
    chmodSync(path, 0o600)
    return true
  } catch (error) {
    if (isNotKnownThere(error)) return false
    throw error
  }
}
