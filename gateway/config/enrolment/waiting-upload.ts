// One thing of this box that the centre is to have, such as the village plan: sent when it has changed, and again until it is there.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { every } from '../../../platform/time/every.ts'
import type { UploadPurpose } from '../../../platform/certificates/signed-upload.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'
import { readEnrolled } from './enrolled-file.ts'
import { sendSigned } from './send-signed.ts'

const lookEveryMs = 10 * 60_000
const firstLookMs = 60_000

export interface WaitingUploadOptions {
  purpose: UploadPurpose
  dataDir: string
  clock: Clock
  wallMs: () => number
  /** Undefined while there is none. */
  content: () => Uint8Array | undefined
  logger: Logger
  send?: typeof sendSigned
}

export class WaitingUpload {
  readonly #options: WaitingUploadOptions
  readonly #mark: string
  #isSending = false
  #failure = ''

  constructor(options: WaitingUploadOptions) {
    this.#options = options
    this.#mark = join(options.dataDir, 'enrolment', `${options.purpose}-sent`)
  }

  /** Returns what ends it. */
  start(): () => void {
    return every(this.#options.clock, lookEveryMs, () => void this.look(), firstLookMs)
  }

  /** The centre has the content of now. */
  isThere(): boolean {
    const { dataDir, content } = this.#options
    const enrolled = readEnrolled(dataDir)
    const bytes = enrolled?.ok ? content() : undefined
    return enrolled?.ok === true && bytes !== undefined && this.#sent() === markOf(enrolled.value.box, bytes)
  }

  /** Never rejects. True when the centre has it. */
  async look(): Promise<boolean> {
    const { dataDir, content, wallMs, logger, purpose, send = sendSigned } = this.#options
    if (this.#isSending) return false
    this.#isSending = true
    try {
      const enrolled = readEnrolled(dataDir)
      const bytes = enrolled?.ok ? content() : undefined
      if (!enrolled?.ok || !bytes) return false
      const mark = markOf(enrolled.value.box, bytes)
      if (this.#sent() === mark) return true
      const done = await send(enrolled.value, purpose, bytes, wallMs())
      if (done.ok) replaceFileSync(this.#mark, mark, 0o600)
      const why = done.ok ? '' : describeProblems(done.problems)
      // One line per reason.
      if (why !== '' && why !== this.#failure) logger.warn({ why, purpose }, 'an upload waits for the centre')
      this.#failure = why
      return done.ok
    } catch (error) {
      logger.warn({ err: error, purpose }, 'an upload could not be made')
      return false
    } finally {
      this.#isSending = false
    }
  }

  #sent(): string | undefined {
    try {
      return readFileSync(this.#mark, 'utf8')
    } catch {
      return undefined
    }
  }
}

const markOf = (box: string, bytes: Uint8Array): string =>
  `${box} ${createHash('sha256').update(bytes).digest('hex')}`
