// Creates the socket servers of the uplink: plain or TLS, with the files that TLS needs.
import { readFileSync } from 'node:fs'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
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
  [certFile, keyFile, caFile].filter((file) => file !== undefined)

export function readTls({ certFile, keyFile, caFile }: TlsFiles): SecureContextOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    minVersion: 'TLSv1.2',
  }
}
