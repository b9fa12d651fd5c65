// Files that boxes have sent, such as support bundles and handover sheets, in a folder per box; the oldest are deleted.
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SupportBundle } from '../../protocols/desk/fleet/fleet.ts'
import { isBoxId } from '../../protocols/domain/names.ts'

/** Of one box. */
export const bundlesMax = 5

export class BundleFolder {
  readonly #folder: string
  readonly #ending: string
  readonly #names: RegExp

  constructor(folder: string, ending: 'tar.gz' | 'json.gz' = 'tar.gz') {
    this.#folder = folder
    this.#ending = ending
    this.#names = ending === 'tar.gz' ? /^\d{8}T\d{6}Z\.tar\.gz$/ : /^\d{8}T\d{6}Z\.json\.gz$/
  }

  /** The name under which it can be read. */
  async put(box: string, bytes: Uint8Array, atMs: number): Promise<string> {
    const folder = this.#of(box)
    const name = `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.${this.#ending}`
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const part = join(folder, `${name}.part`)
    await writeFile(part, bytes, { mode: 0o600 })
    await rename(part, join(folder, name))
    const all = (await this.of(box)).slice(bundlesMax)
    for (const old of all) await rm(join(folder, old.name), { force: true })
    return name
  }

  /** Newest first. */
  async of(box: string): Promise<SupportBundle[]> {
    const folder = this.#of(box)
    const names = (await readdir(folder).catch(() => [])).filter((name) => this.#names.test(name))
    const bundles = await Promise.all(
      names.map(async (name) => {
        const { mtimeMs, size } = await stat(join(folder, name))
        return { name, atMs: Math.round(mtimeMs), bytes: size }
      }),
    )
    return bundles.sort((one, other) => (one.name < other.name ? 1 : -1))
  }

  async read(box: string, name: string): Promise<Uint8Array | undefined> {
    if (!this.#names.test(name)) return undefined
    return readFile(join(this.#of(box), name)).catch(() => undefined)
  }

  #of(box: string): string {
    if (!isBoxId(box)) throw new Error('a name that no box has')
    return join(this.#folder, box)
  }
}
