// One session with the primary: the servers are tried in order, a standby is passed over, and a server that does not answer in
// time is left. `pg` has none of that.
import pg from 'pg'
import { codeOf, messageOf } from '../../../../platform/failure.ts'
import type { PostgresAddress, PostgresServer } from '../address.ts'
import type { SqlAnswer, SqlRequest, SqlRows, SqlStep } from './messages.ts'

/** One server: TCP, TLS, sign-in and the question whether it is the primary. */
const connectMsMax = 3000
const keepAliveMs = 5000
/** A centre that stopped in the middle of a transaction holds the lock of all others: its session ends by then. */
export const idleInTransactionMs = 5000
/** The server looks whether its client is still there, also while it waits for a lock. */
const clientCheckMs = 5000

/** Values of the server in the form that SQLite gives them: numbers, and 0 or 1 for a truth. */
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => (text === 't' ? 1 : 0),
  20: Number,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  1700: Number,
}
const types = {
  getTypeParser: (oid: number, format?: string) =>
    parsers[oid] ?? (pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown),
}

/** Answers of commits that may be lost: `synchronous_commit` and `fsync` as the server has them for this session. */
const safetySql = `SELECT pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS pages, current_setting('server_version_num')::int AS version`

export class SessionFailure extends Error {
  readonly code: string
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

async function connectTo(address: PostgresAddress, server: PostgresServer, name: string): Promise<pg.Client> {
  const { database, user, password, ca } = address
  const client = new pg.Client({
    ...server,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ssl: { ca, rejectUnauthorized: true } }),
    application_name: name,
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: types as pg.CustomTypesConfig,
    options: `-c idle_in_transaction_session_timeout=${idleInTransactionMs} -c client_connection_check_interval=${clientCheckMs} -c timezone=UTC`,
    pipeline: true,
  } as pg.ClientConfig)
  // Without a listener the end of an idle session would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ standby: number; fsync: string; pages: string; version: number }>(
      safetySql,
    )
    const [found] = rows
    const { host, port } = server
    if (!found || found.standby === 1) throw new SessionFailure('standby', `${host}:${port} is a standby`)
    if (found.version < 150_000)
      throw new SessionFailure('too-old', `${host}:${port} is older than PostgreSQL 15`)
    if (found.fsync !== 'on' || found.pages !== 'on')
      throw new SessionFailure('not-synchronous', `${host}:${port} runs with fsync or full_page_writes off`)
    // A role or database may have another default: then a commit would be answered before it is on the disk.
    await client.query(
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')",
    )
    return client
  } catch (error) {
    client.end().catch(() => undefined)
    throw error
  }
}

/** The first server that is a primary. */
export async function connectPrimary(address: PostgresAddress, name: string): Promise<pg.Client> {
  const reasons: string[] = []
  let isWrong = false
  for (const server of address.servers)
    try {
      return await connectTo(address, server, name)
    } catch (error) {
      isWrong ||= /^(too-old|not-synchronous|28\w{3}|3D000)$/.test(codeOf(error))
      reasons.push(`${server.host}:${server.port}: ${messageOf(error)}`)
    }
  throw new SessionFailure(isWrong ? 'refused' : 'unreachable', `no primary answers: ${reasons.join('; ')}`)
}

export class Session {
  readonly #client: pg.Client
  #warnings: { code: string; message: string }[] = []
  #isOpen = true

  constructor(client: pg.Client) {
    this.#client = client
    client.on('notice', ({ code, message }) => {
      if (code?.startsWith('01')) this.#warnings.push({ code, message: message ?? '' })
    })
    client.on('error', () => (this.#isOpen = false))
    client.on('end', () => (this.#isOpen = false))
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Never rejects. */
  async run({ steps, deadlineMs }: SqlRequest): Promise<SqlAnswer> {
    this.#warnings = []
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.cut()
    }, deadlineMs)
    const asked = await Promise.allSettled(steps.map((step) => this.#ask(step)))
    clearTimeout(timer)
    const results: SqlRows[] = []
    for (const one of asked) {
      if (one.status === 'fulfilled') {
        results.push(one.value)
        continue
      }
      const sqlState = codeOf(one.reason)
      // What the server itself refused, the session survives.
      const isOfServer = /^[0-9A-Z]{5}$/.test(sqlState) && !/^(57P0|08)/.test(sqlState)
      if (!isOfServer) this.cut()
      const error = {
        code: isLate ? 'deadline' : isOfServer ? sqlState : 'cut',
        message: isLate ? `no answer for ${deadlineMs} ms` : messageOf(one.reason),
        isCut: !isOfServer,
      }
      return { results, error, warnings: this.#warnings }
    }
    return { results, warnings: this.#warnings }
  }

  async #ask({ text, name, values }: SqlStep): Promise<SqlRows> {
    const answer = await this.#client.query<unknown[]>({
      text,
      rowMode: 'array',
      ...(name === undefined ? {} : { name }),
      ...(values === undefined ? {} : { values: values as unknown[] }),
    })
    // A text of several statements has several answers.
    const { fields, rows, rowCount, command } = Array.isArray(answer)
      ? (answer.at(-1) as typeof answer)
      : answer
    return { fields: fields.map((field) => field.name), rows, count: rowCount ?? 0, command }
  }

  cut(): void {
    this.#isOpen = false
    const { connection } = this.#client as unknown as { connection: { stream: { destroy: () => void } } }
    connection.stream.destroy()
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await this.#client.end().catch(() => undefined)
  }
}
