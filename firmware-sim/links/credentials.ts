// The source of simulated devices' passwords or certificates: a file of `device:password` lines, or a folder.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsIdentity } from './mqtt-session.ts'

export interface Credential {
  username?: string
  password?: string
  tls?: TlsIdentity
}

export interface CredentialSources {
  /** Lines `device:password`; `*:password` is for all others; blank lines and `#` lines are skipped. */
  passwordFile?: string | undefined
  /** Holds `<device>.crt` and `<device>.key` in PEM. */
  certDir?: string | undefined
  /** PEM of the authority that signed the gateway's certificate. */
  caFile?: string | undefined
}

/** Reads the sources once; the returned function throws when a device has none. */
export function readCredentials(sources: CredentialSources): (device: string) => Credential {
  const { passwordFile, certDir, caFile } = sources
  const ca = caFile === undefined ? undefined : readFileSync(caFile)
  const passwords =
    passwordFile === undefined ? undefined : parsePasswords(readFileSync(passwordFile, 'utf8'))
  return (device) => {
    const credential: Credential = {}
    if (ca) credential.tls = { ca }
    if (passwords) {
      const password = passwords.get(device) ?? passwords.get('*')
      if (password === undefined) throw new Error(`no password for ${device} in ${passwordFile}`)
      credential.username = device
      credential.password = password
    }
    if (certDir !== undefined) {
      const cert = join(certDir, `${device}.crt`)
      if (!existsSync(cert)) throw new Error(`no certificate for ${device}: ${cert}`)
      credential.tls = { ca, cert: readFileSync(cert), key: readFileSync(join(certDir, `${device}.key`)) }
    }
    return credential
  }
}

export function parsePasswords(text: string): Map<string, string> {
  const passwords = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (line.startsWith('#') || colon < 1) continue
    passwords.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
  }
  return passwords
}
