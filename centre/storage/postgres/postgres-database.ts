// PostgreSQL with the calls of `better-sqlite3` that storage's parts use: prepare, transaction, exec. Writes wait until an answer
// is needed and then go together, so that a commit of many rows costs few trips to the server.
import { StorageFailure } from '../storage-failure.ts'
import type { SqlAnswer, SqlRequest, SqlRows, SqlStep } from './connection/messages.ts'
import { translate } from './dialect.ts'
import { PostgresStatement, type StatementHost } from './statement.ts'

/** Statements that wait for the next answer; then they are sent. */
const waitingMax = 500
/** Texts that the server keeps prepared; further ones are parsed at each use. */
const preparedMax = 400
/** Longer than a failover: a commit that waits for its standby is not given up before. */
export const deadlineDefaultMs = 30_000
/** A transaction that PostgreSQL ended because of another one is made again this often. */
const attemptsMax = 5
/** The lock of the one writer of the town: see docs/decisions. */
export const writerLock = 0x47_45_4e_47
/** Bulk of all centres queues here first, so that an urgent transaction has at most one before it at the lock of the writer. */
const bulkLock = writerLock + 1
/** Held, shared, by each urgent transaction: bulk that has the lock of the writer sees that one waits. */
const urgentLock = writerLock + 2
/** Takes the lock for a moment, if that needs no wait. */
const isUrgentSql = `SELECT CASE WHEN pg_try_advisory_lock(${urgentLock}) THEN NOT pg_advisory_unlock(${urgentLock}) ELSE true END AS waits`

/**
 * PostgreSQL waits for the standby only at the COMMIT of a transaction that has written something. A repeated Report writes
 * nothing, because its records are stored already; but the standby may not have them yet, and a failover would lose them.
 * Therefore such a transaction writes an empty message into the WAL, and its COMMIT waits too.
 */
const writeSql =
  "SELECT pg_logical_emit_message(true, 'gengfu', '') WHERE pg_current_xact_id_if_assigned() IS NULL"

const isRepeatable = (code: string): boolean => code === 'PG_40001' || code === 'PG_40P01'

export interface Connection {
  ask(request: SqlRequest): SqlAnswer
  close(): void
}

export interface PostgresOptions {
  connection: Connection
  role: 'writer' | 'reader'
  deadlineMs?: number
  /** An urgent call waits at this centre. */
  isUrgentHere?: () => boolean
}

interface Pending {
  step: SqlStep
  result?: SqlRows
}

type Run<A extends unknown[], R> = (...args: A) => R

export class PostgresDatabase implements StatementHost {
  /** By this the parts of storage know that it is not SQLite. */
  readonly dialect = 'postgres'
  readonly #connection: Connection
  readonly #role: 'writer' | 'reader'
  readonly #deadlineMs: number
  readonly #names = new Map<string, string>()
  #pending: Pending[] = []
  /** Transactions inside each other; the first one is real, the others are savepoints. */
  #depth = 0
  /** The server has begun the transaction: what follows must go to the same session. */
  #isBegun = false
  #cursors = 0
  #isBulk = false
  readonly #isUrgentHere: () => boolean

  constructor({
    connection,
    role,
    deadlineMs = deadlineDefaultMs,
    isUrgentHere = () => false,
  }: PostgresOptions) {
    this.#isUrgentHere = isUrgentHere
    this.#connection = connection
    this.#role = role
    this.#deadlineMs = deadlineMs
  }

  prepare(text: string): PostgresStatement {
    const translated = translate(text)
    let name = this.#names.get(translated.text)
    if (name === undefined && this.#names.size < preparedMax) {
      name = `s${this.#names.size}`
      this.#names.set(translated.text, name)
    }
    return new PostgresStatement(this, translated, name)
  }

  transaction<A extends unknown[], R>(run: Run<A, R>): Run<A, R> & { immediate: Run<A, R> } {
    const called: Run<A, R> = (...args) => this.#transact(() => run(...args))
    return Object.assign(called, { immediate: called })
  }

  /** Transactions of `run` let urgent ones go first. */
  asBulk<R>(run: () => R): R {
    this.#isBulk = true
    try {
      return run()
    } finally {
      this.#isBulk = false
    }
  }

  /** In a bulk transaction: an urgent one waits, here or at another centre. Everything before is at the server when it answers. */
  isUrgentWaiting(): boolean {
    return this.#isUrgentHere() || this.#flush({ text: isUrgentSql, name: 'urgent' }).rows[0]?.[0] === 1
  }

  /** Several statements without values. */
  exec(text: string): this {
    this.transaction(() => this.read({ text }))()
    return this
  }

  /** Functions are made by the migrations. */
  function(): this {
    return this
  }

  close(): void {
    this.#connection.close()
  }

