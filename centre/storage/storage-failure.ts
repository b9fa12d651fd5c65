// A failure of storage, in a form that crosses a thread and on which a caller can decide.
import { codeOf, messageOf } from '../../platform/failure.ts'

export class StorageFailure extends Error {
  /**
   * SQLite's own code such as SQLITE_FULL, PostgreSQL's behind PG_, or one of ours: newer-schema, damaged, in-use, not-synchronous,
   * closed, and PG_UNKNOWN for a commit without an answer.
   */
  readonly code: string
  /** True when the same call may succeed later. */
  readonly retryable: boolean

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'StorageFailure'
    this.code = code
    this.retryable = /^(?:SQLITE_(?:FULL|BUSY|IOERR|LOCKED)|PG_(?:[A-Z]{3}|40|53|55|57|58|08))/.test(code)
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
  // Of PostgreSQL: a value, a constraint, a statement that does not fit it, and the limits of a row.
  if (error instanceof StorageFailure) return /^PG_(?:2[123]|42|54|P0)/.test(error.code)
  return !ofTheWorld.test(codeOf(error))
}
