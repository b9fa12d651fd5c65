// The definition of a route of the API: its input, answers, refusals and allowed roles.
import type { z } from 'zod'
import type { Role } from '../../protocols/desk/api.ts'
import type { Account } from '../storage/port.ts'
import type { ProblemCode } from './problems.ts'

export interface RouteCall {
  /** Absent on open routes only. */
  account: (Account & { expiresAtMs?: number }) | undefined
  token: string | undefined
  /** The token came as a cookie, which also expires in the browser. */
  isCookie: boolean
  address: string
  id: string
  /** For paths with {boxId}. */
  boxId: string
  /** For paths with {caseId}. */
  caseId: string
  /** Every parameter of the path by name: checked to be plain text without separators, nothing else. */
  path: Readonly<Record<string, string>>
  /** For paths with {sha256}: a picture. */
  sha256: string
  query: unknown
  body: unknown
  setCookie: (token: string | undefined) => void
  /** Set the cookie that marks the browser as a known one of the user. */
  setDeviceCookie: (name: string, value: string) => void
  cookie: (name: string) => string | undefined
  /** True when the client has disconnected. */
  isGone: () => boolean
}

/** The answer: a value, text that is already JSON, or a picture whose bytes never change under its name. */
export type RouteAnswer =
  | { json: object }
  | { text: string }
  | { jpeg: Uint8Array; name: string }
  | PageAnswer

/** A page or a file for a person. */
export interface PageAnswer {
  page: string
  type: 'text/html' | 'text/csv'
  /** A file to save under this name. */
  name?: string
  /** SHA-256 in Base64 of the page's only style. */
  styleHash?: string
}

export interface Route {
  method: 'GET' | 'POST'
  path: string
  summary: { zh: string; en: string }
  /** `open` needs no token. */
  access: 'open' | readonly Role[]
  /**
   * For an account with a scope. The server checks a path that names an alarm, a box or a case. `filtered`: the answer
   * leaves out other villages. `none`: the route does not concern villages. Absent, and no such path: refused.
   */
  scope?: 'filtered' | 'none'
  query?: z.ZodType
  body?: z.ZodType
  /** `jpeg`: a picture; `page`: HTML or CSV. */
  answer: z.ZodType | 'jpeg' | 'page'
  problems: readonly ProblemCode[]
  run: (call: RouteCall) => Promise<RouteAnswer>
}
