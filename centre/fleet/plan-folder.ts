// Pictures of village plans that were uploaded: by a person at the desk, or by a box whose installer had one. The desk's counts first.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pictureTypeOf, type PictureType } from '../../platform/formats/picture-type.ts'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'

export const planBytesMax = 5 * 1024 * 1024
export const planSources = ['desk', 'box'] as const
export type PlanSource = (typeof planSources)[number]

const endingOf: Record<PictureType, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
}
const namePattern = /^([A-Za-z0-9][A-Za-z0-9-]{0,47})\.(desk|box)\.(?:png|jpg|webp)$/

export interface StoredPlan {
  file: string
  source: PlanSource
  /** Changes with each upload, so that no browser shows the picture of before. */
  version: number
}

export class PlanFolder {
  readonly #folder: string
  /** By village and source. */
  readonly #plans = new Map<string, StoredPlan>()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) {
      const [, village = '', source] = namePattern.exec(name) ?? []
      if (source === 'desk' || source === 'box') this.#note(village, source, name)
    }
  }

  of(village: string, source: PlanSource): StoredPlan | undefined {
    return this.#plans.get(`${village} ${source}`)
  }

  villages(): string[] {
    return [...new Set([...this.#plans.keys()].map((key) => key.split(' ')[0] ?? ''))]
  }

  /** False for anything that is no picture, or no name of a village. */
  put(village: string, source: PlanSource, bytes: Uint8Array): boolean {
    const type = pictureTypeOf(bytes)
    const name = `${village}.${source}.${type ? endingOf[type] : ''}`
    if (!type || !namePattern.test(name)) return false
    const before = this.of(village, source)
    replaceFileSync(join(this.#folder, name), bytes, 0o600)
    if (before && before.file !== join(this.#folder, name)) rmSync(before.file, { force: true })
    this.#note(village, source, name)
    return true
  }

  remove(village: string): boolean {
    const before = this.of(village, 'desk')
    if (!before) return false
    rmSync(before.file, { force: true })
    return this.#plans.delete(`${village} desk`)
  }

  #note(village: string, source: PlanSource, name: string): void {
    const file = join(this.#folder, name)
    const version = Math.round(statSync(file).mtimeMs)
    this.#plans.set(`${village} ${source}`, { file, source, version })
  }
}
