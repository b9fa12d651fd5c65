// The changes of `device adopt|replace|forget|rename`, in a separate file under dataDir, beside the installer's file,
// which is never written. It applies from the next start on; a part that no longer fits the installer's file is left
// out and named.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, parseJson } from '../../protocols/kit/parse-json.ts'
import { bad, ok, type Problem, type Result } from '../../protocols/kit/result.ts'
import { hardwareKey } from './plain-address.ts'
import {
  changeRegistry,
  devicesWith,
  emptyRegistry,
  type DeviceEntry,
  type LockedOut,
  type RegistryDocument,
  type PendingRegistryChange,
  type RegistryPlace,
  type RegistryRequest,
} from './registry-changes.ts'
import { replaceFileSync } from '../../platform/disk/replace-file.ts'

export const registryFile = 'device-registry.json'
const bytesMax = 4 * 1024 * 1024

/** The same configuration with other `devices[]`. */
export type ReadWith<T> = (over: (raw: Readonly<Record<string, unknown>>) => object) => Result<T>

export class DeviceRegistry {
  readonly #path: string
  #document: RegistryDocument
  /** Why the file could not be read. The box works without it, and never overwrites it. */
  readonly problem: string | undefined

  private constructor(path: string, document: RegistryDocument, problem?: string) {
    this.#path = path
    this.#document = document
    this.problem = problem
  }

  static open(dataDir: string): DeviceRegistry {
    const path = join(dataDir, registryFile)
    let bytes: Uint8Array
    try {
      bytes = readFileSync(path)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      return new DeviceRegistry(path, emptyRegistry, code === 'ENOENT' ? undefined : message)
    }
    const json = parseJson(bytes, bytesMax)
    const document = json.ok ? readDocument(json.value) : undefined
    if (document) return new DeviceRegistry(path, document)
    return new DeviceRegistry(path, emptyRegistry, `${path} is damaged: what was adopted or replaced is lost`)
  }

  get document(): RegistryDocument {
    return this.#document
  }
  get lockedOut(): readonly LockedOut[] {
    return this.#document.lockedOut
  }
  get news(): readonly PendingRegistryChange[] {
    return this.#document.news
  }

  isLockedOut(address: string): boolean {
    const plain = hardwareKey(address)
    return this.#document.lockedOut.some((one) => hardwareKey(one.address) === plain)
  }

  /** The configuration with the registry applied; entries that do not fit are left out and named. */
  read<T>(readWith: ReadWith<T>): Result<{ config: T; ignored: Problem[] }> {
    const over = (document: RegistryDocument) => (raw: Readonly<Record<string, unknown>>) =>
      withDevices(raw, document)
    const whole = readWith(over(this.#document))
    const spoilt = this.problem === undefined ? [] : [{ path: registryFile, message: this.problem }]
    if (whole.ok) return ok({ config: whole.value, ignored: spoilt })
    const bare = { ...this.#document, adopted: {}, changed: {} }
    let last = readWith(over(bare))
    let fits: RegistryDocument = bare
    if (!last.ok) last = readWith(over((fits = { ...bare, forgotten: [] })))
    if (!last.ok) return last
    const ignored: Problem[] = []
    for (const part of ['changed', 'adopted'] as const)
      for (const [id, entry] of Object.entries(this.#document[part])) {
        const next = { ...fits, [part]: { ...fits[part], [id]: entry } }
        const read = readWith(over(next))
        if (!read.ok) {
          const [problem] = read.problems
          ignored.push({ path: `${registryFile} ${id}`, message: problem?.message ?? 'does not fit' })
          continue
        }
        fits = next
        last = read
      }
    return last.ok ? ok({ config: last.value, ignored }) : last
  }

  /** Stores the change durably; refused with the problems that the configuration would have. */
  change<T>(
    request: RegistryRequest,
    place: RegistryPlace,
    readWith: ReadWith<T>,
  ): Result<PendingRegistryChange> {
    if (this.problem !== undefined)
      return bad(`${this.problem}. Move the file away first 登记文件损坏，请先移走`, this.#path)
    const changed = changeRegistry(this.#document, request, place)
    if (!changed.ok) return changed
    const document = { ...changed.value.document, news: [...this.#document.news, changed.value.news] }
    const read = readWith((raw) => withDevices(raw, document))
    if (!read.ok) return read
    const written = this.#write(document)
    return written.ok ? ok(changed.value.news) : written
  }

  /** The news are in the journal, and done. */
  forgetNews(): void {
    if (this.#document.news.length > 0) this.#write({ ...this.#document, news: [] })
  }

  #write(document: RegistryDocument): Result<void> {
    try {
      replaceFileSync(this.#path, `${JSON.stringify(document, undefined, 2)}\n`, 0o600)
    } catch (error) {
      return bad((error as Error).message, this.#path)
    }
    this.#document = document
    return ok(undefined)
  }
}

function withDevices(raw: Readonly<Record<string, unknown>>, document: RegistryDocument): object {
  const { devices = [] } = raw
  // Any other error is in the installer's file, whose own check names it.
  return Array.isArray(devices) ? { ...raw, devices: devicesWith(devices, document) } : raw
}

const isEntries = (value: unknown): value is Record<string, DeviceEntry> =>
  isObject(value) && Object.values(value).every(isObject)

function readDocument(value: unknown): RegistryDocument | undefined {
  if (!isObject(value) || value['v'] !== 1) return undefined
  const { adopted, changed, forgotten, lockedOut, news } = value
  if (!isEntries(adopted) || !isEntries(changed)) return undefined
  if (!Array.isArray(forgotten) || !forgotten.every((id) => typeof id === 'string')) return undefined
  if (!Array.isArray(lockedOut) || !lockedOut.every(isLockedOut)) return undefined
  if (!Array.isArray(news) || !news.every(isNews)) return undefined
  return { v: 1, adopted, changed, forgotten: forgotten as string[], lockedOut, news }
}

const isLockedOut = (one: unknown): one is LockedOut =>
  isObject(one) && ['address', 'was', 'by'].every((name) => typeof one[name] === 'string')
const isNews = (one: unknown): one is PendingRegistryChange =>
  isObject(one) &&
  ['do', 'device', 'by'].every((name) => typeof one[name] === 'string') &&
  isObject(one['facts'])
