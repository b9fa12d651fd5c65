// Creates the socket servers of the uplink: plain or TLS, with the files that TLS needs.
import { existsSync, readFileSync } from 'node:fs'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { nextOf } from '../../../platform/certificates/next-file.ts'
import { createServer as createTlsServer, type SecureContextOptions } from 'node:tls'
import type { TlsFiles } from './uplink-options.ts'

export function createUplinkServer(
  tls: TlsFiles | undefined,
  handshakeMsMax: number,
  accept: (socket: Socket) => void,
): Server {
  // Nagle's algorithm would hold a Receipt until the one before is acknowledged, which costs a round trip.
  if (!tls) return createTcpServer({ noDelay: true }, accept)
  return createTlsServer(
    {
      ...readTls(tls),
      requestCert: tls.caFile !== undefined,
      // A box may authenticate by password instead; claimOf refuses every certificate that is not authorised.
      rejectUnauthorized: false,
      handshakeTimeout: handshakeMsMax,
      noDelay: true,
    },
    accept,
  )
}

export const tlsFilesOf = ({ certFile, keyFile, caFile }: TlsFiles): string[] =>
  [certFile, keyFile, caFile, caFile === undefined ? undefined : nextOf(caFile)].filter(
    (file) => file !== undefined,
  )

export function readTls({ certFile, keyFile, caFile }: TlsFiles): SecureContextOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(caFile === undefined ? {} : { ca: readTrusted(caFile) }),
    minVersion: 'TLSv1.2',
  }
}

/** The authority, and while it is changed the next one too. */
function readTrusted(caFile: string): string {
  const next = nextOf(caFile)
  const more = existsSync(next) ? [readFileSync(next, 'utf8')] : []
  return [readFileSync(caFile, 'utf8'), ...more].join('\n')
}
