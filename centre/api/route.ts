// What a route of the API is: what it takes, answers and refuses, and who may use it.
import type { z } from 'zod'
import type { Role } from '../../protocols/desk/api.ts'
import type { Account } from '../storage/port.ts'
import type { ProblemCode } from './problems.ts'

export interface RouteCall {
  /** Absent on open routes only. */
  account: (Account & { expiresAtMs?: number }) | undefined
  token: string | undefined
  /** The token came as a cookie, which has an end of its own in the browser. */
  isCookie: boolean
  address: string
  id: string
  /** Of paths with {boxId}. */
  boxId: string
  /** Of paths with {caseId}. */
  caseId: string
  /** Every parameter of the path by name: checked to be plain text without separators, nothing else. */
  path: Readonly<Record<string, string>>
  /** Of paths with {sha256}: a picture. */
  sha256: string
  query: unknown
  body: unknown
  setCookie: (token: string | undefined) => void
  /** The cookie that makes a browser known as one of a user's. */
  setDeviceCookie: (name: string, value: string) => void
  cookie: (name: string) => string | undefined
  /** Who asked has hung up. */
  isGone: () => boolean
}

/** What to send: a value or text that is JSON already, or a picture whose name never changes its bytes. */
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
   * What an account with a scope gets. A path that names an alarm, a box or a case is checked by the server. `filtered`: the
   * answer leaves out other villages. `none`: it is not about villages. Absent without such a path: refused.
   */
  scope?: 'filtered' | 'none'
  query?: z.ZodType
  body?: z.ZodType
  /** `jpeg`: a picture; `page`: HTML or CSV. */
  answer: z.ZodType | 'jpeg' | 'page'
  problems: readonly ProblemCode[]
  run: (call: RouteCall) => Promise<RouteAnswer>
}
