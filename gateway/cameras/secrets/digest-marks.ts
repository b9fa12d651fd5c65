// Which cameras have accepted a Digest of ours, kept across restarts: none of them is sent its password in plain text
// after that.
import { replaceFile } from '../../../platform/disk/replace-file.ts'
import type { Logger } from 'pino'
import type { SignInMemory } from '../talk/http/http-auth.ts'
import { readJsonFile } from './json-file.ts'

export class DigestMarks {
  readonly #file: string
  readonly #log: Logger
  readonly #marked = new Set<string>()
  #written: Promise<void> = Promise.resolve()

  constructor(options: { file: string; log: Logger }) {
    this.#file = options.file
    this.#log = options.log
  }

  /** Reads the marks of configured cameras: the file never holds more. */
  async load(cameras: readonly string[]): Promise<void> {
    const parsed = await readJsonFile(this.#file, (keptAs) =>
      this.#log.error(
        { keptAs },
        'the file of camera sign-ins is damaged: the sign-in of each camera is detected again',
      ),
    )
    const found: unknown[] = Array.isArray(parsed) ? parsed : []
    for (const camera of cameras) if (found.includes(camera)) this.#marked.add(camera)
  }

  for(camera: string): SignInMemory {
    return {
      hasDigest: () => this.#marked.has(camera),
      tookDigest: () => {
        if (this.#marked.has(camera)) return
        this.#marked.add(camera)
        this.#write()
      },
    }
  }

  /** A person has set a password: it may be another camera. */
  async forget(camera: string): Promise<void> {
    if (this.#marked.delete(camera)) this.#write()
    await this.#written
  }

  /** Resolves when everything marked so far is on the disk. */
  settled(): Promise<void> {
    return this.#written
  }

  #write(): void {
    const text = JSON.stringify([...this.#marked])
    this.#written = this.#written
      .then(() => replaceFile(this.#file, text, { mode: 0o600 }))
      .catch((error: unknown) => {
        // The mark holds until the restart; after it the next Digest sets it again.
        this.#log.error({ err: error }, 'the file of camera sign-ins could not be written')
      })
  }
}
