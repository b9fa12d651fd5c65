// The free space of the disk under a folder.
import { statfsSync } from 'node:fs'

export function diskOf(folder: string): { freeBytes: number; totalBytes: number } {
  const { bsize, bavail, blocks } = statfsSync(folder)
  return { freeBytes: bsize * bavail, totalBytes: bsize * blocks }
}
