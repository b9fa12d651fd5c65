// One request that the console answers: its path, the roles that it admits, and the work. The table of all of them is the access matrix.
import type { Problem } from '../../../protocols/kit/result.ts'
import type { Caller, Role } from '../access/callers.ts'

export interface Call {
  /** Parts of the path. */
  parts: readonly string[]
  query: URLSearchParams
  /** JSON, with the signed-in person's name in the place of `by`. */
  body: Uint8Array
  caller: Caller
}

export type Answer =
  | { status: number; json: object; cookie?: string }
  | { status: number; type: string; content: string | Buffer; fileName?: string }

export interface Route {
  method: 'GET' | 'POST'
  path: RegExp
  /** An address that fits the path, for the test of the matrix. */
  example: string
  who: readonly Role[]
  /** Largest body. */
  bytesMax?: number
  /** The body is a file: any type is taken. */
  isFile?: true
  run: (call: Call) => Promise<Answer> | Answer
}

/** Bodies of the manual actions. */
export const bodyBytesMax = 2048

export const anyone: readonly Role[] = ['stranger', 'maintainer', 'installer', 'local']
export const signedIn: readonly Role[] = ['maintainer', 'installer', 'local']
export const installers: readonly Role[] = ['installer', 'local']
export const onTheBox: readonly Role[] = ['local']

export const json = (value: object, status = 200): Answer => ({ status, json: value })
export const done = (more: object = {}): Answer => json({ ok: true, ...more })
export const problems = (list: readonly Problem[], status = 400): Answer =>
  json({ ok: false, problems: list }, status)
