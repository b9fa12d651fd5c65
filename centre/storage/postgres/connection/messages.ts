// The messages between a storage thread, which waits, and the thread that talks to PostgreSQL.
import type { MessagePort } from 'node:worker_threads'
import type { PostgresAddress } from '../address.ts'

export type SqlValue = string | number | bigint | Uint8Array | null

export interface SqlStep {
  text: string
  /** Prepared once per session under this name; absent for a text that is not used again. */
  name?: string
  values?: readonly SqlValue[]
}

/** Steps are sent together and run in order; after the first that fails nothing has an effect. */
export interface SqlRequest {
  steps: readonly SqlStep[]
  /** The session must be the one of the request before: a transaction is open in it. */
  isRest: boolean
  /** Without an answer after this time the session is cut. */
  deadlineMs: number
}

export interface SqlRows {
  fields: readonly string[]
  rows: readonly (readonly unknown[])[]
  /** Rows that the statement has read or changed. */
  count: number
  command: string
}

export interface SqlError {
  /** SQLSTATE, or one of ours: `unreachable`, `deadline`, `cut`. */
  code: string
  message: string
  /** The session has ended: what was sent before may or may not have had its effect. */
  isCut: boolean
}

export interface SqlAnswer {
  results: readonly SqlRows[]
  error?: SqlError
  /** Warnings of class 01: for a COMMIT, that it is not durable. */
  warnings: readonly { code: string; message: string }[]
}

export interface PostgresThreadStart {
  address: PostgresAddress
  /** Shown by the server beside the session. */
  name: string
  signal: SharedArrayBuffer
  port: MessagePort
}
