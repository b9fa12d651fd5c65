// The address of a PostgreSQL database: one or several servers, tried in order until one is a primary.
import { readFileSync } from 'node:fs'
import { bad, ok, type Problem, type Result } from '../../../protocols/kit/result.ts'
import { isLoopback } from '../../../platform/loopback.ts'

export interface PostgresServer {
  host: string
  port: number
}

export interface PostgresAddress {
  servers: PostgresServer[]
  database: string
  user: string
  password?: string
  /** PEM of the authority of the servers' certificates; with it, TLS is required. */
  ca?: string
}

const defaultPort = 5432
const serversMax = 8
const shape =
  /^postgres(?:ql)?:\/\/(?:([^:@/?]+)(?::([^@/?]*))?@)?([^/?]*)\/([\w-]{1,63})(?:\?host=([^&]+)(?:&port=(\d{1,5}))?)?$/

/**
 * `postgres://user@host:port,host:port/database`, or `postgres://user@/database?host=/folder/of/the/socket`. A password in
 * the address is refused: it is a secret, and belongs into `storage.passwordFile`.
 */
export function parsePostgresUrl(url: string): Result<PostgresAddress> {
  const match = shape.exec(url)
  if (!match) return bad('postgres://user@host:port,host:port/database', 'storage.url')
  const [, user = 'gengfu', password, named = '', database = '', folder, port] = match
  if (password !== undefined)
    return bad('no password here: put it into a file and name it in storage.passwordFile', 'storage.url')
  const servers =
    folder === undefined
      ? named.split(',').map(parseServer)
      : [{ host: decodeURIComponent(folder), port: Number(port ?? defaultPort) }]
  const sound = servers.filter((server) => server !== undefined)
  if (sound.length !== servers.length || servers.length === 0 || servers.length > serversMax)
    return bad(`1 to ${serversMax} servers as host or host:port, divided by commas`, 'storage.url')
  return ok({ servers: sound, database, user: decodeURIComponent(user) })
}

function parseServer(text: string): PostgresServer | undefined {
  const match = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/.exec(text)
  if (!match) return undefined
  const port = Number(match[2] ?? defaultPort)
  return port > 0 && port < 65_536 ? { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port } : undefined
}

export interface PostgresSettings {
  url: string
  passwordFile?: string | undefined
  caFile?: string | undefined
}

/** Reads the files that the settings name; throws for a wrong address, which the configuration has refused before. */
export function postgresAddress({ url, passwordFile, caFile }: PostgresSettings): PostgresAddress {
  const parsed = parsePostgresUrl(url)
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message ?? 'not an address of PostgreSQL')
  return {
    ...parsed.value,
    ...(passwordFile === undefined ? {} : { password: readFileSync(passwordFile, 'utf8').trim() }),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
  }
}

export const isPostgresUrl = (url: string): boolean => /^postgres(?:ql)?:/.test(url)

/** Problems of the section `storage`. Plain connections are allowed on loopback and on a socket of this machine only. */
export function checkPostgres({ url, caFile }: PostgresSettings): Problem[] {
  const parsed = parsePostgresUrl(url)
  if (!parsed.ok) return parsed.problems
  const isLocal = parsed.value.servers.every(({ host }) => host.startsWith('/') || isLoopback(host))
  return isLocal || caFile !== undefined
    ? []
    : [{ path: 'storage.caFile', message: 'TLS is needed: the authority of the certificates of the servers' }]
}
