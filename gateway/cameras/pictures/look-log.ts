// Who looked at which picture, when and from where: one JSON line per look, on disk before the picture is handed out.
import { mkdir, open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file is rotated at this size; this many are kept, about 50,000 looks. */
const fileBytesMax = 1024 * 1024
const filesMax = 10

export interface Look {
  atMs: number
  who: string
  via: string
  snapshot: string
  camera: string
  size: 'preview' | 'full'
}

export class LookLog {
  readonly #folder: string
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Resolves when the line is synced; if it rejects, the picture may not be handed out. */
  append(look: Look): Promise<void> {
    const written = this.#writing.then(() => this.#append(`${JSON.stringify(look)}\n`))
    this.#writing = written.catch(() => {})
    return written
  }

  async #append(line: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await this.#rotate()
    const handle = await open(this.#file(0), 'a', 0o600)
    try {
      await handle.appendFile(line)
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }

  async #rotate(): Promise<void> {
    const size = await stat(this.#file(0)).then(
      (one) => one.size,
      () => 0,
    )
    if (size < fileBytesMax) return
    for (let i = filesMax - 2; i >= 0; i--) {
      await rename(this.#file(i), this.#file(i + 1)).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      })
    }
  }

  #file = (i: number): string => join(this.#folder, i === 0 ? 'looks.jsonl' : `looks.${i}.jsonl`)
}
