// A prepared statement with the calls of `better-sqlite3`, so that storage's parts need not know which database they work with.
import type { SqlRows, SqlStep, SqlValue } from './connection/messages.ts'
import type { Translated } from './dialect.ts'

/** Rows fetched at once by `iterate`. */
const fetchedAtOnce = 500

/** The database as a statement sees it. */
export interface StatementHost {
  /** Runs it now, behind everything that waits. */
  read(step: SqlStep): SqlRows
  /** It runs with the next statement that has to be answered, at the latest with the commit. */
  write(step: SqlStep): () => SqlRows
  /** With a transaction around it when there is none. */
  openCursor(step: SqlStep): { name: string; close: () => void }
}

function toValue(value: unknown, hasReals: boolean): SqlValue {
  // PostgreSQL's texts have no character 0.
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
  // Times and numbers of rows are whole: PostgreSQL compares a column of whole numbers with nothing else.
  if (typeof value === 'number') return hasReals || Number.isInteger(value) ? value : Math.round(value)
  if (value === null || typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new TypeError(`a value of a statement is ${typeof value}`)
}

const fromValue = (value: unknown): unknown =>
  value instanceof Uint8Array && !Buffer.isBuffer(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value

export class PostgresStatement {
  readonly #host: StatementHost
  readonly #translated: Translated
  readonly #name: string | undefined
  #isPlucked = false

  constructor(host: StatementHost, translated: Translated, name: string | undefined) {
    this.#host = host
    this.#translated = translated
    this.#name = name
  }

  pluck(): this {
    this.#isPlucked = true
    return this
  }

  /** `changes` and `lastInsertRowid` are asked for when they are read. */
  run(...values: unknown[]): { readonly changes: number; readonly lastInsertRowid: number } {
    const result = this.#host.write(this.#step(values))
    const { givesNumber } = this.#translated
    return {
      get changes() {
        return result().count
      },
      get lastInsertRowid() {
        return givesNumber ? ((result().rows[0]?.[0] ?? 0) as number) : 0
      },
    }
  }

  get(...values: unknown[]): unknown {
    return this.all(...values)[0]
  }

  all(...values: unknown[]): unknown[] {
    return this.#shown(this.#host.read(this.#step(values)))
  }

  /** Pages of a cursor: a caller may end early, and no answer holds a whole table. */
  *iterate(...values: unknown[]): Generator<unknown> {
    const { text, values: given = [] } = this.#step(values)
    const cursor = this.#host.openCursor({ text, values: given })
    try {
      for (;;) {
        const page = this.#shown(this.#host.read({ text: `FETCH ${fetchedAtOnce} FROM ${cursor.name}` }))
        yield* page
        if (page.length < fetchedAtOnce) return
      }
    } finally {
      cursor.close()
    }
  }

  #step(values: readonly unknown[]): SqlStep {
    const { text, names, hasReals } = this.#translated
    const given = names ? namedValues(names, values[0] as Record<string, unknown>) : values
    return {
      text,
      values: given.map((one) => toValue(one, hasReals)),
      ...(this.#name === undefined ? {} : { name: this.#name }),
    }
  }

  #shown({ fields, rows }: SqlRows): unknown[] {
    if (this.#isPlucked) return rows.map(([first]) => fromValue(first))
    return rows.map((row) => Object.fromEntries(fields.map((field, i) => [field, fromValue(row[i])])))
  }
}

const namedValues = (names: readonly string[], given: Record<string, unknown>): unknown[] =>
  names.map((name) => given[name])
