// Pictures on the centre's disk: one folder a box, files named by their SHA-256, and beside them the parts of what is on the way.
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { isBoxId } from '../../protocols/domain/names.ts'
import { sha256Pattern } from '../../protocols/domain/snapshot.ts'

/** Pictures of one box on the way at once; the oldest part makes room, and is asked for from its beginning later. */
export const partsPerBoxMax = 16
/** A part that nobody adds to, and a file without a row, are deleted after this long. */
const stalePartMs = 7 * 86_400_000
const unknownFileMs = 3_600_000
const partName = /^([0-9a-f]{64})\.part$/
const fileName = /^([0-9a-f]{64})\.jpg$/

export interface Piece {
  offset: number
  part: Uint8Array
}

/** Names are checked where paths are made: nothing that a box says can lead out of its folder. */
export class PictureFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Appends what follows without a gap and syncs it; answers how many bytes are stored now. */
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
      // Also when nothing was added: what a centre wrote that died before its sync is promised from here on.
      await handle.datasync()
    } finally {
      await handle.close()
    }
    return storedTo
  }

  /** How many bytes of a picture on its way are here. */
  progress(box: string, sha256: string): Promise<number> {
    return sizeOf(this.#path(box, sha256, 'part'))
  }

  /** The bytes of a part, when they are what the name says. */
  async readWhole(box: string, sha256: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#path(box, sha256, 'part'))
    return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined
  }

  /** The part is whole: gives it its name. Resolves at once; `synced` once the name outlives a power cut. */
  async finish(box: string, sha256: string): Promise<{ synced: Promise<void> }> {
    await rename(this.#path(box, sha256, 'part'), this.#path(box, sha256, 'jpg'))
    return { synced: this.#syncNames(box) }
  }

  dropPart(box: string, sha256: string): Promise<void> {
    return rm(this.#path(box, sha256, 'part'), { force: true })
  }

  /** Deletes the picture and whatever of it is on the way. */
  async drop(box: string, sha256: string): Promise<void> {
    await rm(this.#path(box, sha256, 'jpg'), { force: true })
    await this.dropPart(box, sha256)
  }

  /** The bytes, or undefined when the file is missing or not what its name says. */
  async read(box: string, sha256: string): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.#path(box, sha256, 'jpg')).catch(nothingMissing)
    return bytes && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined
  }

  async boxes(): Promise<string[]> {
    return (await readdir(this.#folder).catch(noneMissing)).filter(isBoxId)
  }

  /** Deletes files that nothing knows and parts that nobody adds to any more; answers how many. */
  async tidy(box: string, known: ReadonlySet<string>, nowMs: number): Promise<number> {
    let deleted = 0
    const folder = join(this.#folder, box)
    for (const name of await readdir(folder).catch(noneMissing)) {
      const { mtimeMs } = await stat(join(folder, name))
      const sha256 = fileName.exec(name)?.[1]
      // A file that was named a moment ago may wait for its row.
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

  /** A centre that died between naming a file and noting it: the file is a part again, and is finished anew. */
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
