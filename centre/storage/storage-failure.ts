// A failure of storage, in a form that crosses a thread and on which a caller can decide.
import { codeOf, messageOf } from '../../platform/failure.ts'

export class StorageFailure extends Error {
  /** SQLite's own code such as SQLITE_FULL, or one of ours: newer-schema, damaged, in-use, not-synchronous, closed. */
  readonly code: string
  /** True when the same call may succeed later. */
  readonly retryable: boolean

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'StorageFailure'
    this.code = code
    this.retryable = /^SQLITE_(FULL|BUSY|IOERR|LOCKED)/.test(code)
  }
}

export function toStorageFailure(error: unknown): StorageFailure {
  if (error instanceof StorageFailure) return error
  return new StorageFailure(codeOf(error) || 'unexpected', messageOf(error), error)
}

/** Codes of SQLite about the disk, the file or the machine. */
const ofTheWorld =
  /^SQLITE_(FULL|BUSY|IOERR|LOCKED|CORRUPT|NOTADB|READONLY|CANTOPEN|NOMEM|INTERRUPT|PROTOCOL|PERM|AUTH|SCHEMA)/

/**
 * True when other data in the same call could be stored: a value out of bounds, a constraint, an answer nested too
 * deep.
 */
export function isFaultOfData(error: unknown): boolean {
  if (error instanceof StorageFailure) return false
  return !ofTheWorld.test(codeOf(error))
}
