// Which boxes are admitted although their certificate or password is right: none with a revoked certificate, and, if
// there is a list of admitted boxes, only those on it. The files are read again when they change.
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { isBoxId } from '../../protocols/domain/names.ts'
import { Revocations } from '../../platform/certificates/revocations.ts'

export type AdmissionRefusal = 'certificate-revoked' | 'not-admitted'

export interface BoxAdmissionOptions {
  /** A CRL, or one serial number or fingerprint per line. */
  revokedFile: string | undefined
  /** One box id per line; absent: every authenticated box. */
  admittedFile: string | undefined
  /** What the centre's own authority has revoked; `marks` as `certificateMarks` gives them. */
  isRevoked?: ((marks: readonly string[]) => boolean) | undefined
  logger: Logger
}

export class BoxAdmission {
  readonly #options: BoxAdmissionOptions
  readonly #revocations: Revocations
  #admitted: ReadonlySet<string> | undefined

  constructor(options: BoxAdmissionOptions) {
    this.#options = options
    this.#revocations = new Revocations(options.revokedFile)
  }

  get files(): string[] {
    const { revokedFile, admittedFile } = this.#options
    return [revokedFile, admittedFile].filter((file) => file !== undefined)
  }

  /** Rejects when a file can not be read: a centre must not start without its revocations. */
  async load(): Promise<void> {
    await this.#revocations.load()
    const { admittedFile } = this.#options
    if (admittedFile !== undefined) this.#admitted = parseAdmitted(await readFile(admittedFile, 'utf8'))
  }

  /** As `load`, but keeps the last content when a file can not be read. */
  async reload(): Promise<void> {
    try {
      await this.load()
      this.#options.logger.info(
        { files: this.files },
        'the lists of revoked and admitted boxes were read again',
      )
    } catch (error) {
      this.#options.logger.error(
        { err: error },
        'a list of revoked or admitted boxes can not be read: the old one stays',
      )
    }
  }

  /** Why `box` is not admitted with a certificate of these marks; undefined when it is. */
  refusal(box: string, marks: readonly string[]): AdmissionRefusal | undefined {
    if (this.#revocations.has(marks) || this.#options.isRevoked?.(marks)) return 'certificate-revoked'
    return this.#admitted && !this.#admitted.has(box) ? 'not-admitted' : undefined
  }
}

/** One box id per line; `#` starts a comment. */
function parseAdmitted(text: string): Set<string> {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
  const boxes = lines.filter((line) => line !== '')
  const wrong: string | undefined = boxes.find((line): boolean => !isBoxId(line))
  if (wrong !== undefined) throw new Error(`not the id of a box: ${wrong.slice(0, 80)}`)
  return new Set(boxes)
}
