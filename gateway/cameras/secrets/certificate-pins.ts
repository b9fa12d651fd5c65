// Fingerprints of cameras' self-signed certificates, pinned when first seen and kept across restarts.
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import type { Logger } from 'pino'
import { isObject } from '../../../protocols/kit/parse-json.ts'
import type { CertificatePin } from '../talk/http/camera-http.ts'
import { readJsonFile } from './json-file.ts'

export class CertificatePins {
  readonly #file: string
  readonly #log: Logger
  readonly #onPinned: (camera: string, fingerprint: string) => void
  #pins = new Map<string, string>()
  #written: Promise<void> = Promise.resolve()

  constructor(options: {
    file: string
    log: Logger
    onPinned: (camera: string, fingerprint: string) => void
  }) {
    this.#file = options.file
    this.#log = options.log
    this.#onPinned = options.onPinned
  }

  async load(): Promise<void> {
    const parsed = await readJsonFile(this.#file, (keptAs) =>
      this.#log.error({ keptAs }, 'certificate pins are damaged: what each camera shows next is pinned anew'),
    )
    const entries = isObject(parsed) ? Object.entries(parsed) : []
    this.#pins = new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  }

  for(camera: string): CertificatePin {
    return {
      get: () => this.#pins.get(camera),
      set: (fingerprint) => {
        this.#pins.set(camera, fingerprint)
        this.#onPinned(camera, fingerprint)
        this.#write()
      },
    }
  }

  async forget(camera: string): Promise<void> {
    if (this.#pins.delete(camera)) this.#write()
    await this.#written
  }

  /** Resolves when everything pinned so far is on disk. */
  settled(): Promise<void> {
    return this.#written
  }

  #write(): void {
    const text = JSON.stringify(Object.fromEntries(this.#pins))
    this.#written = this.#written
      .then(() => replaceFile(this.#file, text, { mode: 0o600 }))
      .catch((error: unknown) => {
        // The pin holds until the restart; after it the first certificate seen is pinned anew.
        this.#log.error({ err: error }, 'certificate pins could not be written')
      })
  }
}