  read(step: SqlStep): SqlRows {
    if (this.#depth === 0 && this.#role === 'writer') return this.#transact(() => this.read(step))
    if (this.#depth === 0) return this.#again(() => this.#flush(step))
    return this.#flush(step)
  }

  write(step: SqlStep): () => SqlRows {
    if (this.#depth === 0) {
      const rows = this.#transact(() => this.#flush(step))
      return () => rows
    }
    const pending: Pending = { step }
    this.#pending.push(pending)
    if (this.#pending.length >= waitingMax) this.#flush()
    return () => {
      if (!pending.result && this.#pending.includes(pending)) this.#flush()
      if (!pending.result)
        throw new StorageFailure('PG_LOST', 'the transaction of this statement was given up')
      return pending.result
    }
  }

  openCursor(step: SqlStep): { name: string; close: () => void } {
    const isOwn = this.#depth === 0
    const name = `c${++this.#cursors}`
    if (isOwn) this.#begin()
    this.#flush({ ...step, text: `DECLARE ${name} NO SCROLL CURSOR FOR ${step.text}` })
    const close = (): void => {
      if (isOwn) this.#rollback()
      else this.#flush({ text: `CLOSE ${name}` })
    }
    return { name, close }
  }

  #transact<R>(run: () => R): R {
    return this.#depth > 0 ? this.#nested(run) : this.#again(() => this.#outer(run))
  }

  /** Nothing of a transaction that was rolled back has happened: it is made again. */
  #again<R>(run: () => R): R {
    for (let attempt = 1; ; attempt++)
      try {
        return run()
      } catch (error) {
        if (!(error instanceof StorageFailure) || attempt >= attemptsMax) throw error
        // A reader changes nothing: after the end of a session it asks again in a new one.
        const isLost = this.#role === 'reader' && error.code === 'PG_CUT' && attempt === 1
        if (!isRepeatable(error.code) && !isLost) throw error
      }
  }

  #begin(): void {
    this.#depth = 1
    if (this.#role === 'reader') this.#queue('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    else {
      this.#queue('BEGIN')
      if (this.#isBulk) this.#queue(`SELECT pg_advisory_xact_lock(${bulkLock})`)
      else this.#queue(`SELECT pg_advisory_xact_lock_shared(${urgentLock})`)
      this.#queue(`SELECT pg_advisory_xact_lock(${writerLock})`)
    }
  }

  #outer<R>(run: () => R): R {
    this.#begin()
    let result: R
    try {
      result = run()
      this.#flush()
    } catch (error) {
      this.#rollback()
      throw error
    }
    this.#commit()
    return result
  }

  /**
   * The only place where something counts as stored. A COMMIT whose wait for the standby was ended is answered with a warning:
   * the rows may be lost with the primary. Without an answer the outcome is unknown.
   */
  #commit(): void {
    if (this.#role === 'writer') this.#queue(writeSql)
    this.#queue('COMMIT')
    const steps = this.#pending
    this.#pending = []
    const isRest = this.#isBegun
    this.#depth = 0
    this.#isBegun = false
    const { error, warnings, results } = this.#connection.ask({
      steps: steps.map(({ step }) => step),
      isRest,
      deadlineMs: this.#deadlineMs,
    })
    if (error?.isCut)
      throw new StorageFailure('PG_UNKNOWN', `it is unknown whether the commit was stored: ${error.message}`)
    if (error) throw new StorageFailure(`PG_${error.code}`, error.message)
    const [warning] = warnings
    if (warning)
      throw new StorageFailure(
        'PG_NOT_DURABLE',
        `stored on the primary alone (${warning.code} ${warning.message})`,
      )
    if (results.at(-1)?.command !== 'COMMIT')
      throw new StorageFailure('PG_ROLLED_BACK', 'the commit was rolled back')
  }

  #rollback(): void {
    this.#pending = []
    const isBegun = this.#isBegun
    this.#depth = 0
    this.#isBegun = false
    // If the session is gone, the server rolls back by itself.
    if (isBegun)
      this.#connection.ask({ steps: [{ text: 'ROLLBACK' }], isRest: true, deadlineMs: this.#deadlineMs })
  }

  #nested<R>(run: () => R): R {
    const name = `p${this.#depth}`
    this.#queue(`SAVEPOINT ${name}`)
    this.#depth++
    try {
      const result = run()
      this.#flush({ text: `RELEASE ${name}` })
      this.#depth--
      return result
    } catch (error) {
      this.#depth--
      if (this.#depth < 1 || isCut(error)) throw error
      const isUnsent = this.#pending.some(({ step }) => step.text === `SAVEPOINT ${name}`)
      this.#pending = isUnsent ? this.#pending.slice(0, savepointAt(this.#pending, name)) : []
      if (!isUnsent) {
        this.#flush({ text: `ROLLBACK TO ${name}` })
        this.#flush({ text: `RELEASE ${name}` })
      }
      throw error
    }
  }

  #queue(text: string): void {
    this.#pending.push({ step: { text } })
  }

  /** Sends all that waits, and this step behind it; answers the rows of the last one. */
  #flush(last?: SqlStep): SqlRows {
    const waiting = this.#pending
    if (last) waiting.push({ step: last })
    this.#pending = []
    if (waiting.length === 0) return { fields: [], rows: [], count: 0, command: '' }
    const { results, error } = this.#connection.ask({
      steps: waiting.map(({ step }) => step),
      isRest: this.#isBegun,
      deadlineMs: this.#deadlineMs,
    })
    if (this.#depth > 0) this.#isBegun = !error?.isCut
    waiting.forEach((one, i) => {
      const rows = results[i]
      if (rows) one.result = rows
    })
    if (error) throw new StorageFailure(`PG_${error.code.toUpperCase()}`, error.message)
    return results.at(-1) ?? { fields: [], rows: [], count: 0, command: '' }
  }
}

const isCut = (error: unknown): boolean =>
  error instanceof StorageFailure && /^PG_(CUT|DEADLINE|UNREACHABLE)$/.test(error.code)

const savepointAt = (pending: readonly Pending[], name: string): number =>
  pending.findIndex(({ step }) => step.text === `SAVEPOINT ${name}`)
