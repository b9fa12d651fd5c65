// Who sends a request to the console, and which roles a route admits.
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { isOwnName } from '../../../platform/strangers/own-name.ts'
import { pageProofOf, type ConsoleAccess } from './console-access.ts'

/**
 * `stranger`: from the village's network, not signed in. `local`: from the box itself, not signed in: a person there may run its
 * commands as well.
 */
export const roles = ['stranger', 'maintainer', 'installer', 'local'] as const
export type Role = (typeof roles)[number]

export interface Caller {
  role: Role
  /** Of a signed-in person. */
  name?: string
  token?: string
  address: string
  isFromVillage: boolean
}

export const cookieName = 'gengfu-console'
export const proofHeader = 'x-gengfu-page'

export function tokenOf({ headers }: IncomingMessage): string | undefined {
  const cookie = (headers.cookie ?? '').split(/; */).find((one) => one.startsWith(`${cookieName}=`))
  const token = cookie?.slice(cookieName.length + 1)
  return token !== undefined && /^[0-9a-f]{64}$/.test(token) ? token : undefined
}

const forwardHeaders = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via']

/** True for an address of the box itself. */
export type OnBox = (address: string | undefined) => boolean

export function callerOf(request: IncomingMessage, access: ConsoleAccess, isOnBox: OnBox): Caller {
  const { remoteAddress } = request.socket
  // A proxy on the box brings requests of others: they are no requests of the box itself.
  const isForwarded = forwardHeaders.some((name) => request.headers[name] !== undefined)
  const isFromVillage = isForwarded || !isOnBox(remoteAddress)
  const address = remoteAddress ?? ''
  const token = tokenOf(request)
  const person = token === undefined ? undefined : access.sessionOf(token)
  if (person && token !== undefined) return { ...person, token, address, isFromVillage }
  return { role: isFromVillage ? 'stranger' : 'local', address, isFromVillage }
}

/** Names under which phones of the village find the box. */
const villageNames = ['gengfu.local', `${hostname()}.local`]

/**
 * A page from elsewhere, or under a name that was pointed at this address, must neither read nor change anything here. Undefined: it is
 * a page of this console, or no page.
 */
export function foreignPageProblem(
  { headers }: IncomingMessage,
  isFromVillage: boolean,
  names: readonly string[] = [],
): string | undefined {
  const host = headers.host ?? ''
  const isOwn = !isFromVillage
    ? /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host)
    : isOwnName(host, [...villageNames, ...names])
  const site = headers['sec-fetch-site']
  const isSameSite = site === undefined || site === 'same-origin' || site === 'none'
  const isOwnOrigin = headers.origin === undefined || headers.origin === `http://${host}`
  return isOwn && isSameSite && isOwnOrigin ? undefined : 'requests from pages of other sites are refused\n'
}

/** A change that a signed-in person asks for carries the proof of the page beside the cookie. */
export function hasPageProof({ headers }: IncomingMessage, { token }: Caller): boolean {
  return token === undefined || headers[proofHeader] === pageProofOf(token)
}
