// Pictures on the centre's disk: one folder per box, files named by their SHA-256, and beside them the parts of
// incomplete transfers.
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { isBoxId } from '../../protocols/domain/names.ts'
import { sha256Pattern } from '../../protocols/domain/snapshot.ts'

/** Incomplete pictures of one box; beyond it the oldest part is deleted, and requested from its beginning later. */
export const partsPerBoxMax = 16
/** A part without new bytes, and a file without a row, are deleted after this long. */
const stalePartMs = 7 * 86_400_000
const unknownFileMs = 3_600_000
const partName = /^([0-9a-f]{64})\.part$/
const fileName = /^([0-9a-f]{64})\.jpg$/

export interface Piece {
  offset: number
  part: Uint8Array
}

/** Names are checked where paths are built: no text of a box can lead out of its folder. */
export class PictureFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Appends bytes that follow without a gap and syncs them; returns the number of stored bytes. */
  async append(box: string, sha256: string, pieces: readonly Piece[]): Promise<number> {
    const file = this.#path(box, sha256, 'part')
    let storedTo = (await sizeOf(file)) || (await this.#reopen(box, sha256))
    const next: Uint8Array[] = []
    const from = storedTo
    for (const { offset, part } of pieces) {
      const end = offset + part.byteLength
      if (offset > storedTo || end <= storedTo) continue
      next.push(part.subarray(storedTo - offset))
      storedTo = end
    }
    if (from === 0 && next.length === 0) return 0
    if (from === 0) await this.#makeRoom(box)
    const handle = await open(file, 'a', 0o600)
    try {
      if (next.length > 0) await handle.writev(next)
      // Also without new bytes: bytes that an ended centre wrote before its sync are guaranteed from here on.
      await handle.datasync()
    } finally {
      await handle.close()
    }
    return storedTo
  }

  /** Stored bytes of an incomplete picture. */
  progress(box: string, sha256: string): Promise<number> {
    return sizeOf(this.#path(box, sha256, 'part'))
  }

  /** The bytes of a part, if their hash equals the name. */
  async readWhole(box: string, sha256: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#path(box, sha256, 'part'))
    return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined
  }

  /** The part is complete: renames it. Resolves at once; `synced` once the name is durable. */
  async finish(box: string, sha256: string): Promise<{ synced: Promise<void> }> {
    await rename(this.#path(box, sha256, 'part'), this.#path(box, sha256, 'jpg'))
    return { synced: this.#syncNames(box) }
  }

  dropPart(box: string, sha256: string): Promise<void> {
    return rm(this.#path(box, sha256, 'part'), { force: true })
  }

  /** Deletes the picture and its parts. */
  async drop(box: string, sha256: string): Promise<void> {
    await rm(this.#path(box, sha256, 'jpg'), { force: true })
    await this.dropPart(box, sha256)
  }

  /** The bytes, or undefined when the file is missing or does not match its name. */
  async read(box: string, sha256: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#path(box, sha256, 'jpg')).catch(nothingMissing)
    return bytes && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined
  }

  async boxes(): Promise<string[]> {
    return (await readdir(this.#folder).catch(noneMissing)).filter(isBoxId)
  }

  /** Deletes unknown files and parts without new bytes; returns their number. */
  async tidy(box: string, known: ReadonlySet<string>, nowMs: number): Promise<number> {
    let deleted = 0
    const folder = join(this.#folder, box)
    for (const name of await readdir(folder).catch(noneMissing)) {
      const found = await stat(join(folder, name)).catch(nothingMissing)
      // Another centre that shares the folder may have deleted it.
      if (!found) continue
      const { mtimeMs } = found
      const sha256 = fileName.exec(name)?.[1]
      // A file renamed a moment ago may wait for its row.
      const isStale = mtimeMs < nowMs - (sha256 === undefined ? stalePartMs : unknownFileMs)
      if (!isStale || (sha256 !== undefined && known.has(sha256))) continue
      await rm(join(folder, name), { force: true })
      deleted++
    }
    return deleted
  }

  /** The share of the disk that is free, 0 to 1. */
  async freeShare(): Promise<number> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { bavail, blocks } = await statfs(this.#folder)
    return bavail / blocks
  }

  /**
   * If a centre ended between renaming a file and storing its row, the file is a part again, and is completed once
   * more.
   */
  async #reopen(box: string, sha256: string): Promise<number> {
    const [file, part] = [this.#path(box, sha256, 'jpg'), this.#path(box, sha256, 'part')]
    const size = await sizeOf(file)
    if (size > 0) await rename(file, part)
    return size
  }

  async #makeRoom(box: string): Promise<void> {
    const folder = join(this.#folder, box)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const parts = (await readdir(folder)).filter((name) => partName.test(name))
    if (parts.length < partsPerBoxMax) return
    const ages = await Promise.all(
      parts.map(async (name) => ({ name, atMs: (await stat(join(folder, name))).mtimeMs })),
    )
    ages.sort((a, b) => a.atMs - b.atMs)
    for (const { name } of ages.slice(0, ages.length - partsPerBoxMax + 1))
      await rm(join(folder, name), { force: true })
  }

  async #syncNames(box: string): Promise<void> {
    const handle = await open(join(this.#folder, box), 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  #path(box: string, sha256: string, ending: 'jpg' | 'part'): string {
    if (!isBoxId(box) || !sha256Pattern.test(sha256)) throw new Error('a name that no picture has')
    return join(this.#folder, box, `${sha256}.${ending}`)
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

function nothingMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}

function noneMissing(error: unknown): string[] {
  if (!isMissing(error)) throw error
  return []
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    (error: unknown) => {
      if (!isMissing(error)) throw error
      return 0
    },
  )
