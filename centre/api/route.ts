// The definition of a route of the API: its input, answers, refusals and allowed roles.
import type { z } from 'zod'
import type { AttachmentType } from '../../protocols/desk/attachments.ts'
import type { Role } from '../../protocols/desk/api.ts'
import type { Account } from '../storage/port.ts'
import type { templateTypes } from '../../platform/formats/device-list-template.ts'
import type { ProblemCode } from './problems.ts'

export interface RouteCall {
  /** Absent on open routes only. */
  account: (Account & { expiresAtMs?: number; mustEnrol?: boolean }) | undefined
  token: string | undefined
  /** The token came as a cookie, which also expires in the browser. */
  isCookie: boolean
  address: string
  id: string
  /** For paths with {boxId}. */
  boxId: string
  /** For paths with {caseId}. */
  caseId: string
  /** Every parameter of the path by name; only checked to be plain text without separators. */
  path: Readonly<Record<string, string>>
  /** For paths with {sha256}: a picture. */
  sha256: string
  query: unknown
  body: unknown
  setCookie: (token: string | undefined) => void
  /** Set the cookie that marks the browser as a known one of the user. */
  setDeviceCookie: (name: string, value: string) => void
  /** A cookie of some minutes that also comes back from another site; `undefined` removes it. */
  setFlowCookie: (name: string, value: string | undefined) => void
  cookie: (name: string) => string | undefined
  header: (name: string) => string | undefined
  /** The body of a route that takes files. */
  upload: Uint8Array | undefined
  /** Counts the connection as signed in by `holder`, for a request without a session that proved who sends it. False when no place is left. */
  admit: (holder: string) => boolean
  /** True when the client has disconnected. */
  isGone: () => boolean
}

/** The answer: a value, text that is already JSON, or a picture whose bytes never change under its name. */
export type RouteAnswer =
  | { json: object }
  | { text: string }
  | { jpeg: Uint8Array; name: string }
  | PageAnswer
  | FileAnswer
  | { redirect: string }
  | StoredAnswer

/** A file of the configuration, read in ranges. */
export interface StoredAnswer {
  stored: { folder: string; name: string }
}

/** A file of a case: shown or saved, never run. */
export interface FileAnswer {
  file: Uint8Array
  type: AttachmentType | 'application/gzip' | (typeof templateTypes)['xlsx']
  name: string
}

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
  /** Also for a session that has to set up its second factor first. */
  isForEnrolling?: true
  /** It takes a file of one of these types in place of JSON. */
  upload?: { types: readonly string[]; bytesMax: number }
  /** Of JSON; absent: a few KB. */
  bodyBytesMax?: number
  query?: z.ZodType
  body?: z.ZodType
  /** `jpeg`: a picture; `page`: HTML or CSV; `file`: of a case; `stored`: a file, also in ranges. */
  answer: z.ZodType | 'jpeg' | 'page' | 'file' | 'stored' | 'redirect'
  problems: readonly ProblemCode[]
  run: (call: RouteCall) => Promise<RouteAnswer>
}
