// Keeps the copy of this box at the centre: sent when it has changed, looked at from time to time.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Logger } from 'pino'
import { replaceFileSync } from '../../../platform/disk/replace-file.ts'
import { every } from '../../../platform/time/every.ts'
import type { BoxCopy } from '../../../protocols/enrolment/box-copy.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import { describeProblems } from '../../../protocols/kit/result.ts'
import { readEnrolled } from './enrolled-file.ts'
import { sendSigned } from './send-signed.ts'

const lookEveryMs = 10 * 60_000
const firstLookMs = 2 * 60_000

export interface CopySenderOptions {
  dataDir: string
  clock: Clock
  /** A time that the centre can compare with that of the copy before. */
  isClockKept: () => boolean
  wallMs: () => number
  copy: () => BoxCopy
  logger: Logger
  send?: typeof sendSigned
}

const sentFile = (dataDir: string): string => join(dataDir, 'enrolment', 'copy-sent')

/** What changes by itself with every second is not compared. */
const hashOf = ({ guard, ...copy }: BoxCopy): string => {
  const compared = { ...copy, zones: guard.zones, bypassed: guard.bypassed.map(({ id }) => id) }
  return createHash('sha256').update(JSON.stringify(compared)).digest('hex')
}

export class CopySender {
  readonly #options: CopySenderOptions
  #isSending = false
  #failure = ''

  constructor(options: CopySenderOptions) {
    this.#options = options
  }

  /** Returns what ends it. */
  start(): () => void {
    return every(this.#options.clock, lookEveryMs, () => void this.look(), firstLookMs)
  }

  /** Never rejects. True when a new copy is at the centre. */
  async look(): Promise<boolean> {
    const { dataDir, isClockKept, wallMs, copy, logger, send = sendSigned } = this.#options
    if (this.#isSending || !isClockKept()) return false
    const enrolled = readEnrolled(dataDir)
    if (!enrolled?.ok) return false
    this.#isSending = true
    try {
      const now = copy()
      const mark = `${enrolled.value.box} ${hashOf(now)}`
      if (readSent(dataDir) === mark) return false
      const done = await send(enrolled.value, 'copy', gzipSync(JSON.stringify(now)), wallMs())
      if (done.ok) replaceFileSync(sentFile(dataDir), mark, 0o600)
      const why = done.ok ? '' : describeProblems(done.problems)
      // One line per reason.
      if (why !== '' && why !== this.#failure)
        logger.warn({ why }, 'the copy for a box that replaces this one could not be sent yet')
      this.#failure = why
      return done.ok
    } catch (error) {
      logger.warn({ err: error }, 'the copy for a box that replaces this one could not be made')
      return false
    } finally {
      this.#isSending = false
    }
  }
}

function readSent(dataDir: string): string | undefined {
  try {
    return readFileSync(sentFile(dataDir), 'utf8')
  } catch {
    return undefined
  }
}
