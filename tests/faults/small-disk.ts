// A small real file system for tests: ext4 in a file, mounted on a loop device, removed with the test.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  folder: string
  /** The file with the disk's bytes: a power cut would leave a copy of it. */
  image: string
  remove(): void
}

export function createSmallDisk(megabytes: number): SmallDisk {
  const base = mkdtempSync(join(tmpdir(), 'gengfu-disk-'))
  const image = join(base, 'disk.img')
  const mountPoint = join(base, 'mount')
  mkdirSync(mountPoint)
  writeFileSync(image, '')
  truncateSync(image, megabytes * 1024 * 1024)
  execFileSync('mkfs.ext4', ['-q', '-m', '0', '-F', image])
  return { folder: mountPoint, image, remove: mountImage(image, mountPoint, base) }
}

/** Mounts an image; the returned function unmounts it and removes `base`. */
export function mountImage(image: string, mountPoint: string, base: string): () => void {
  mkdirSync(mountPoint, { recursive: true })
  execFileSync('mount', ['-o', 'loop,data=ordered', image, mountPoint])
  return () => {
    execFileSync('umount', [mountPoint])
    rmSync(base, { recursive: true, force: true })
  }
}
