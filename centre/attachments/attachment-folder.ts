// Attachments on the centre's disk: files named by their SHA-256, in folders by its first two digits. Nothing that a person sends
// becomes part of a path.
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { sha256Pattern } from '../../protocols/domain/snapshot.ts'

/** Below this share of the disk no further file is taken: records go first. */
export const freeShareMin = 0.05

export class AttachmentFolder {
  readonly #folder: string
  #parts = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** On the disk, with its name, when it resolves. */
  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    const file = this.#path(sha256)
    const folder = join(file, '..')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // Another centre may write the same file into the same folder.
    const part = `${file}.${hostname()}-${process.pid}-${++this.#parts}.part`
    const handle = await open(part, 'w', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, file)
    for (const one of [folder, this.#folder]) {
      const names = await open(one, 'r')
      try {
        await names.sync()
      } finally {
        await names.close()
      }
    }
  }

  /** Undefined when the file is missing or its content does not match its name. */
  async read(sha256: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#path(sha256)).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    })
    return bytes && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined
  }

  drop(sha256: string): Promise<void> {
    return rm(this.#path(sha256), { force: true })
  }

  async hasRoom(): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { bavail, blocks } = await statfs(this.#folder)
    return bavail / blocks >= freeShareMin
  }

  #path(sha256: string): string {
    if (!sha256Pattern.test(sha256)) throw new Error('a name that no attachment has')
    return join(this.#folder, sha256.slice(0, 2), sha256)
  }
}
